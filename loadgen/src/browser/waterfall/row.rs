//! One request of a page: what became of it.

use serde_json::Value;

use crate::run::Fetched;

/// One request. Times in seconds of the browser's clock.
#[derive(Debug)]
pub(super) struct Row {
    /// What the page that asked is named by; the page itself asks for itself.
    pub(super) loader: String,
    /// The browser's name for it.
    pub(super) id: String,
    pub(super) url: String,
    pub(super) kind: String,
    pub(super) start: f64,
    pub(super) first_byte: Option<f64>,
    pub(super) status: Option<u16>,
    pub(super) bytes: u64,
    pub(super) cached: bool,
    /// Whether it is the page itself.
    pub(super) document: bool,
    pub(super) end: End,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum End {
    /// Not yet.
    Open,
    /// It was there.
    There(f64),
    /// It failed, and why.
    Failed(f64, String),
    /// The page gave it up.
    Dropped(f64),
    /// It was for a host that is not asked.
    KeptIn(f64),
}

impl Row {
    /// Its answer has begun.
    pub(super) fn answered(&mut self, response: &Value, at: f64) {
        self.status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        self.cached |= response["fromDiskCache"] == true || response["fromPrefetchCache"] == true;
        // `receiveHeadersStart` counts from `requestTime`, in milliseconds; what was kept has neither.
        let timing = &response["timing"];
        let first = timing["requestTime"].as_f64().zip(timing["receiveHeadersStart"].as_f64());
        self.first_byte = first.map(|(request, ms)| request + ms / 1_000.0).or(Some(at));
    }

    /// It as it is kept: under this address, in milliseconds from when the page began.
    pub(super) fn told(&self, began: f64, url: String) -> Fetched {
        // A tenth of a millisecond is fine enough.
        let ms = |at: f64| ((at - began) * 10_000.0).round().max(0.0) / 10.0;
        let (end, failed) = match &self.end {
            End::Open => (None, None),
            End::There(at) => (Some(*at), None),
            End::Failed(at, why) => (Some(*at), Some(why.clone())),
            End::Dropped(at) => (Some(*at), Some("the page gave it up".into())),
            End::KeptIn(at) => (Some(*at), Some("not sent: another host".into())),
        };
        Fetched {
            url,
            kind: self.kind.clone(),
            start_ms: ms(self.start),
            first_byte_ms: self.first_byte.map(ms),
            end_ms: end.map(ms),
            status: self.status,
            bytes: self.bytes,
            cached: self.cached,
            failed,
        }
    }
}
