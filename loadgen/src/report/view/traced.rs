//! Requests whose trace was kept, as far as a report names them.

use std::time::Duration;

use engine::record::FaultKind;

use crate::{
    run::{Kept, Traced},
    words::duration,
};

/// Traces named of one kind of failure.
const OF_A_KIND: usize = 3;
/// Slow requests named of one scenario.
const SLOWEST: usize = 10;

/// A slow request that can be looked up.
pub(in crate::report) struct SlowRow {
    pub(in crate::report) route: String,
    /// Since due.
    pub(in crate::report) took: String,
    pub(in crate::report) trace_id: String,
    /// How it failed; a dash where it did not.
    pub(in crate::report) failed: String,
}

/// Traces of requests that failed like this, the first few.
pub(super) fn of(all: &[Traced], route: &str, kind: &FaultKind) -> Vec<String> {
    let such = all.iter().filter(|traced| traced.route == route && traced.fault.as_ref() == Some(kind));
    such.take(OF_A_KIND).map(|traced| traced.trace_id.clone()).collect()
}

/// The slowest, slowest first.
pub(super) fn slowest(all: &[Traced]) -> Vec<SlowRow> {
    let mut slow: Vec<&Traced> = all.iter().filter(|traced| traced.why == Kept::Slowest).collect();
    slow.sort_by(|a, b| b.took_ms.total_cmp(&a.took_ms).then_with(|| a.trace_id.cmp(&b.trace_id)));
    let row = |traced: &Traced| SlowRow {
        route: traced.route.clone(),
        took: duration(Duration::try_from_secs_f64(traced.took_ms / 1e3).unwrap_or_default()),
        trace_id: traced.trace_id.clone(),
        failed: traced.fault.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
    };
    slow.into_iter().take(SLOWEST).map(row).collect()
}
