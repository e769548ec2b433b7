//! The client that tells others: not the load's, whose connections are measured.

use std::time::Duration;

use reqwest::{Client, Url, redirect::Policy};

use super::OutletError;
use crate::{http::Tls, words::innermost};

/// How it names itself.
pub(super) const AGENT: &str = concat!("wwmaa-loadgen/", env!("CARGO_PKG_VERSION"));

/// Why nothing is sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is no URL with http or https and a host.
    Address,
    /// It has a user or password in it, and an argument is seen by everybody on the machine.
    Userinfo,
    /// A secret would be readable on its way.
    Readable,
}

/// The address, where `with_secret` says whether a token, password or header goes there as well.
pub(super) fn fit(address: &str, with_secret: bool) -> Result<Url, Unfit> {
    let url: Url = address.parse().map_err(|_| Unfit::Address)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(Unfit::Address);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Unfit::Userinfo);
    }
    if url.scheme() == "http" && with_secret && !on_this_machine(&url) {
        return Err(Unfit::Readable);
    }
    Ok(url)
}

/// A client for `url` that waits for no answer longer than `within`. It follows nobody elsewhere: what it carries is
/// meant for one place.
pub(super) fn client(url: &Url, within: Duration) -> Result<Client, OutletError> {
    // The library asks for cryptography even where nothing is encrypted.
    let tls = if url.scheme() == "https" { Tls::of_the_system()? } else { Tls::trusting_nobody()? };
    let mut builder = Client::builder()
        .user_agent(AGENT)
        .redirect(Policy::none())
        .timeout(within)
        .tls_backend_preconfigured(tls.plain());
    if on_this_machine(url) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|e| OutletError::Client(reason(&e)))
}

/// Whether what is sent there leaves this machine.
pub(super) fn on_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Why a request came to nothing, without the address: that may hold what is nobody's business.
pub(super) fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    innermost(error)
}
