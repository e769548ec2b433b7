//! Hosts beside the target's that a browser may ask for parts of a page: allowed, confirmed and looked up before any
//! browser starts.

use std::{
    io,
    net::{IpAddr, ToSocketAddrs},
};

use engine::exit::Exit;
use fixtures::environments;

use crate::{safety, target::Target};

/// Why a host beside the target's is not asked.
#[derive(Debug, thiserror::Error)]
pub enum FurtherError {
    /// It is no host.
    #[error("--browser-host takes a host's name or address, as `fonts.gstatic.com`, and not `{0}`")]
    NoHost(String),
    /// Browsers do not go there.
    #[error("--browser-host {host} is refused: {why}")]
    Refused {
        /// The host.
        host: String,
        /// Why not.
        why: safety::Refusal,
    },
    /// The name does not resolve.
    #[error("--browser-host {host}: the name does not resolve ({source})")]
    Unresolved {
        /// The host.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// A browser would carry there what is the target's.
    #[error(
        "--browser-host {host}: this target's requests carry headers of their own (its profile's, or a mock's world), which \
         a browser would send there as well"
    )]
    Headers {
        /// The host.
        host: String,
    },
    /// A browser would take its certificates as they come.
    #[error(
        "--browser-host {host}: where only this run trusts the target's certificates (--ca, or its profile's file) a \
         browser takes those of every host unchecked"
    )]
    Certificates {
        /// The host.
        host: String,
    },
}

impl FurtherError {
    /// What it says to the shell.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoHost(_) | Self::Headers { .. } | Self::Certificates { .. } => Exit::Usage,
            Self::Refused { .. } | Self::Unresolved { .. } => Exit::Unreachable,
        }
    }
}

/// The hosts typed, each with the address it was found at; nothing is asked of them yet. Whatever is not this machine
/// must be among those `confirmed`. `own_roots`: whether only this run trusts the target's certificates.
pub fn further(
    typed: &[String],
    confirmed: &[String],
    target: &Target,
    own_roots: bool,
) -> Result<Vec<(String, IpAddr)>, FurtherError> {
    let mut hosts = Vec::new();
    for typed in typed {
        let host = named(typed)?;
        if own_roots {
            return Err(FurtherError::Certificates { host });
        }
        if target.adds_headers() {
            return Err(FurtherError::Headers { host });
        }
        let ip = found(&host, confirmed)?;
        hosts.push((host, ip));
    }
    Ok(hosts)
}

/// A name or an address alone: no scheme, no port, no path.
fn named(typed: &str) -> Result<String, FurtherError> {
    let host = environments::host_name(typed);
    let is_name = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    if is_name || host.parse::<IpAddr>().is_ok() {
        Ok(host)
    } else {
        Err(FurtherError::NoHost(typed.to_owned()))
    }
}

fn found(host: &str, confirmed: &[String]) -> Result<IpAddr, FurtherError> {
    let refused = |why| FurtherError::Refused { host: host.to_owned(), why };
    let unresolved = |source| FurtherError::Unresolved { host: host.to_owned(), source };
    safety::browsed(host).map_err(refused)?;
    let typed = confirmed.iter().find(|typed| *typed == host).or(confirmed.first());
    let sent = || format!("That sends requests of the browsers that visit to {host}");
    safety::confirmed(host, typed.map(String::as_str), sent).map_err(refused)?;
    let mut addresses = (host, 0).to_socket_addrs().map_err(unresolved)?;
    let ip = addresses.next().ok_or_else(|| unresolved(io::Error::other("it has no address")))?.ip();
    safety::address(host, ip).map_err(refused)?;
    Ok(ip)
}

#[cfg(test)]
mod tests;
