//! Where a browser of this machine listens: addresses of loopback, and connections to them.
//!
//! Whoever can talk to a browser's debugging port can have it do anything, and what it measures elsewhere would be
//! another machine's.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use http::Uri;
use tokio::net::TcpStream;

/// Whether a browser at this address may be attached to: `http://` or `ws://`, at `localhost` or a literal address of
/// loopback; without a port it is 80. An error says in words why not.
pub fn attachable(at: &str) -> Result<(), String> {
    address(at).map(drop)
}

/// The address, if a browser there may be attached to.
pub(super) fn address(at: &str) -> Result<Uri, String> {
    let address: Uri = at.parse().map_err(|_| "it is no address".to_owned())?;
    if !matches!(address.scheme_str(), Some("http" | "ws")) {
        return Err("it is no http:// or ws:// address".to_owned());
    }
    if ips(&address).is_empty() {
        return Err("only a browser of this machine, at a loopback address, is attached to".to_owned());
    }
    Ok(address)
}

/// Connects there. `localhost` is this machine whatever a resolver says.
pub(super) async fn connect(address: &Uri) -> io::Result<TcpStream> {
    let port = address.port_u16().unwrap_or(80);
    let addresses: Vec<_> = ips(address).into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
    TcpStream::connect(addresses.as_slice()).await
}

fn ips(address: &Uri) -> Vec<IpAddr> {
    let host = address.host().unwrap_or_default();
    if host.eq_ignore_ascii_case("localhost") {
        return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    literal.into_iter().filter(IpAddr::is_loopback).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_attached_to() {
        for at in [
            "http://127.0.0.1:9222",
            "http://localhost:9222/",
            "ws://LOCALHOST/devtools/browser/0",
            "http://127.0.0.1",
            "ws://[::1]:9222/devtools/browser/0",
        ] {
            assert_eq!(attachable(at), Ok(()), "{at}");
        }
        for at in [
            "http://192.0.2.7:9222",
            "http://0.0.0.0:9222",
            "http://[::ffff:192.0.2.7]:9222",
            "ws://browser.example/devtools/browser/0",
            "http://localhost.example:9222",
            "http://127.0.0.1@browser.example:9222",
            "https://127.0.0.1:9222",
            "http://127.0.0.1.example:9222",
            "127.0.0.1:9222",
            "wss://127.0.0.1:9222",
            "/devtools",
            "",
        ] {
            assert!(attachable(at).is_err(), "{at}");
        }
    }
}
