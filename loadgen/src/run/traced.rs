//! Requests whose trace was kept, so that a report can name it.

use engine::record::FaultKind;
use serde::{Deserialize, Serialize};

/// One request that was traced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Traced {
    /// W3C trace id, 32 hexadecimal digits.
    pub trace_id: String,
    /// Its route: `GET /api/search`.
    pub route: String,
    /// Unix time in milliseconds at which it was due.
    pub due_unix_ms: u64,
    /// From due to done, milliseconds.
    pub took_ms: f64,
    /// How it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultKind>,
    /// Why its trace was kept.
    pub why: Kept,
}

/// Why a trace was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// Drawn by the sampling rate.
    Sampled,
    /// The request failed.
    Failed,
    /// It was among the slowest.
    Slowest,
}
