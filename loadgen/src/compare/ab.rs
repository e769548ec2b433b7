//! Two targets in alternating slices, ABBA…: what drifts meanwhile (the machine, the network, the hour) strikes both
//! alike, and each pair of neighbouring slices is a block of the comparison.

mod words;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use engine::{clock, compare::Timeline, ends::Ends, exit::Exit};
use serde::{Deserialize, Serialize};

pub use self::words::{announcement, markdown, text};
use super::{
    Comparison, Recording, Rules,
    recording::{Heard, Recorded},
    weigh,
};
use crate::{
    options::Options,
    shards::ShardError,
    suite::{
        self, SuiteError,
        folder::{self, Folder},
    },
};

/// The file it is kept in.
pub const FILE: &str = "ab.json";
/// The same to read.
pub const REPORT: &str = "AB.md";
/// Version of the form of `ab.json`.
pub const FORMAT: u32 = 1;
/// What a slice takes beside its load at most: checks, preparing, warming up, books, a report.
const BESIDE: Duration = Duration::from_secs(20);

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

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum AbError {
    /// The first slices could not be run.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// The report cannot be written.
    #[error("the report could not be written to {dir}: {source}", dir = dir.display())]
    Report {
        /// Where to.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl AbError {
    /// What it says to the shell.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Suite(e) => e.exit(),
            Self::Report { .. } => Exit::Usage,
        }
    }
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

/// Plans an experiment; sends nothing. Both options name the same scenarios, preset and seed, each its target.
pub fn plan(a: &Options, b: &Options, length: Length, rules: Rules) -> Plans {
    let whole: f64 = suite::plans(a, &"ab".into())
        .iter()
        .map(|prepared| prepared.plan.length().as_secs_f64() / a.time_scale)
        .sum();
    let time_scale = length.slice_s * a.scenarios.len() as f64 / whole.max(f64::MIN_POSITIVE);
    let slice = |side: &Options| Options { time_scale, baseline: false, ..side.clone() };
    Plans { sides: [slice(a), slice(b)], length, rules }
}

impl Plans {
    /// Slice by slice, and the report. Blocks; call it outside of any runtime.
    pub fn run(self, ends: &Ends, say: &dyn Fn(&str)) -> Result<(Ab, PathBuf), AbError> {
        let (started, began) = (clock::wall(), clock::now());
        let out = &self.sides[0].out;
        let mut gathered = Gathered::default();
        let folder = folder::create(out, "ab", started)?;
        let mut cut_short = None;
        for round in 0..self.length.rounds {
            if round > 0 && clock::now() - began + self.round() > self.length.most {
                cut_short = Some(Cut::OutOfTime);
                break;
            }
            // ABBA: what grows steadily strikes both alike.
            let order = if round % 2 == 0 { [Which::A, Which::B] } else { [Which::B, Which::A] };
            if let Err(why) =
                order.iter().try_for_each(|which| self.slice(round, *which, &folder, ends, &mut gathered))
            {
                match why {
                    Stop::Cut(cut) => cut_short = Some(cut),
                    Stop::First(e) => {
                        // Nothing is left behind where nothing was measured; what cannot be removed does no harm.
                        let _ = fs::remove_dir(&folder.dir);
                        return Err(e.into());
                    }
                }
                break;
            }
            say(&words::line(round, self.length.rounds, &gathered));
        }
        let ab = self.ab(&folder, gathered, cut_short);
        write(&ab, &folder.dir)?;
        Ok((ab, folder.dir))
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
        folder: &Folder,
        ends: &Ends,
        gathered: &mut Gathered,
    ) -> Result<(), Stop> {
        let options = Options { out: folder.dir.clone(), ..self.sides[which as usize].clone() };
        match suite::run(&options, ends) {
            Ok(outcome) if outcome.run.interrupted => Err(Stop::Cut(Cut::Interrupted)),
            Ok(outcome) => {
                let recording = Recording::of(&outcome.run);
                let dir = outcome.dir.file_name().map(|name| name.to_string_lossy().into_owned());
                gathered.take(round, which, dir.unwrap_or_default(), recording, self.rules.anyway);
                Ok(())
            }
            Err(SuiteError::Interrupted | SuiteError::Shard(ShardError::Interrupted)) => {
                Err(Stop::Cut(Cut::Interrupted))
            }
            Err(e) if gathered.slices.is_empty() => Err(Stop::First(e)),
            Err(e) => Err(Stop::Cut(Cut::Failed(e.to_string()))),
        }
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

fn write(ab: &Ab, dir: &Path) -> Result<(), AbError> {
    let failed = |source| AbError::Report { dir: dir.to_owned(), source };
    fs::write(dir.join(FILE), ab.to_json()).map_err(failed)?;
    fs::write(dir.join(REPORT), markdown(ab)).map_err(failed)
}

/// Why the rounds end.
enum Stop {
    /// With what there is.
    Cut(Cut),
    /// Nothing was measured yet.
    First(SuiteError),
}

/// What the slices have brought so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    slices: Vec<Slice>,
    recordings: Vec<(u64, Which, Recording)>,
}

impl Gathered {
    /// Takes in a slice; one in which a scenario fell short is not counted.
    pub(super) fn take(&mut self, round: u64, which: Which, dir: String, of: Recording, anyway: bool) {
        let fell_short = |scenario: &Recorded| {
            let why = scenario.invalid.as_ref().or(scenario.unfinished.as_ref())?;
            Some(format!("{}: {why}", scenario.name))
        };
        let left_out = of.scenarios.iter().find_map(fell_short).filter(|_| !anyway);
        if left_out.is_none() {
            self.recordings.push((round, which, of));
        }
        self.slices.push(Slice { round, which, dir, left_out });
    }

    /// Rounds of which both slices count.
    pub(super) fn whole_rounds(&self) -> Vec<u64> {
        let has = |round: u64, wanted: Which| {
            self.recordings.iter().any(|(of, which, _)| *of == round && *which == wanted)
        };
        let rounds =
            self.recordings.iter().filter(|(_, which, _)| *which == Which::A).map(|(round, ..)| *round);
        rounds.filter(|round| has(*round, Which::B)).collect()
    }

    /// The two targets over all whole rounds.
    pub(super) fn compared(&self, slice_s: f64, rules: Rules) -> Option<Comparison> {
        let rounds = self.whole_rounds();
        let [a, b] = [Which::A, Which::B].map(|which| self.put_together(which, &rounds, slice_s));
        let (mut a, mut b) = (a?, b?);
        a.subject.name = format!("A ({})", a.subject.target);
        b.subject.name = format!("B ({})", b.subject.target);
        Some(weigh::compare(&a, &b, None, rules))
    }

    /// All of a target's slices as one recording, in which each is a "second".
    fn put_together(&self, which: Which, rounds: &[u64], slice_s: f64) -> Option<Recording> {
        let mut all: Option<Recording> = None;
        for (place, round) in (0..).zip(rounds) {
            let slice = self.recordings.iter().find(|(of, side, _)| of == round && *side == which);
            let Some((.., slice)) = slice else { continue };
            let whole = all.get_or_insert_with(|| emptied(slice, slice_s));
            for (into, from) in whole.scenarios.iter_mut().zip(&slice.scenarios) {
                for heard in &from.series {
                    match into.series.iter_mut().find(|known| known.name == heard.name) {
                        Some(known) => known.timeline.add_slice(place, &heard.timeline),
                        None => into.series.push(sliced(heard, place)),
                    }
                }
            }
        }
        all
    }
}

fn sliced(heard: &Heard, place: i64) -> Heard {
    let mut timeline = Timeline::default();
    timeline.add_slice(place, &heard.timeline);
    Heard { timeline, ..heard.clone() }
}

/// The same scenarios without their series, each as long as a slice.
fn emptied(slice: &Recording, slice_s: f64) -> Recording {
    let empty = |of: &Recorded| Recorded { seconds: slice_s, sliced: true, series: Vec::new(), ..of.clone() };
    Recording { subject: slice.subject.clone(), scenarios: slice.scenarios.iter().map(empty).collect() }
}
