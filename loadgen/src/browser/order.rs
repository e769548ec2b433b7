//! One visit, as it is asked for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Throttle;

/// One visit: one page, opened and watched until it is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// The page.
    pub url: String,
    /// What its body is marked as ([`contract::pages::marker`]), where it bears a mark: a page that bears another, or none,
    /// is not the one it was sent to.
    pub page: Option<&'static str>,
    /// What the browser carries: a signed-in visitor's token.
    pub cookies: Vec<Cookie>,
    /// Headers of every request to the page's own origin: a mock's world.
    pub headers: Vec<(String, String)>,
    /// Whose visit it is. A visitor makes one at a time.
    pub visitor: u64,
    /// Whether it comes back to what the visitor's last visit left (cache, cookies); otherwise it finds nothing.
    pub returning: bool,
    /// What it is shown on.
    pub device: Device,
    /// The network and the processor it has.
    pub throttle: Throttle,
    /// Candidates for LCP later than this are filmed; `None` films nothing.
    pub film_later_than: Option<Duration>,
    /// When the visit is over.
    pub done: Done,
}

/// A cookie for the page's own origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What a page is shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// 412 × 823 CSS pixels at 1.75 device pixels each, touch: Lighthouse's phone.
    Phone,
    /// 1350 × 940 CSS pixels: Lighthouse's desktop.
    Desktop,
}

/// When a visit is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The page has loaded, and for two seconds no larger content was painted and no more than two requests were in
    /// flight.
    Quiet,
    /// The page has loaded and has said what its largest content was: a canary.
    Loaded,
}
