//! Whether latency drifts where load is steady: a queue that grows.

use serde::{Deserialize, Serialize};

use crate::run::TimingRun;

/// A line through the seconds' medians.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Milliseconds of latency per second of time.
    pub slope_ms_per_s: f64,
    /// Change over the whole window, milliseconds.
    pub change_ms: f64,
    /// The median of the seconds' medians, milliseconds.
    pub level_ms: f64,
    /// Two-sided p-value of there being no trend.
    pub p_value: f64,
    /// Seconds it rests on.
    pub seconds: u64,
}

/// The trend of a series since due in a window of seconds; `None` with too little data.
pub fn trend(timing: &TimingRun, window: (f64, f64)) -> Option<Trend> {
    let _ = (timing, window);
    todo!()
}

impl Trend {
    /// True when the trend is both significant and large enough to matter.
    pub fn is_finding(&self) -> bool {
        todo!()
    }
}
