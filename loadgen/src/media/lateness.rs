//! Whether the load generator sent media when it was due: else what arrived says nothing about the target.

use std::time::Duration;

use engine::{record::Column, run::ScenarioRun};

use super::series::LATENESS;

/// The most that p99 of the lateness of packets may be: one packet's length.
const MOST: Duration = Duration::from_millis(20);

/// Why the run is not valid, if packets were sent too late.
pub(crate) fn too_late(run: &ScenarioRun) -> Option<String> {
    let p99 = run.timing_named(LATENESS)?.distribution(Column::SinceDue).percentile(99.0).value?;
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    (p99 > MOST).then(|| {
        format!(
            "the load generator sent media late itself: p99 {:.1} ms; at most {:.0} ms allowed",
            ms(p99),
            ms(MOST)
        )
    })
}
