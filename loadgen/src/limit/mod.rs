//! How much more than the plan a target carries: trials at growing load, then between the last that passed and
//! the first that did not.

pub mod headroom;
pub mod knee;
pub mod search;
mod trial;
mod words;

use std::{path::PathBuf, time::Duration};

use engine::{ends::Ends, exit::Exit, goal::Standing};
use serde::{Deserialize, Serialize};

pub use trial::{Offered, Trial};
pub use words::{closing, markdown};

use self::{
    knee::Knee,
    search::{Contradiction, End, Next, Outcome, Rules, Search},
};
use crate::{
    options::Options,
    preset::{Preset, Sizing},
    scenario::{Plan, Scenario},
    suite::{
        SuiteError,
        folder::Folder,
        several::{BESIDE, Missing, Several, Unwritten},
    },
};

/// The file it is kept in.
pub const FILE: &str = "limit.json";
/// The same to read.
pub const REPORT: &str = "LIMIT.md";
/// Version of the form of `limit.json`.
pub const FORMAT: u32 = 1;
/// Lengths of a trial that are looked at, seconds; the shortest with which every goal can be judged is taken.
const LENGTHS_S: [f64; 5] = [30.0, 60.0, 120.0, 240.0, 480.0];

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// [`FORMAT`].
    pub format: u32,
    /// `limit_YYYYMMDD_HHMMSS`.
    pub id: String,
    /// When it started, RFC 3339.
    pub started: String,
    /// The scenario.
    pub scenario: String,
    /// The preset whose load is factor 1.
    pub preset: Preset,
    /// How long each trial's load is on, seconds.
    pub trial_s: f64,
    /// Seed of the requests.
    pub seed: u64,
    /// The target's origin.
    pub origin: String,
    /// How it was searched.
    pub rules: Rules,
    /// Goals that trials of this length cannot judge.
    pub not_judged: Vec<String>,
    /// The series whose p95 is shown.
    pub series: String,
    /// The trials, in the order they were run.
    pub trials: Vec<Trial>,
    /// The highest factor that passed with nothing at or below it that did not.
    pub holds: Option<f64>,
    /// The lowest factor that did not pass.
    pub breaks: Option<f64>,
    /// Why the search ended.
    pub end: End,
    /// What does not fit a target that breaks at one load and above it.
    pub contradictions: Vec<Contradiction>,
    /// Where latency leaves its plateau.
    pub knee: Knee,
    /// Whatever a reader should know, in sentences.
    pub notes: Vec<String>,
}

/// How long trials are, and how long all of them may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// Seconds of load of each trial; `None` for as long as it takes to judge every goal.
    pub trial_s: Option<f64>,
    /// Where no length is given: as long as the options' time scale makes it, however few goals that judges.
    pub scaled: bool,
    /// The most that all may take together.
    pub most: Duration,
}

/// Why no limit was looked for.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// Nothing is to be tried.
    #[error("no scenario is named")]
    NoScenario,
    /// More of this scenario is another scenario.
    #[error("{scenario} has no limit to look for: {why}")]
    Fixed {
        /// Which.
        scenario: &'static str,
        /// Why.
        why: &'static str,
    },
    /// A trial could not be run, and that is not the target's doing.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// The report cannot be written.
    #[error(transparent)]
    Unwritten(#[from] Unwritten),
}

impl LimitError {
    /// What it says to the shell.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Suite(e) => e.exit(),
            Self::NoScenario | Self::Fixed { .. } | Self::Unwritten(_) => Exit::Usage,
        }
    }
}

impl Limit {
    /// What it says to the shell: 0 when the plan's load passed, whichever way the search above it ended.
    pub fn exit(&self) -> Exit {
        match self.end {
            End::Interrupted => Exit::Interrupted,
            End::TargetGone => Exit::Unreachable,
            End::AtThePlan(Outcome::Invalid) => Exit::Invalid,
            End::AtThePlan(Outcome::Inconclusive) => Exit::Inconclusive,
            End::AtThePlan(_) => Exit::Failed,
            _ => Exit::Ok,
        }
    }

    /// Its JSON, as it is kept.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a limit has string keys only");
        text.push('\n');
        text
    }
}

/// A search for the limit of one scenario, planned.
pub struct Plans {
    scenario: &'static dyn Scenario,
    options: Options,
    trial_s: f64,
    not_judged: Vec<String>,
    rules: Rules,
    most: Duration,
}

/// Plans the search; sends nothing. `options` name the scenario (the first of them), the target and the preset.
pub fn plan(options: &Options, patience: Patience, rules: Rules) -> Result<Plans, LimitError> {
    let &scenario = options.scenarios.first().ok_or(LimitError::NoScenario)?;
    if let Some(why) = scenario.fixed() {
        return Err(LimitError::Fixed { scenario: scenario.name(), why });
    }
    let whole_s = planned(scenario, options, 1.0, 1.0).length().as_secs_f64();
    let scaled = |seconds: f64| {
        let time_scale = seconds / whole_s;
        (seconds, time_scale, unjudged(&planned(scenario, options, time_scale, 1.0)))
    };
    let (trial_s, time_scale, not_judged) = match patience.trial_s {
        Some(seconds) => scaled(seconds),
        None if patience.scaled => scaled(whole_s * options.time_scale),
        None => {
            let long_enough = LENGTHS_S.map(scaled).into_iter().find(|(.., unjudged)| unjudged.is_empty());
            long_enough.unwrap_or_else(|| scaled(LENGTHS_S[LENGTHS_S.len() - 1]))
        }
    };
    let options = Options { scenarios: vec![scenario], time_scale, baseline: false, ..options.clone() };
    let mut plans = Plans { scenario, options, trial_s, not_judged, rules, most: patience.most };
    let affordable = (patience.most.as_secs_f64() / plans.each().as_secs_f64()).floor().max(1.0) as usize;
    plans.rules.most_trials = plans.rules.most_trials.min(affordable);
    Ok(plans)
}

fn planned(scenario: &dyn Scenario, options: &Options, time_scale: f64, load: f64) -> Plan {
    let scope = options.scope(scenario.name(), "limit".into());
    let sizing = Sizing::new(scenario.name(), options.preset, time_scale).at_load(load);
    scenario.plan(&crate::scenario::Scope { sizing, ..scope })
}

/// Goals that a plan is too small for.
fn unjudged(plan: &Plan) -> Vec<String> {
    let applying = plan.goals.iter().filter(|goal| goal.standing == Standing::Applies);
    applying.filter(|goal| !goal.judged()).map(|goal| goal.name.clone()).collect()
}

impl Plans {
    /// What the search will take at most, in a sentence.
    pub fn announcement(&self) -> String {
        words::announcement(self.scenario.name(), self.trial_s, &self.rules, self.each(), &self.not_judged)
    }

    /// Between two trials, time for the target to settle: the preset's, as much shorter as the trial is.
    fn settling(&self) -> Duration {
        self.options.preset.settling().mul_f64(self.options.time_scale.min(1.0))
    }

    /// What a trial takes at most.
    fn each(&self) -> Duration {
        Duration::from_secs_f64(self.trial_s) + self.settling() + BESIDE
    }

    /// Searches, trial by trial, and writes the report. Blocks; call it outside of any runtime.
    pub fn search(self, ends: &Ends, say: &dyn Fn(&str)) -> Result<(Limit, PathBuf), LimitError> {
        let mut several = Several::begin("limit", &self.options.out, self.most)?;
        let mut search = Search::new(self.rules);
        let mut found = Found::default();
        let end = loop {
            let factor = match search.next() {
                Next::Try(factor) => factor,
                Next::Stop(end) => break end,
            };
            if !several.has_time_for(self.each()) {
                break End::OutOfTime;
            }
            match self.trial(factor, &mut several, ends, &mut found) {
                Ok(outcome) => search.record(factor, outcome),
                Err(Missing::Interrupted) => break End::Interrupted,
                Err(Missing::Later(e)) if e.exit() == Exit::Unreachable => {
                    found.notes.push(e.to_string());
                    break End::TargetGone;
                }
                Err(Missing::First(e) | Missing::Later(e)) => return Err(e.into()),
            }
            if let Some(trial) = found.trials.last() {
                say(&words::line(trial));
            }
            // An early end is noticed by the next trial.
            self.settle(ends);
        };
        let limit = self.limit(several.folder(), &search, found, end);
        let dir = several.write([(FILE, limit.to_json()), (REPORT, markdown(&limit))])?;
        Ok((limit, dir))
    }

    fn settle(&self, ends: &Ends) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            let _ = runtime.block_on(ends.think(self.settling()));
        }
    }

    /// One trial. Load that cannot be offered to this target at all is beyond the limit, once there were others.
    fn trial(
        &self,
        factor: f64,
        several: &mut Several,
        ends: &Ends,
        found: &mut Found,
    ) -> Result<Outcome, Missing> {
        let offered = Offered::of(&planned(self.scenario, &self.options, self.options.time_scale, factor));
        let trial = match several.run(&Options { load: factor, ..self.options.clone() }, ends) {
            Ok(outcome) => {
                let series = outcome.run.scenarios.first().and_then(trial::main_series);
                found.series = series.unwrap_or_default();
                // Of a run in which no scenario ran there is nothing to tell: it was ended before.
                Trial::of(factor, offered, &outcome).ok_or(Missing::Interrupted)?
            }
            Err(Missing::Later(e @ (SuiteError::TooSmall(_) | SuiteError::TooFewUsers { .. }))) => {
                Trial::beyond(factor, offered, e.to_string())
            }
            Err(missing) => return Err(missing),
        };
        let outcome = trial.outcome;
        found.trials.push(trial);
        Ok(outcome)
    }

    fn limit(self, folder: &Folder, search: &Search, found: Found, end: End) -> Limit {
        let points = found.trials.iter().filter(|trial| trial.outcome != Outcome::Invalid);
        let points: Vec<(f64, f64)> =
            points.filter_map(|trial| Some((trial.factor, trial.p95_ms?))).collect();
        Limit {
            format: FORMAT,
            id: folder.id.clone(),
            started: folder.started.clone(),
            scenario: self.scenario.name().to_owned(),
            preset: self.options.preset,
            trial_s: self.trial_s,
            seed: self.options.seed,
            origin: self.options.target.to_string(),
            rules: self.rules,
            not_judged: self.not_judged,
            series: found.series,
            holds: search.holds(),
            breaks: search.breaks(),
            end,
            contradictions: search.contradictions(),
            knee: knee::of(&points),
            trials: found.trials,
            notes: found.notes,
        }
    }
}

/// What the trials have brought so far.
#[derive(Debug, Default)]
struct Found {
    trials: Vec<Trial>,
    series: String,
    notes: Vec<String>,
}
