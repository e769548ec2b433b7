//! `timeline.csv`: a row per scenario, series and second.
//!
//! | column | meaning |
//! |---|---|
//! | `scenario`, `series` | whose figures these are |
//! | `second` | seconds from the scenario's start at which the requests were due |
//! | `n`, `failed` | samples, and those that failed; a value (a chat message on its way) does not fail |
//! | `p50_ms`, `p95_ms`, `p99_ms` | since due, unanswered ones ranking last |
//!
//! Warm-up is left out, and so are seconds in which nothing was due.

use std::collections::BTreeMap;

use engine::{
    histogram::Distribution,
    record::Column,
    run::{Cell, TimingRun},
};

use super::{document, ms};
use crate::report::view::View;

/// Its name in a run's directory.
pub(in crate::report) const FILE: &str = "timeline.csv";

const HEADER: [&str; 8] = ["scenario", "series", "second", "n", "failed", "p50_ms", "p95_ms", "p99_ms"];

pub(in crate::report) fn render(view: &View<'_>) -> String {
    let rows = view.scenarios.iter().flat_map(|scenario| {
        let run = &scenario.measured.run;
        run.timings.iter().flat_map(|timing| seconds(&run.name, timing))
    });
    document(std::iter::once(HEADER.map(str::to_owned).to_vec()).chain(rows))
}

/// What was seen in one second.
#[derive(Default)]
struct Second<'a> {
    cells: Vec<&'a Cell>,
    n: u64,
    failed: u64,
}

fn seconds(scenario: &str, timing: &TimingRun) -> Vec<Vec<String>> {
    let mut seconds: BTreeMap<i64, Second<'_>> = BTreeMap::new();
    for cell in timing.column(Column::SinceDue).into_iter().flat_map(|column| &column.cells) {
        seconds.entry(cell.second).or_default().cells.push(cell);
    }
    for outcome in &timing.outcomes {
        let second = seconds.entry(outcome.second).or_default();
        second.n += outcome.ok + outcome.failed;
        second.failed += outcome.failed;
    }
    let row = |(at, second): (i64, Second<'_>)| {
        let all = Distribution::of(second.cells);
        let n = second.n.max(all.count() + all.unanswered());
        let [p50, p95, p99] = [50.0, 95.0, 99.0].map(|percent| ms(all.percentile(percent).value));
        let counts = [at.to_string(), n.to_string(), second.failed.to_string()];
        [scenario.to_owned(), timing.name.clone()].into_iter().chain(counts).chain([p50, p95, p99]).collect()
    };
    seconds.into_iter().map(row).collect()
}
