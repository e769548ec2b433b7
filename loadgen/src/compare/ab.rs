//! Two targets in alternating slices, ABBA…: what drifts meanwhile (the machine, the network, the hour) strikes both
//! alike, and each pair of neighbouring slices is a block of the comparison.

mod error;
mod gathered;
mod words;

use std::{path::PathBuf, time::Duration};

use engine::{ends::Ends, exit::Exit};
use serde::{Deserialize, Serialize};

use self::gathered::Gathered;
pub use self::{
    error::AbError,
    words::{markdown, text},
};
use super::{Comparison, Recording, Rules};
use crate::{
    options::Options,
    scenario::Scenario,
    suite::{
        self,
        folder::Folder,
        several::{BESIDE, Missing, Several},
    },
};

/// The file it is kept in.
pub const FILE: &str = "ab.json";
/// The same to read.
pub const REPORT: &str = "AB.md";
/// Version of the form of `ab.json`.
pub const FORMAT: u32 = 2;

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ab {
    /// [`FORMAT`].
    pub format: u32,
    /// `ab_YYYYMMDD_HHMMSS`.
    pub id: String,
    /// When it started, RFC 3339.
    pub started: String,
    /// Rounds that were asked for, each a slice of either target.
    pub rounds: u64,
    /// How long the load of a slice is on, seconds.
    pub slice_s: f64,
    /// The slices, in the order they were run.
    pub slices: Vec<Slice>,
    /// Why it ended before its last round, if it did.
    pub cut_short: Option<Cut>,
    /// The two targets over all whole rounds; `None` when there was none.
    pub comparison: Option<Comparison>,
}

/// Which target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// The first.
    A,
    /// The second.
    B,
}

/// One slice: a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// Its round, from 0.
    pub round: u64,
    /// Of which target.
    pub which: Which,
    /// The folder of its run, beside this report.
    pub dir: String,
    /// Why it is not counted, if it is not.
    pub left_out: Option<String>,
}

/// Why an experiment ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Ctrl-C.
    Interrupted,
    /// There was no time for another round.
    OutOfTime,
    /// A slice could not be run.
    Failed(String),
}

/// How long an experiment is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Length {
    /// Seconds of load of each slice.
    pub slice_s: f64,
    /// Rounds, each a slice of either target.
    pub rounds: u64,
    /// The most that all may take together.
    pub most: Duration,
}

impl Ab {
    /// What it says to the shell: as a comparison does, and 130 when it was interrupted, 3 when a slice failed.
    pub fn exit(&self, fail_on_regression: bool) -> Exit {
        match (&self.cut_short, &self.comparison) {
            (Some(Cut::Interrupted), _) => Exit::Interrupted,
            (_, Some(comparison)) if comparison.exit(fail_on_regression) == Exit::Failed => Exit::Failed,
            (Some(Cut::Failed(_)), _) => Exit::Unreachable,
            (_, Some(comparison)) if comparison.says_something() => comparison.exit(fail_on_regression),
            _ => Exit::Invalid,
        }
    }

    /// Its JSON, as it is kept.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("it has string keys only");
        text.push('\n');
        text
    }
}

/// An experiment, planned.
pub struct Plans {
    /// Options of a slice of A, and of B.
    sides: [Options; 2],
    length: Length,
    rules: Rules,
}

/// The scenarios of these that a target can be asked again and again, and the names of those it cannot: what they leave
/// there their next slice must not find.
pub fn repeatable(options: &Options) -> (Vec<&'static dyn Scenario>, Vec<&'static str>) {
    let all = suite::plans(options, &"ab".into());
    let (once, again): (Vec<_>, Vec<_>) =
        all.iter().partition(|prepared| prepared.plan.needs.empty_load_events);
    let scenarios = again.iter().map(|prepared| prepared.scenario).collect();
    (scenarios, once.iter().map(|prepared| prepared.scenario.name()).collect())
}

/// Plans an experiment; sends nothing. Both options name the same scenarios, preset and seed, each its target.
pub fn plan(a: &Options, b: &Options, length: Length, rules: Rules) -> Result<Plans, AbError> {
    let (_, once) = repeatable(a);
    if !once.is_empty() {
        return Err(AbError::OnceOnly(once));
    }
    let whole: f64 = suite::plans(a, &"ab".into())
        .iter()
        .map(|prepared| prepared.plan.length().as_secs_f64() / a.time_scale)
        .sum();
    let time_scale = length.slice_s * a.scenarios.len() as f64 / whole.max(f64::MIN_POSITIVE);
    let slice = |side: &Options| Options { time_scale, baseline: false, ..side.clone() };
    let plans = Plans { sides: [slice(a), slice(b)], length, rules };
    let round = plans.round();
    if round > length.most { Err(AbError::NoTime { round, most: length.most }) } else { Ok(plans) }
}

impl Plans {
    /// What it will take at most, in a sentence.
    pub fn announcement(&self) -> String {
        words::announcement(&self.length, self.sides[0].scenarios.len(), self.round())
    }

    /// Slice by slice, and the report. Blocks; call it outside of any runtime.
    pub fn run(self, ends: &Ends, say: &dyn Fn(&str)) -> Result<(Ab, PathBuf), AbError> {
        let mut several = Several::begin("ab", &self.sides[0].out, self.length.most)?;
        let mut gathered = Gathered::default();
        let mut cut_short = None;
        for round in 0..self.length.rounds {
            if !several.has_time_for(self.round()) {
                cut_short = Some(Cut::OutOfTime);
                break;
            }
            // ABBA: what grows steadily strikes both alike.
            let order = if round % 2 == 0 { [Which::A, Which::B] } else { [Which::B, Which::A] };
            let slice = |which: &Which| self.slice(round, *which, &mut several, ends, &mut gathered);
            match order.iter().try_for_each(slice) {
                Ok(()) => say(&words::line(round, self.length.rounds, &gathered)),
                Err(Missing::First(e)) => return Err(e.into()),
                Err(Missing::Interrupted) => cut_short = Some(Cut::Interrupted),
                Err(Missing::Later(e)) => cut_short = Some(Cut::Failed(e.to_string())),
            }
            if cut_short.is_some() {
                break;
            }
        }
        let ab = self.ab(several.folder(), gathered, cut_short);
        let dir = several.write([(FILE, ab.to_json()), (REPORT, markdown(&ab))])?;
        Ok((ab, dir))
    }

    /// What a round takes at most.
    fn round(&self) -> Duration {
        let scenarios = self.sides[0].scenarios.len() as f64;
        let settling = self.sides[0].preset.settling().mul_f64((scenarios - 1.0).max(0.0));
        2 * (Duration::from_secs_f64(self.length.slice_s * scenarios) + settling + BESIDE)
    }

    fn slice(
        &self,
        round: u64,
        which: Which,
        several: &mut Several,
        ends: &Ends,
        gathered: &mut Gathered,
    ) -> Result<(), Missing> {
        let outcome = several.run(&self.sides[which as usize], ends)?;
        let recording = Recording::of(&outcome.run);
        let dir = outcome.dir.file_name().map(|name| name.to_string_lossy().into_owned());
        gathered.take(round, which, dir.unwrap_or_default(), recording, self.rules.anyway);
        Ok(())
    }

    fn ab(self, folder: &Folder, gathered: Gathered, cut_short: Option<Cut>) -> Ab {
        let comparison = gathered.compared(self.length.slice_s, self.rules);
        Ab {
            format: FORMAT,
            id: folder.id.clone(),
            started: folder.started.clone(),
            rounds: self.length.rounds,
            slice_s: self.length.slice_s,
            slices: gathered.slices,
            cut_short,
            comparison,
        }
    }
}
