//! `percentiles.csv`: how long the target took, route by route, as a latency profile can be made from it.
//!
//! A header, then a row per endpoint route in the order of the alphabet. Columns:
//!
//! | column | meaning |
//! |---|---|
//! | `route` | the contract's `ROUTE`, quoted where it has a comma |
//! | `count` | answers, right or wrong; requests without an answer (time-out, reset) are not among them |
//! | `rate_per_s` | requests, answered or not, per second of the scenarios that sent them |
//! | `min`, `p50`, `p95`, `p99`, `p999`, `max` | service time in ms: from sent to done |
//!
//! Service time, not the time since the request was due: the target knows nothing of a generator's plan. Warm-up and
//! the baseline are left out; a route that several scenarios ask for is one row. Percentiles are by nearest rank with
//! requests that were never answered ranking last: where so many were that a percentile has no value, it is empty.
//! `mock-server calibrate --from DIR` reads this file.

use std::collections::BTreeMap;

use engine::{
    histogram::Distribution,
    record::{Column, Role},
    run::Cell,
};

use super::csv::{document, ms};
use crate::run::Run;

/// Its name in a run's directory.
pub(super) const FILE: &str = "percentiles.csv";

/// What was seen of a route, in all scenarios that asked for it.
#[derive(Default)]
struct Seen<'a> {
    cells: Vec<&'a Cell>,
    seconds: f64,
}

pub(super) fn render(run: &Run) -> String {
    let mut routes: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    for scenario in run.scenarios.iter().map(|measured| &measured.run) {
        for timing in scenario.timings.iter().filter(|timing| timing.role == Role::Endpoint) {
            let Some(column) = timing.column(Column::SinceSent) else { continue };
            let seen = routes.entry(&timing.name).or_default();
            seen.cells.extend(&column.cells);
            seen.seconds += scenario.duration.as_secs_f64();
        }
    }
    let header = ["route", "count", "rate_per_s", "min", "p50", "p95", "p99", "p999", "max"];
    let rows = routes.into_iter().map(|(route, seen)| (route, Distribution::of(seen.cells), seen.seconds));
    let rows = rows.filter(|(_, all, _)| all.count() > 0);
    let rows = rows.map(|(route, all, seconds)| row(route, &all, seconds));
    document(std::iter::once(header.map(str::to_owned).to_vec()).chain(rows))
}

fn row(route: &str, all: &Distribution, seconds: f64) -> Vec<String> {
    let asked = all.count() + all.unanswered();
    let rate = if seconds > 0.0 { format!("{:.4}", asked as f64 / seconds) } else { String::new() };
    let at = |percent| ms(all.percentile(percent).value);
    let times = [ms(all.min()), at(50.0), at(95.0), at(99.0), at(99.9), ms(all.max())];
    [route.to_owned(), all.count().to_string(), rate].into_iter().chain(times).collect()
}
