//! What Chromium is told as it starts.
//! Source: <https://peter.sh/experiments/chromium-command-line-switches/>

use std::net::IpAddr;

use http::Uri;

use super::Grounds;

/// No window, no word to anybody outside, nothing slowed for being out of sight.
const ALWAYS: [&str; 29] = [
    "--headless",
    "--remote-debugging-port=0",
    "--remote-debugging-address=127.0.0.1",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--no-proxy-server",
    "--password-store=basic",
    "--use-mock-keychain",
    "--mute-audio",
    "--hide-scrollbars",
    "--metrics-recording-only",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-quic",
    "--disable-renderer-backgrounding",
    "--disable-sync",
    "--disable-features=Translate,MediaRouter,OptimizationHints,AutofillServerCommunication,DialMediaRouteProvider",
];

/// All switches but the profile's.
pub(super) fn of(grounds: &Grounds, canary_url: &str) -> Vec<String> {
    let mut switches = ALWAYS.map(str::to_owned).to_vec();
    switches.push(format!("--host-resolver-rules={}", rules(grounds, canary_url)));
    // Root may not use the sandbox: https://crbug.com/638180
    if rustix::process::geteuid().is_root() {
        switches.push("--no-sandbox".to_owned());
    }
    switches.push("about:blank".to_owned());
    switches
}

/// Whom the browser finds: the first rule that fits counts. A literal address is looked up like a name; one of IPv6
/// stands without brackets where it is looked up, and with them where it is found.
/// Source: Chromium's `net/base/host_mapping_rules.cc`.
fn rules(grounds: &Grounds, canary_url: &str) -> String {
    let canary = canary_url.parse::<Uri>().ok();
    let canary = canary.as_ref().and_then(Uri::authority).map(|at| format!("MAP {at} {at}"));
    let hosts = grounds.hosts.iter().filter_map(|(host, ip)| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        // Anything else would be another rule, or a pattern.
        let plain = !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte));
        let found = match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        plain.then(|| format!("MAP {host} {found}"))
    });
    hosts.chain(canary).chain(["MAP * ~NOTFOUND".to_owned()]).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    #[test]
    fn only_the_grounds_and_the_canary_are_found() {
        let (four, six) = (IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), IpAddr::V6(Ipv6Addr::LOCALHOST));
        let hosts = [
            ("staging.example", four),
            ("localhost", six),
            ("[::1]", six),
            ("192.0.2.7", four),
            ("*", four),
            ("a,MAP * b", four),
            ("", four),
        ];
        let grounds =
            Grounds { hosts: hosts.map(|(host, ip)| (host.to_owned(), ip)).to_vec(), own_roots: false };
        let expected = "MAP staging.example 192.0.2.7,MAP localhost [::1],MAP ::1 [::1],MAP 192.0.2.7 192.0.2.7,\
                        MAP 127.0.0.1:4711 127.0.0.1:4711,MAP * ~NOTFOUND";
        assert_eq!(rules(&grounds, "http://127.0.0.1:4711/"), expected);
    }
}
