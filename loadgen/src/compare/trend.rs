//! Many runs in a row: the history of each figure, and where it changed.

mod history;
mod words;

use std::{collections::BTreeMap, fmt};

use engine::{
    compare::change::{self, ChangePoint, LEAST_RUNS},
    exit::Exit,
};
use serde::{Deserialize, Serialize};

pub use self::{
    history::{TrendError, read},
    words::{markdown, text},
};
use crate::preset::Preset;

/// Version of the form of a trend's JSON.
const FORMAT: u32 = 1;

/// What decides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// A change is one whose p-value (Student's) is below this.
    pub p_value: f64,
    /// With `--fail-on-regression`: how many of the last runs a worsening must have begun in.
    pub within: usize,
    /// A change of this share or less is no worsening.
    pub floor_share: f64,
    /// Nor is one of so many milliseconds or less.
    pub floor_ms: f64,
    /// Nor one of an error share by this or less.
    pub floor_errors: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { p_value: 0.001, within: 5, floor_share: 0.05, floor_ms: 10.0, floor_errors: 0.001 }
    }
}

/// What runs must have in common to be in one line.
#[derive(Debug, Clone, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Group {
    /// The target as it was asked for.
    pub target: String,
    /// How much was rehearsed.
    pub preset: String,
    /// By how much its durations were stretched.
    pub time_scale: f64,
    /// How many times the plan's load.
    pub load: f64,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.target, self.preset)?;
        if (self.time_scale - 1.0).abs() > f64::EPSILON {
            write!(f, ", time scale {}", self.time_scale)?;
        }
        if (self.load - 1.0).abs() > f64::EPSILON {
            write!(f, ", {} times the load", self.load)?;
        }
        Ok(())
    }
}

impl Group {
    /// The group of a run.
    pub fn new(target: &str, preset: Preset, time_scale: f64, load: f64) -> Self {
        Self { target: target.to_owned(), preset: preset.to_string(), time_scale, load }
    }
}

/// A run, as far as a history knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its id.
    pub run: String,
    /// When it started, RFC 3339.
    pub time: String,
    /// What it has in common with others.
    pub group: Group,
    /// Its figures, `SCENARIO.SERIES.p95_ms`; those of a scenario that was INVALID or cut short are left out.
    pub figures: BTreeMap<String, f64>,
    /// Figures it should have and has not: INVALID, cut short, or not measured.
    pub left_out: usize,
    /// p95 that it has not since so many requests got no answer.
    pub no_answer: usize,
    /// It did not come to its end, and is in no line.
    pub interrupted: bool,
}

/// What a folder holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The runs, in no order.
    pub points: Vec<Point>,
    /// Those that could not be read, each with why.
    pub unreadable: Vec<String>,
}

impl From<Vec<Point>> for Found {
    fn from(points: Vec<Point>) -> Self {
        Self { points, unreadable: Vec::new() }
    }
}

/// What a figure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// p95, milliseconds.
    P95,
    /// The share of failed samples.
    Failed,
}

impl Measure {
    /// What a figure of this name is of; `None` for those no trend is made of.
    fn of(figure: &str) -> Option<(Self, &str)> {
        if let Some(name) = figure.strip_suffix(".p95_ms") {
            return Some((Self::P95, name));
        }
        figure.strip_suffix(".failed").map(|name| (Self::Failed, name))
    }
}

/// Histories of figures, and where they changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// The version of this form.
    pub format: u32,
    /// What decided.
    pub rules: Rules,
    /// Runs that are in one line, the largest group first.
    pub lines: Vec<Lines>,
    /// Runs that did not come to their end, and are in no line.
    pub interrupted: Vec<String>,
    /// Runs that could not be read, each with why.
    pub unreadable: Vec<String>,
}

/// The histories of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lines {
    /// What the runs have in common.
    pub group: Group,
    /// The runs, in the order in which they were made.
    pub runs: Vec<String>,
    /// Figures that were left out since a scenario was INVALID or cut short or a figure was not measured, over all runs.
    pub left_out: usize,
    /// p95 that are none since so many requests got no answer, over all runs.
    pub no_answer: usize,
    /// The histories.
    pub histories: Vec<History>,
}

/// The history of one figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Of what.
    pub measure: Measure,
    /// Scenario and series, `search-load.GET /api/search`.
    pub name: String,
    /// Places in the group's runs, and the figure there.
    pub values: Vec<(usize, f64)>,
    /// Where it changed.
    pub changes: Vec<Change>,
}

/// A change in a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The last run before it.
    pub last: String,
    /// The first run after it.
    pub first: String,
    /// How many of this figure's runs have been made since, the first among them.
    pub since: usize,
    /// The statistics.
    pub point: ChangePoint,
    /// Larger, and by more than the floor.
    pub worse: bool,
}

/// Puts runs into lines and finds their changes. The points may come in any order.
pub fn trend(found: impl Into<Found>, rules: Rules) -> Trend {
    let Found { mut points, unreadable } = found.into();
    points.sort_by(|a, b| (&a.time, &a.run).cmp(&(&b.time, &b.run)));
    let interrupted =
        points.iter().filter(|point| point.interrupted).map(|point| point.run.clone()).collect();
    points.retain(|point| !point.interrupted);
    let mut groups: Vec<(Group, Vec<Point>)> = Vec::new();
    for point in points {
        match groups.iter_mut().find(|(group, _)| *group == point.group) {
            Some((_, known)) => known.push(point),
            None => groups.push((point.group.clone(), vec![point])),
        }
    }
    groups.sort_by_key(|(_, points)| std::cmp::Reverse(points.len()));
    let lines = groups.into_iter().map(|(group, points)| lines(group, &points, rules)).collect();
    Trend { format: FORMAT, rules, lines, interrupted, unreadable }
}

fn lines(group: Group, points: &[Point], rules: Rules) -> Lines {
    let runs: Vec<String> = points.iter().map(|point| point.run.clone()).collect();
    let mut all: BTreeMap<&str, Vec<(usize, f64)>> = BTreeMap::new();
    for (place, point) in points.iter().enumerate() {
        for (figure, value) in &point.figures {
            all.entry(figure).or_default().push((place, *value));
        }
    }
    let histories = all.into_iter().filter_map(|(figure, values)| {
        let (measure, name) = Measure::of(figure)?;
        let changes = changes(&values, &runs, measure, rules);
        Some(History { measure, name: name.to_owned(), values, changes })
    });
    let histories = histories.collect();
    let left_out = points.iter().map(|point| point.left_out).sum();
    let no_answer = points.iter().map(|point| point.no_answer).sum();
    Lines { group, runs, left_out, no_answer, histories }
}

fn changes(values: &[(usize, f64)], runs: &[String], measure: Measure, rules: Rules) -> Vec<Change> {
    let figures: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    let named =
        |place: usize| values.get(place).and_then(|(run, _)| runs.get(*run)).cloned().unwrap_or_default();
    let change = |point: ChangePoint| {
        let floor = match measure {
            Measure::P95 => (point.before * rules.floor_share).max(rules.floor_ms),
            Measure::Failed => rules.floor_errors,
        };
        Change {
            last: named(point.at - 1),
            first: named(point.at),
            since: figures.len() - point.at,
            worse: point.after - point.before > floor,
            point,
        }
    };
    change::points(&figures, rules.p_value).into_iter().map(change).collect()
}

impl Trend {
    /// The newest change of a history, where that is a worsening that began in the last runs.
    pub fn recent(&self) -> impl Iterator<Item = (&History, &Change)> {
        let recent =
            |history| newest(history).filter(|change| change.worse && change.since <= self.rules.within);
        let histories = self.lines.iter().flat_map(|lines| &lines.histories);
        histories.filter_map(move |history| Some((history, recent(history)?)))
    }

    /// What it says to the shell: with `--fail-on-regression` 99 where something got worse lately.
    pub fn exit(&self, fail_on_regression: bool) -> Exit {
        if fail_on_regression && self.recent().next().is_some() { Exit::Failed } else { Exit::Ok }
    }

    /// True when some history is long enough to be looked at.
    pub fn says_something(&self) -> bool {
        self.lines.iter().any(|lines| lines.histories.iter().any(|of| of.values.len() >= LEAST_RUNS))
    }

    /// Its JSON.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a trend has string keys only");
        text.push('\n');
        text
    }
}

fn newest(history: &History) -> Option<&Change> {
    history.changes.last()
}
