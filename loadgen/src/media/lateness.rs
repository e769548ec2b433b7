//! Whether the load generator sent media when it was due: else what arrived says nothing about the target.

use std::time::Duration;

use engine::{record::Column, run::ScenarioRun};

use super::series::{LATENESS, SENT, SLOTS_SKIPPED, UNSENT};
use crate::words::{number, percent};

#[cfg(test)]
mod tests;

/// The most that p99 of the lateness of packets may be: one packet's length.
const MOST: Duration = Duration::from_millis(20);
/// The largest share of what was due that may not have been sent at all.
const MOST_SKIPPED: f64 = 0.01;

/// Why the run is not valid, if packets were sent too late, or too many not at all.
pub(crate) fn too_late(run: &ScenarioRun) -> Option<String> {
    late(run).or_else(|| {
        let count =
            |name: &str| run.counters.iter().find(|counter| counter.name == name).map_or(0, |c| c.total);
        unsent(count(SENT), count(SLOTS_SKIPPED), count(UNSENT))
    })
}

fn late(run: &ScenarioRun) -> Option<String> {
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

/// `(skipped + refused) / (sent + skipped)`: a slot that was skipped was never a packet; a datagram the system refused
/// counts as a packet sent.
fn unsent(sent: u64, skipped: u64, refused: u64) -> Option<String> {
    let (missing, due) = (skipped + refused, sent + skipped);
    (missing as f64 > MOST_SKIPPED * due as f64).then(|| {
        format!(
            "the load generator did not send all media itself: {} slots skipped and {} datagrams not taken by the \
             system, of {} that were due; at most {} allowed",
            number(skipped),
            number(refused),
            number(due),
            percent(MOST_SKIPPED)
        )
    })
}
