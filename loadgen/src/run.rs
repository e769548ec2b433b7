//! A run as data: what `run.json` holds. Every report is a pure function of it.

mod browsers;
mod evidence;
mod headroom;
mod live;
mod traced;

use std::{fmt, fs, io, net::IpAddr, path::Path};

use engine::run::ScenarioRun;
use serde::{Deserialize, Serialize};

pub use browsers::{
    BrowserAccount, Canary, Ended, Fetched, Film, Frame, Lcp, Outcome, PageView, Parts, Seen, Whereabouts,
};
pub use evidence::{
    Cache, Database, Evidence, MissingIndex, Planning, Resource, ResourceKind, SlowCommand, Source,
    SourceKind, Statement, TableUse, Unit, Wait,
};
pub use headroom::Headroom;
pub use live::{LiveAccount, MISSES_KEPT, Missed, MissedFrom, Receiver, WORST_KEPT};
pub use traced::{Kept, Traced};

use crate::{books::Audit, faults::FaultPlan, preset::Preset, stops::EndedEarly, truth::TruthScore};

/// Version of the form of `run.json`; a reader refuses others.
pub const FORMAT: u32 = 1;

/// The file it is kept in.
pub const FILE: &str = "run.json";

/// A run of the suite, or of a part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`FORMAT`].
    pub format: u32,
    /// What was run, where and when.
    pub meta: Meta,
    /// True when it was interrupted: a partial report.
    pub interrupted: bool,
    /// One user alone, before the suite; empty where the preset has no baseline.
    pub baseline: Vec<Measured>,
    /// The scenarios, in the order they ran.
    pub scenarios: Vec<Measured>,
    /// Scenarios that were chosen and did not run.
    pub not_run: Vec<NotRun>,
    /// The promise over the whole suite.
    pub overall: Overall,
    /// The target's own books, after the last scenario.
    pub audit: Option<Audit>,
    /// The faults the target was told to have, and how often they struck; absent when it had none.
    #[serde(default)]
    pub faults: Option<FaultPlan>,
    /// What was read of the target's side meanwhile; absent when nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// How much more than launch day the target carries, where that was measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headroom: Vec<Headroom>,
    /// Whatever a reader should know, in sentences.
    pub notes: Vec<String>,
}

/// What was run, where and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// `run_YYYYMMDD_HHMMSS`.
    pub id: String,
    /// When it started, RFC 3339.
    pub started: String,
    /// Seed of the requests.
    pub seed: u64,
    /// Seed of the world.
    pub world_seed: u64,
    /// How much was rehearsed.
    pub preset: Preset,
    /// By how much its durations were stretched.
    pub time_scale: f64,
    /// How many times the plan's load was offered.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub load: f64,
    /// The target as it was asked for.
    pub target: String,
    /// The target's origin.
    pub origin: String,
    /// What the target says it is (its health's `environment`, `service`, `version`).
    pub environment: String,
    /// Sets this run's rows apart from other runs'.
    pub nonce: String,
    /// SHA-256 of the planned requests of the chosen scenarios, nonce and time left out.
    pub planned_digest: String,
    /// Version of the load generator.
    pub loadgen: String,
    /// Where the load came from.
    pub machine: Machine,
}

fn once() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_once(load: &f64) -> bool {
    (load - 1.0).abs() < f64::EPSILON
}

/// Where the load came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Operating system and architecture.
    pub system: String,
    /// Cores the process may use.
    pub cores: u64,
    /// Threads that drive the load, in each process.
    pub workers: u64,
    /// Files one process may have open.
    pub open_files: Option<u64>,
    /// Processes that drive the load.
    #[serde(default = "one")]
    pub processes: u64,
    /// Local addresses the load came from, where it was not left to the system.
    #[serde(default)]
    pub sources: Vec<IpAddr>,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { system, cores, workers, processes, sources, .. } = self;
        write!(f, "{system}, {cores} cores, ")?;
        match processes {
            1 => write!(f, "{workers} threads")?,
            _ => write!(f, "{processes} processes of {workers} threads")?,
        }
        for (place, source) in sources.iter().enumerate() {
            write!(f, "{}{source}", if place == 0 { ", from " } else { ", " })?;
        }
        Ok(())
    }
}

/// Runs kept before there were several.
fn one() -> u64 {
    1
}

/// One scenario as it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What a report calls it.
    pub title: String,
    /// What it rehearses.
    pub description: String,
    /// Requests the plan expected.
    pub planned_requests: u64,
    /// SHA-256 of its planned requests.
    pub planned_digest: String,
    /// What was measured, with its goals.
    pub run: ScenarioRun,
    /// How well the generator measured, where the target says what it did.
    pub truth: Option<TruthScore>,
    /// Requests of the warm-up, not counted.
    pub warm_up_requests: u64,
    /// Seconds from the beginning of the warm-up to second 0; absent in runs of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_s: Option<f64>,
    /// Whatever a reader should know, in sentences.
    pub notes: Vec<String>,
    /// Why it was ended before its plan was over, when a condition or a lost goal did that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_early: Option<EndedEarly>,
    /// Who heard what, where it was a live session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveAccount>,
    /// Requests whose trace was kept, the slowest and the failed among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traces: Vec<Traced>,
    /// What real browsers saw, where some visited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browsers: Option<BrowserAccount>,
}

/// A scenario that was chosen and did not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRun {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
    /// Left out on purpose (`--allow-partial`): the exit code is decided by those that ran.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_out: bool,
}

/// The promise over the whole suite: errors / requests.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Overall {
    /// The share of errors stays below this.
    pub errors_below: f64,
    /// Requests the plan expected, over all scenarios chosen.
    pub planned_requests: u64,
}

/// Why a run could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error(
        "{path} cannot be read ({source}): name a folder that a run left, such as results/run_20270101_090000"
    )]
    Io {
        /// Which file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// It is not a run, or of another version.
    #[error("{path}: {message}")]
    Form {
        /// Which file.
        path: String,
        /// Where and what.
        message: String,
    },
}

/// Which line of a history runs of this target are points of: all mocks are one, whatever port each of them got.
pub(crate) fn line<'a>(target: &'a str, environment: &str) -> &'a str {
    if environment.starts_with("mock ") { "mock" } else { target }
}

/// What a file says first of itself.
#[derive(Deserialize)]
pub(crate) struct Version {
    /// Of which version its form is.
    pub(crate) format: u32,
}

impl Run {
    /// Reads the run kept in a results directory.
    pub fn read(dir: &Path) -> Result<Self, ReadError> {
        let file = dir.join(FILE);
        let path = file.display().to_string();
        let text =
            fs::read_to_string(&file).map_err(|source| ReadError::Io { path: path.clone(), source })?;
        Self::of(&text, &path)
    }

    /// Reads what [`Run::to_json`] made; `named` is what messages call it.
    pub fn of(text: &str, named: &str) -> Result<Self, ReadError> {
        let form = |message: String| ReadError::Form { path: named.to_owned(), message };
        let damaged = |e: serde_json::Error| {
            form(if e.is_eof() {
                "it ends in the middle: it was not written or copied to its end, and what it held cannot be told".to_owned()
            } else {
                format!("line {}: {e}", e.line())
            })
        };
        // Before all else: a run of another version may have nothing else that is known here.
        let Version { format } = serde_json::from_str(text).map_err(damaged)?;
        if format != FORMAT {
            return Err(form(format!("format {format}; this version reads {FORMAT}")));
        }
        serde_json::from_str(text).map_err(damaged)
    }

    /// Its JSON, as it is kept.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string(self).expect("a run has string keys only");
        text.push('\n');
        text
    }
}
