//! Where a project is: an address that proved what an address can, and paths below it.

use std::net::IpAddr;

use reqwest::Url;

use super::Access;
use crate::environment::Environment;
use crate::error::SeedError;
use crate::proof::{self, Service};

/// A project's address.
#[derive(Debug)]
pub(super) struct Address {
    base: Url,
    pub(super) host: String,
    pub(super) project: String,
}

impl Address {
    /// The address, if its host is on the environment's list, nothing in it speaks of production, and it is encrypted
    /// unless it stays on this machine.
    pub(super) fn prove(environment: Environment, access: &Access) -> Result<Self, SeedError> {
        let wrong =
            |why: &str| SeedError::Setting(format!("ZeroDB's address `{}` {why}", shown(&access.base_url)));
        let base =
            Url::parse(&access.base_url).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        let host = base.host_str().unwrap_or_default().to_owned();
        if !base.username().is_empty() || base.password().is_some() {
            return Err(wrong("must not hold a user or password"));
        }
        if base.query().is_some() || base.fragment().is_some() || base.cannot_be_a_base() {
            return Err(wrong("must end after the host, such as https://api.ainative.studio"));
        }
        proof::host(environment, Service::ZeroDb, &host)?;
        proof::names(environment, &[("ZeroDB host", &host), ("ZeroDB project", &access.project)])?;
        match base.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            _ => return Err(wrong("must begin with https://, off this machine")),
        }
        if access.project.is_empty() {
            return Err(SeedError::Setting(
                "ZeroDB's project is not named: set ZERODB_PROJECT_ID".to_owned(),
            ));
        }
        Ok(Self { base, host, project: access.project.clone() })
    }

    /// The address below which these segments lie, each escaped.
    pub(super) fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        // Proved above to be one that has segments.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

/// An address without what may be a secret in it.
fn shown(url: &str) -> &str {
    if url.contains('@') { "…@…" } else { url }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
