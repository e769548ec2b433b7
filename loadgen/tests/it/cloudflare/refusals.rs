//! What is refused before anything is sent, and what a plan says of the price.

use std::process::Command;

use expect_test::expect;

/// Exit code, standard output, standard error; `account` is set where one is named.
fn loadgen(args: &[&str], account: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CLOUDFLARE_")) {
        command.env_remove(name);
    }
    let output = command
        .args(args)
        .env_remove("LOADGEN_TARGET")
        .env_remove("LOADGEN_PRESET")
        .envs(account.iter().copied())
        .output()
        .expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const ACCOUNT: [(&str, &str); 2] =
    [("CLOUDFLARE_REALTIME_APP_ID", "app1"), ("CLOUDFLARE_REALTIME_APP_SECRET", "s3cr3t")];
const HERE: (&str, &str) = ("CLOUDFLARE_REALTIME_URL", "http://127.0.0.1:1/v1");

#[test]
fn an_sfu_that_may_not_be_used_is_refused_with_what_to_do() {
    let run = ["run", "--scenario", "rtc-load", "--target", "http://127.0.0.1:1"];
    let said = |more: &[&str], account: &[(&str, &str)]| {
        let (code, _, said) = loadgen(&[&run[..], more].concat(), account);
        assert!(!said.contains("s3cr3t") && !said.contains("app1"), "{said}");
        format!("{} {}", code.expect("it ends by itself"), said.lines().next().unwrap_or_default())
    };
    let [id, secret] = ACCOUNT;
    let all = [
        said(&["--sfu", "https://sfu.example"], &[]),
        said(&["--sfu", "https://production.localhost"], &[]),
        said(&["--sfu", "cloudflare"], &[secret]),
        said(&["--sfu", "cloudflare"], &[id]),
        said(
            &["--sfu", "cloudflare"],
            &[id, secret, ("CLOUDFLARE_REALTIME_URL", "http://rtc.live.cloudflare.com")],
        ),
        said(&["--sfu", "cloudflare"], &[id, secret, ("CLOUDFLARE_REALTIME_URL", "https://wwmaa.com/v1")]),
        said(&["--sfu", "cloudflare"], &ACCOUNT),
        said(&["--sfu", "cloudflare", "--confirm", "127.0.0.1"], &ACCOUNT),
    ];
    expect![[r"
        3 error: the SFU https://sfu.example is refused: its host `sfu.example` is not on the list of SFUs (rtc.live.cloudflare.com, localhost, .localhost, 127.0.0.0/8, ::1); a host is added in fixtures/environments.toml, by review
        3 error: the SFU https://production.localhost is refused: the host `production.localhost` has `prod` in its name, and load never goes to production
        2 error: --sfu cloudflare takes an application of Cloudflare Realtime: set CLOUDFLARE_REALTIME_APP_ID and CLOUDFLARE_REALTIME_APP_SECRET (CLOUDFLARE_REALTIME_APP_ID is not set)
        2 error: --sfu cloudflare takes an application of Cloudflare Realtime: set CLOUDFLARE_REALTIME_APP_ID and CLOUDFLARE_REALTIME_APP_SECRET (CLOUDFLARE_REALTIME_APP_SECRET is not set)
        2 error: CLOUDFLARE_REALTIME_URL is not https, and a secret leaves this machine over TLS only
        3 error: the SFU https://wwmaa.com is refused: `wwmaa.com` is production, and load never goes there
        3 error: the SFU https://rtc.live.cloudflare.com is refused: load leaves this machine only when its host is confirmed: add `--confirm rtc.live.cloudflare.com`. That sends calls and media of live sessions to rtc.live.cloudflare.com
        3 error: the SFU https://rtc.live.cloudflare.com is refused: load leaves this machine only when its host is confirmed: add `--confirm rtc.live.cloudflare.com` (`127.0.0.1` was typed). That sends calls and media of live sessions to rtc.live.cloudflare.com"]]
    .assert_eq(&all.join("\n"));
    let (code, _, said) = loadgen(&[&run[..], &["--sfu", "moon"]].concat(), &[]);
    assert_eq!(code, Some(2));
    assert!(said.contains("`moon` is neither `target` nor `cloudflare` nor a URL"), "{said}");
}

#[test]
fn traffic_that_costs_must_be_allowed_as_far_as_the_plan_takes_it() {
    let run = |more: &[&str]| {
        let run = ["run", "--scenario", "rtc-load", "--preset", "full", "--target", "http://127.0.0.1:1"];
        loadgen(&[&run[..], &["--sfu", "cloudflare"], more].concat(), &[ACCOUNT[0], ACCOUNT[1], HERE])
    };
    for (more, typed) in [(&[][..], ""), (&["--allow-egress-gb", "0.2"], " or more (0.2 was typed)")] {
        let (code, _, said) = run(more);
        assert_eq!(code, Some(3), "{said}");
        let line = said.lines().next().unwrap_or_default();
        // 50 people come within 1 min, each hears the last four for 11 min but for those who come first and go last.
        let expected = "error: --sfu cloudflare is refused: Cloudflare's SFU sends 0.660 GB: $0.03 at $0.05 per GB if this \
             month's free terabyte (1 000 GB) is used up, else nothing: allow it with `--allow-egress-gb 0.726`";
        assert_eq!(line, format!("{expected}{typed}"));
    }
    let (code, _, said) = run(&["--allow-egress-gb", "1"]);
    assert_eq!(code, Some(3));
    assert!(said.contains("GET http://127.0.0.1:1/health"), "nothing but the target is missing now: {said}");
    let limit =
        ["limit", "--scenario", "search-load", "--target", "http://127.0.0.1:1", "--sfu", "cloudflare"];
    let (code, _, said) =
        loadgen(&[&limit[..], &["--allow-egress-gb", "1"]].concat(), &[ACCOUNT[0], ACCOUNT[1], HERE]);
    assert_eq!(code, Some(2));
    assert!(said.contains("a limit is not looked for at --sfu cloudflare"), "{said}");
}

#[test]
fn a_plan_says_what_media_takes_and_what_cloudflare_asks_for_it() {
    let plan = ["plan", "--scenario", "rtc-load", "--preset", "full"];
    let lines = |more: &[&str]| {
        let (code, said, _) = loadgen(&[&plan[..], more].concat(), &[]);
        assert_eq!(code, Some(0));
        let of_media = said.lines().filter(|line| line.contains("GB"));
        of_media.map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    let media = "  about 0.165 GB of media to the SFU and 0.660 GB from it, with its headers";
    let price = "Cloudflare's SFU sends 0.660 GB: $0.03 at $0.05 per GB if this month's free terabyte (1 000 GB) is used up, \
        else nothing";
    assert_eq!(lines(&[]), media);
    assert_eq!(lines(&["--sfu", "cloudflare"]), format!("{media}\n{price}"));
}
