//! What real browsers saw: one row per visit, films of the slowest, and how the browser itself fared.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::browser::{CAP, Device, Throttle};

/// What real browsers saw of a scenario's pages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BrowserAccount {
    /// What the browser says it is: `Chrome/156.0.8078.73`.
    pub product: String,
    /// How many visited at once.
    pub visitors: u64,
    /// The network and the processor they had.
    pub throttle: Throttle,
    /// Visits in the order they ended; the first [`BrowserAccount::VISITS_KEPT`].
    pub visits: Vec<Seen>,
    /// Visits beyond those.
    pub further: u64,
    /// Films of the slowest, slowest first; at most [`BrowserAccount::FILMS_KEPT`].
    pub films: Vec<(u64, Film)>,
    /// The page of the generator's own.
    pub canary: Canary,
    /// Visits that came to nothing through the browser's own fault; the canary's are counted with it.
    pub lost: u64,
    /// The first few of these, in words.
    pub troubles: Vec<String>,
}

impl BrowserAccount {
    /// Rows kept.
    pub const VISITS_KEPT: usize = 5_000;
    /// Films kept.
    pub const FILMS_KEPT: usize = 5;
}

/// One visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Its number among the scenario's browser visits.
    pub number: u64,
    /// When it began, seconds from the scenario's start.
    pub at_s: f64,
    /// Which page: [`contract::pages::name`].
    pub page: String,
    /// What it was shown on.
    pub device: Device,
    /// Whether the visitor had been there before, with what the browser kept of that.
    pub returning: bool,
    /// Whether the visitor was signed in.
    pub signed_in: bool,
    /// What was seen.
    pub view: PageView,
}

/// What was seen of a page. Times are milliseconds from the start of the navigation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageView {
    /// How the visit ended.
    pub ended: Ended,
    /// Where it was then; `None` where no page said so, as in a run of before this was asked.
    #[serde(default)]
    pub at: Option<Whereabouts>,
    /// The largest content painted; `None` where the browser named none.
    pub lcp: Option<Lcp>,
    /// First contentful paint.
    pub fcp_ms: Option<f64>,
    /// Time to the first byte of the document.
    pub ttfb_ms: Option<f64>,
    /// When `load` fired.
    pub load_ms: Option<f64>,
    /// Cumulative layout shift: the largest session window (<https://web.dev/articles/cls>).
    pub cls: f64,
    /// Status of the document.
    pub status: Option<u16>,
    /// Requests it made.
    pub requests: u64,
    /// Bytes that came over the network for them, as encoded.
    pub bytes: u64,
    /// Requests that failed, each in words; the first few.
    pub failed: Vec<String>,
    /// How many failed.
    pub failed_count: u64,
    /// Requests to other hosts, which were not sent; the hosts, each once.
    pub kept_in: Vec<String>,
    /// Those of these hosts that were to send what the page is made of, each once: what was painted without it is not
    /// what people see.
    #[serde(default)]
    pub withheld: Vec<String>,
    /// Errors on its console; the first few.
    pub console: Vec<String>,
    /// How many errors.
    pub console_errors: u64,
}

/// Which page a visit ended at, and which it was sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whereabouts {
    /// The path in its address.
    pub path: String,
    /// What its body is marked as: a page's [`contract::pages::name`]; empty where it bears no mark, `None` where it
    /// has no body, or had none yet.
    pub page: Option<String>,
    /// The mark of the page it was sent to, where that bears one.
    pub asked: Option<String>,
}

/// What a visit says of LCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// This long.
    Lcp(Duration),
    /// There is none, and why.
    Missing(String),
}

impl PageView {
    /// What it says of LCP. A page that was not done within [`CAP`] is a slow one, whatever it has painted until then.
    /// An error's page is painted soon, and so is one to sign in at: which is no merit.
    pub fn outcome(&self) -> Outcome {
        if let Some(why) = self.not_theirs() {
            return Outcome::Missing(why);
        }
        match (&self.ended, &self.lcp) {
            (Ended::Capped, _) => Outcome::Lcp(CAP),
            (_, Some(lcp)) => Outcome::Lcp(Duration::try_from_secs_f64(lcp.at_ms / 1e3).unwrap_or_default()),
            (_, None) => Outcome::Missing("nothing was painted that counts".to_owned()),
        }
    }

    /// Why what was shown is not the page that was asked for, if it is not.
    pub fn not_theirs(&self) -> Option<String> {
        match &self.ended {
            Ended::NoPage(why) => Some(format!("no page: {why}")),
            Ended::Settled | Ended::Capped => {
                let refused = self.refused().map(|status| format!("answered with status {status}"));
                refused.or_else(|| self.another())
            }
        }
    }

    /// The status of an error, if that is what the target answered with: what the browser then shows is not the page it
    /// was sent for.
    pub fn refused(&self) -> Option<u16> {
        /// From this status on, it is an error's.
        const REFUSED: u16 = 400;
        self.status.filter(|status| *status >= REFUSED)
    }

    /// That it is another page than it was sent to, in words: a redirect, a script or a server led elsewhere. One that
    /// never came as far as its body is not known to be another.
    pub fn another(&self) -> Option<String> {
        let Whereabouts { path, page, asked } = self.at.as_ref()?;
        let asked = asked.as_ref()?;
        let is_another = match page {
            Some(page) => page != asked,
            None => self.ended == Ended::Settled,
        };
        is_another.then(|| format!("another page: {path} is not marked `{asked}`"))
    }
}

/// How a visit ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The page was done.
    Settled,
    /// It was not done within [`CAP`]: a slow one, whatever it painted until then.
    Capped,
    /// There was no page: what the browser said (`net::ERR_CONNECTION_REFUSED`).
    NoPage(String),
}

/// The largest content painted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lcp {
    /// When it was painted.
    pub at_ms: f64,
    /// What it is: `img.hero`, `h1`; empty where it had left the page.
    pub element: String,
    /// What it was loaded from; `None` for text.
    pub url: Option<String>,
    /// Its size, CSS pixels squared.
    pub size: u64,
    /// Where the time went.
    pub parts: Parts,
    /// Candidates before it.
    pub earlier: u64,
}

/// The four parts of an LCP, which add up to it (<https://web.dev/articles/optimize-lcp#lcp-breakdown>). Milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// To the first byte of the document.
    pub ttfb_ms: f64,
    /// From there until the content was asked for; nothing for text.
    pub load_delay_ms: f64,
    /// Until it had come; nothing for text.
    pub load_time_ms: f64,
    /// Until it was painted.
    pub render_delay_ms: f64,
}

/// Pictures of a visit, and what it loaded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Film {
    /// Pictures, in order; the last is of the largest content.
    pub frames: Vec<Frame>,
    /// What was loaded, in the order it was asked for; at most [`Film::FETCHES_KEPT`].
    pub fetched: Vec<Fetched>,
}

impl Film {
    /// Frames kept of one visit: the first ones and the last.
    pub const FRAMES_KEPT: usize = 4;
    /// Requests kept of one visit.
    pub const FETCHES_KEPT: usize = 60;
}

/// A picture of the page as a candidate for its largest content was painted (taken as soon as the browser told of it).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// When the candidate was painted.
    pub at_ms: f64,
    /// The picture: JPEG, base64.
    pub jpeg: String,
}

/// One request of a page. Times are milliseconds from the start of the navigation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fetched {
    /// What was asked for, without its origin where that is the page's.
    pub url: String,
    /// What for, as the browser calls it: `Document`, `Image`, `Fetch`.
    pub kind: String,
    /// When it was asked for.
    pub start_ms: f64,
    /// When its first byte came.
    pub first_byte_ms: Option<f64>,
    /// When it was there; `None` where it had not come by the end.
    pub end_ms: Option<f64>,
    /// Its status.
    pub status: Option<u16>,
    /// Bytes that came over the network for it.
    pub bytes: u64,
    /// Whether the browser had it.
    pub cached: bool,
    /// Why it failed, if it did.
    pub failed: Option<String>,
}

/// A page of the generator's own, whose work is always the same: what it takes longer while the crowd is there is the
/// browser's doing. Milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Canary {
    /// For how long it is held back, whoever opens it: that part of its LCP is nobody's work. Nothing is known of it in a run
    /// of before it was told apart.
    #[serde(default)]
    pub held_ms: f64,
    /// Its LCP before the crowd came.
    pub idle_ms: Vec<f64>,
    /// Its LCP while the crowd was there.
    pub meanwhile_ms: Vec<f64>,
    /// Visits of it, while the crowd was there, that came to nothing: a browser that is starved enough shows nothing.
    #[serde(default)]
    pub lost: u64,
}

#[cfg(test)]
mod tests;
