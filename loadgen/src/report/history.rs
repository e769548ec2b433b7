//! `history.csv`: a row per run, in the form Apache Otava (formerly Hunter) reads to find change points.
//!
//! | column | meaning |
//! |---|---|
//! | `time` | when the run started, RFC 3339 |
//! | `run`, `commit`, `target`, `preset`, `time_scale`, `load` | attributes; `commit` is empty where nobody said which it was; rows of before there were the last two are of time scale 1 and load 1 |
//! | `SCENARIO.SERIES.p50_ms`, `.p95_ms`, `.p99_ms` | percentiles since due, of endpoints, groups and values |
//! | `SCENARIO.SERIES.failed` | share of failed samples, 0 to 1 |
//! | `SCENARIO.SHARE.good` | a share the scenario counts, 0 to 1 |
//!
//! A metric is `nan` where the run has no such figure, where a percentile is of requests that got no answer, and in a
//! scenario that was INVALID or did not come to its planned end: what a generator that fell short has measured, or a ramp
//! alone, is no point of a history. It is not left empty, as Otava 0.8 refuses a file with an empty metric;
//! it reads `nan`, but finds no change point in a column with one among the runs it looks at.

use std::collections::BTreeSet;

use engine::{
    record::{Column, Role},
    run::ScenarioRun,
};

use super::{csv, view::View};
use crate::run::{self, Measured, Run};

mod file;

pub use file::{AppendError, append};

/// Its name, beside the runs.
pub const FILE: &str = "history.csv";

/// One run as a row: columns and their values, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    fields: Vec<(String, String)>,
}

/// Columns that are no metrics.
pub const ATTRIBUTES: [&str; 7] = ["time", "run", "commit", "target", "preset", "time_scale", "load"];

/// A metric without a value.
const NONE: &str = "nan";

/// The row of a run, made by this `commit` of the target if somebody says which.
pub fn row(run: &Run, commit: Option<&str>) -> Row {
    let meta = &run.meta;
    let preset = meta.preset.to_string();
    let (time_scale, load) = (meta.time_scale.to_string(), meta.load.to_string());
    let commit = commit.unwrap_or_default();
    let target = run::line(&meta.target, &meta.environment);
    let values = [&meta.started, &meta.id, commit, target, &preset, &time_scale, &load];
    let mut fields: Vec<(String, String)> =
        ATTRIBUTES.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect();
    let view = View::new(run);
    for scenario in &view.scenarios {
        let Measured { run, ended_early, .. } = scenario.measured;
        let sound = scenario.invalid.is_empty() && !run.interrupted && ended_early.is_none();
        let metrics = metrics(scenario.measured);
        fields.extend(metrics.into_iter().map(|(name, value)| (name, kept(value, sound))));
    }
    let mut seen = BTreeSet::new();
    fields.retain(|(name, _)| seen.insert(name.clone()));
    Row { fields }
}

/// A metric's value as it is kept.
fn kept(value: String, sound: bool) -> String {
    if sound && !value.is_empty() { value } else { NONE.to_owned() }
}

/// What a column has where a run has no value.
fn absent(column: &str) -> &'static str {
    if ATTRIBUTES.contains(&column) { "" } else { NONE }
}

impl Row {
    /// A header and this row, as CSV.
    pub fn document(&self) -> String {
        let (names, values): (Vec<_>, Vec<_>) = self.fields.iter().cloned().unzip();
        csv::document([names, values])
    }
}

fn metrics(measured: &Measured) -> Vec<(String, String)> {
    let run = &measured.run;
    let mut all = Vec::new();
    for timing in &run.timings {
        let due = timing.distribution(Column::SinceDue);
        if due.count() + due.unanswered() == 0 {
            continue;
        }
        let mut put =
            |what: &str, value: String| all.push((format!("{}.{}.{what}", run.name, timing.name), value));
        for (what, percent) in [("p50_ms", 50.0), ("p95_ms", 95.0), ("p99_ms", 99.0)] {
            put(what, csv::ms(due.percentile(percent).value));
        }
        if timing.role != Role::Value {
            let (good, failed) = timing.counts();
            put("failed", share(failed, good + failed));
        }
    }
    all.extend(shares(run));
    all
}

fn shares(run: &ScenarioRun) -> impl Iterator<Item = (String, String)> {
    run.shares.iter().map(|of| {
        let (good, bad) = of.counts();
        (format!("{}.{}.good", run.name, of.name), share(good, good + bad))
    })
}

/// Six digits; empty of nothing.
fn share(part: u64, all: u64) -> String {
    if all == 0 { String::new() } else { format!("{:.6}", part as f64 / all as f64) }
}
