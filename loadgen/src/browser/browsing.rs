//! Which browsers visit pages beside the crowd: what was typed, and what it means.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// Visitors with a real browser, unless another number is asked for.
pub const VISITORS: u64 = 2;

/// Whether real browsers visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Browsing {
    /// None does, and why: what a report says of LCP then.
    Nobody(Arc<str>),
    /// Some do.
    Some(Arc<Company>),
}

/// Visitors with a real browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// How many visit at once.
    pub visitors: u64,
    /// Where their browser is.
    pub source: Source,
    /// The network and the processor their browser has.
    pub throttle: Throttle,
    /// Whether a browser that does not start ends the run, instead of leaving LCP unmeasured.
    pub required: bool,
    /// Whether the target shows certificates that only this run trusts (`--ca`).
    pub own_roots: bool,
    /// Hosts beside the target's that their browser may ask for parts of a page, with the address each was found at.
    pub hosts: Vec<(String, IpAddr)>,
}

/// A target, as far as it bears on who may visit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Venue {
    /// Whether it shows certificates that only this run trusts.
    pub own_roots: bool,
    /// Whether all of it is on this machine.
    pub on_this_machine: bool,
}

impl Browsing {
    /// The same, with hosts beside the target's that browsers may ask.
    #[must_use]
    pub fn and_hosts(self, hosts: Vec<(String, IpAddr)>) -> Self {
        match self {
            Self::Some(company) => Self::Some(Arc::new(Company { hosts, ..Arc::unwrap_or_clone(company) })),
            Self::Nobody(why) => Self::Nobody(why),
        }
    }
}

impl Venue {
    /// The same, with hosts beside the target's.
    #[must_use]
    pub fn and_hosts(self, hosts: &[(String, IpAddr)]) -> Self {
        let here = hosts.iter().all(|(_, ip)| ip.is_loopback());
        Self { on_this_machine: self.on_this_machine && here, ..self }
    }

    /// Whether a browser that was not started for it may go there, too: it looks up names and trusts certificates by
    /// itself.
    pub fn is_open_to_any_browser(self) -> bool {
        self.on_this_machine && !self.own_roots
    }
}

/// Where a browser is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A program to be started, with a profile of its own.
    Program(PathBuf),
    /// One that runs already, by the address of its debugging port: `http://127.0.0.1:9222` or the `ws://` URL it
    /// says it listens on. It is left running.
    ///
    /// It resolves names itself: no host is pinned to the address that this run found. Requests of a page and its frames
    /// to hosts that are not of the grounds are stopped one by one. Dedicated and service workers never start; for its
    /// pages WebSockets, to whatever host, fail, and there are no shared workers, WebRTC, WebTransport or new windows.
    /// Not confined: frames of another site of the grounds that the browser gives a process of their own, what the
    /// browser asks for itself (DNS, preconnects, updates), and a page that sets out to get around this. It is for
    /// targets on this machine.
    Running(String),
}

/// The network and the processor a browser is made to have. Rates and delays are Lighthouse's for the network named
/// (`core/config/constants.js`, request-level throttling).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Throttle {
    /// What this machine has.
    #[default]
    None,
    /// 40 ms round trip, 10 Mbit/s; the processor is not slowed: Lighthouse's dense 4G desktop.
    Cable,
    /// 150 ms round trip, 1.6 Mbit/s down and 0.75 up, the processor four times slower: Lighthouse's slow 4G phone.
    #[serde(rename = "slow-4g")]
    Slow4g,
    /// 300 ms round trip, 0.7 Mbit/s either way, the processor four times slower: Lighthouse's 3G phone.
    #[serde(rename = "3g")]
    Regular3g,
}

impl Default for Browsing {
    fn default() -> Self {
        Self::Nobody("no browser was asked to visit; HTML time is not LCP".into())
    }
}

impl Throttle {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::None, Self::Cable, Self::Slow4g, Self::Regular3g];

    /// Its name, as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Cable => "cable",
            Self::Slow4g => "slow-4g",
            Self::Regular3g => "3g",
        }
    }
}

impl fmt::Display for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Throttle {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|throttle| throttle.name() == text)
            .ok_or_else(|| format!("`{text}` is none of {}", known()))
    }
}
