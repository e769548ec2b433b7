//! `metrics.csv`: a row per scenario, series and column.
//!
//! | column | meaning |
//! |---|---|
//! | `scenario`, `series` | whose figures these are; a series is a route, a group of routes or a value |
//! | `role` | `endpoint`, `group` or `value` |
//! | `column` | `since_due`, `since_sent`, `lateness`, or a phase: `blocked`, `connecting`, `tls`, `sending`, `waiting`, `receiving` |
//! | `n`, `unanswered` | values, and requests that never were answered: slower than every value |
//! | `failed` | samples of the series that failed, whatever the column; empty for a value |
//! | `min_ms` … `max_ms` | of the values; percentiles rank unanswered ones last |
//! | `p95_limit_ms`, `p95_verdict`, `p99_limit_ms`, `p99_verdict` | the goal for this percentile, if there is one |
//! | `failed_below`, `failed_verdict` | the goal for the share of failed samples, in the row `since_due` |
//!
//! Verdicts are the words of the report (`PASS`, `FAIL`, …); `INVALID` where the generator fell short.

use engine::{
    goal::Claim,
    record::{Column, Role},
    run::{ColumnRun, TimingRun},
};

use super::{column_name, document, ms};
use crate::report::view::{ScenarioView, View};

/// Its name in a run's directory.
pub(in crate::report) const FILE: &str = "metrics.csv";

const HEADER: [&str; 21] = [
    "scenario",
    "series",
    "role",
    "column",
    "n",
    "unanswered",
    "failed",
    "min_ms",
    "mean_ms",
    "p50_ms",
    "p90_ms",
    "p95_ms",
    "p99_ms",
    "p99.9_ms",
    "max_ms",
    "p95_limit_ms",
    "p95_verdict",
    "p99_limit_ms",
    "p99_verdict",
    "failed_below",
    "failed_verdict",
];

pub(in crate::report) fn render(view: &View<'_>) -> String {
    let rows = view.scenarios.iter().flat_map(|scenario| {
        let timings = scenario.measured.run.timings.iter().enumerate();
        timings.flat_map(move |(place, timing)| {
            timing.columns.iter().map(move |column| row(scenario, place, timing, column))
        })
    });
    document(std::iter::once(HEADER.map(str::to_owned).to_vec()).chain(rows))
}

/// `place` is the series' among those of its scenario.
fn row(scenario: &ScenarioView<'_>, place: usize, timing: &TimingRun, column: &ColumnRun) -> Vec<String> {
    let all = column.distribution();
    let role = match timing.role {
        Role::Endpoint => "endpoint",
        Role::Group => "group",
        Role::Value => "value",
    };
    let failed = (timing.role != Role::Value).then(|| timing.counts().1.to_string());
    let at = |percent| ms(all.percentile(percent).value);
    let mut row = vec![
        scenario.measured.run.name.clone(),
        timing.name.clone(),
        role.to_owned(),
        column_name(column.column).to_owned(),
        all.count().to_string(),
        all.unanswered().to_string(),
        failed.unwrap_or_default(),
        ms(all.min()),
        ms(all.mean()),
    ];
    row.extend([50.0, 90.0, 95.0, 99.0, 99.9].map(at));
    row.push(ms(all.max()));
    for wanted in [About::Percentile(95.0), About::Percentile(99.0), About::Failures] {
        let goal = promised(scenario, place, column.column, wanted);
        row.extend(goal.unwrap_or_default());
    }
    row
}

/// What of a column a goal may be about.
#[derive(Clone, Copy, PartialEq)]
enum About {
    Percentile(f64),
    Failures,
}

/// The limit and the verdict of the goal about this, if there is one.
fn promised(scenario: &ScenarioView<'_>, place: usize, of: Column, about: About) -> Option<[String; 2]> {
    let goals = scenario.measured.run.goals.iter().zip(&scenario.goals);
    goals.into_iter().find_map(|(goal, row)| {
        let limit = match (&goal.claim, about) {
            (Claim::Percentile { series, column, percent, limit }, About::Percentile(wanted))
                if series.index() == place && *column == of && percent.total_cmp(&wanted).is_eq() =>
            {
                ms(Some(*limit))
            }
            (Claim::Errors { series, below }, About::Failures)
                if series.index() == place && of == Column::SinceDue =>
            {
                below.to_string()
            }
            _ => return None,
        };
        let word = if row.counts { row.word } else { "INVALID" };
        Some([limit, word.to_owned()])
    })
}
