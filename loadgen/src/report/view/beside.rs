//! What was measured, beside something else: one user alone, and what the target says it held.

use std::time::Duration;

use engine::{histogram::Distribution, record::Column, run::TimingRun};

use super::figures::{at, endpoints, samples};
use crate::{
    faults::FaultPlan,
    run::{Measured, Run},
    words::duration,
};

/// One endpoint with one user alone, and with the crowd.
pub(in crate::report) struct BaselineRow {
    pub(in crate::report) scenario: String,
    pub(in crate::report) name: String,
    pub(in crate::report) requests: u64,
    pub(in crate::report) failed: u64,
    /// p50 and p95 of one user alone.
    pub(in crate::report) alone: [String; 2],
    /// p50 and p95 under the scenario's load.
    pub(in crate::report) crowd: [String; 2],
    /// How many times the p95.
    pub(in crate::report) times: String,
}

/// One percentile of a route: measured beside held.
pub(in crate::report) struct TruthRow {
    pub(in crate::report) route: String,
    pub(in crate::report) percentile: String,
    pub(in crate::report) measured: String,
    pub(in crate::report) held: String,
    pub(in crate::report) allowed: String,
    pub(in crate::report) word: &'static str,
}

pub(super) fn baseline(run: &Run) -> Vec<BaselineRow> {
    let of = |measured: &Measured| {
        let name = &measured.run.name;
        let crowd = run.scenarios.iter().find(|scenario| scenario.run.name == *name);
        let row = |timing: &TimingRun| {
            let crowd = crowd.and_then(|crowd| crowd.run.timing_named(&timing.name));
            baseline_row(name, timing, crowd)
        };
        endpoints(&measured.run.timings).map(row).filter(|row| row.requests > 0).collect::<Vec<_>>()
    };
    run.baseline.iter().flat_map(of).collect()
}

fn baseline_row(scenario: &str, alone: &TimingRun, crowd: Option<&TimingRun>) -> BaselineRow {
    let (requests, failed) = samples(alone);
    let one = alone.distribution(Column::SinceDue);
    let many = crowd.map(|crowd| crowd.distribution(Column::SinceDue)).unwrap_or_default();
    let p95 = |all: &Distribution| all.percentile(95.0).value.filter(|value| !value.is_zero());
    let times = p95(&one).zip(p95(&many)).map(|(one, many)| many.as_secs_f64() / one.as_secs_f64());
    BaselineRow {
        scenario: scenario.to_owned(),
        name: alone.name.clone(),
        requests,
        failed,
        alone: [at(&one, 50.0), at(&one, 95.0)],
        crowd: [at(&many, 50.0), at(&many, 95.0)],
        times: times.map_or_else(|| "–".to_owned(), |times| format!("{times:.1} ×")),
    }
}

/// Why nothing was scored.
pub(super) fn unscored(measured: &[Measured], faults: Option<&FaultPlan>) -> String {
    if measured.iter().all(|measured| measured.truth.is_none()) {
        return "the target's own latencies were not read".to_owned();
    }
    // A route whose answers a fault changed is not held against the target's books, however many samples it has.
    let mut routes = measured.iter().flat_map(|measured| endpoints(&measured.run.timings));
    let struck = faults.is_some_and(|plan| routes.any(|timing| plan.unscored(&timing.name).is_some()));
    let which = if struck { "no route that the scheduled faults left alone" } else { "no route" };
    format!("{which} has 1 000 samples on both sides")
}

/// Why the target's own books were not read. Whoever had a token and time was answered, or the audit failed.
pub(super) fn unread(run: &Run) -> &'static str {
    let asked = run.baseline.iter().chain(&run.scenarios).any(|measured| measured.truth.is_some());
    match (run.interrupted, asked) {
        (false, _) => "no admin token, or the target keeps none",
        (true, true) => "the run was interrupted before they answered",
        (true, false) => "no admin token, or the run was interrupted before they answered",
    }
}

pub(super) fn truth(measured: &Measured) -> Vec<TruthRow> {
    let micros = |us| duration(Duration::from_micros(us));
    let routes = measured.truth.iter().flat_map(|score| &score.routes);
    let rows = routes.flat_map(|route| {
        route.quantiles.iter().map(move |quantile| TruthRow {
            route: route.route.clone(),
            percentile: format!("p{}", quantile.percent),
            measured: micros(quantile.measured_us),
            held: micros(quantile.held_us),
            allowed: format!("±{}", micros(quantile.tolerance_us)),
            word: match (quantile.holds(), quantile.decides) {
                (true, _) => "agrees",
                (false, true) => "DIFFERS",
                (false, false) => "differs (advisory)",
            },
        })
    });
    rows.collect()
}
