//! Whether what was promised held: a pure function of a run.

mod doomed;
mod observations;

use std::fmt;

pub use doomed::doomed;

use serde::{Deserialize, Serialize};

use crate::{
    gate::{self, Reason},
    goal::{Claim, Goal, Kind},
    histogram::Quantile,
    run::ScenarioRun,
    slope::{self, Trend},
    verdict::observations::Observations,
};

/// What became of one goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It held.
    Pass,
    /// It did not.
    Fail,
    /// The sample does not say; about how many more observations would, if they were like these.
    /// `None` where no reasonable number would.
    Inconclusive {
        /// How many more.
        more: Option<u64>,
    },
    /// The plan was too small for it from the outset.
    NotJudged {
        /// How many observations the plan makes.
        n: u64,
        /// How many it takes.
        needed: u64,
    },
    /// Makes no sense here, and why.
    NotApplicable(String),
    /// Was not measured, and why.
    NotMeasured(String),
    /// What measured it fell short, and how: nothing can be said of this goal, whatever of the others.
    Invalid(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass => f.write_str("PASS"),
            Self::Fail => f.write_str("FAIL"),
            Self::Inconclusive { more: Some(more) } => write!(f, "INCONCLUSIVE (needs about {more} more)"),
            Self::Inconclusive { more: None } => f.write_str("INCONCLUSIVE (too close to the limit to tell)"),
            Self::NotJudged { n, needed } => write!(f, "NOT JUDGED ({n} of {needed} needed)"),
            Self::NotApplicable(why) => write!(f, "not applicable ({why})"),
            Self::NotMeasured(why) => write!(f, "not measured ({why})"),
            Self::Invalid(why) => write!(f, "INVALID ({why})"),
        }
    }
}

/// How the dependence of neighbouring samples was allowed for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DesignEffect {
    /// Not asked: exact goals and censuses take every observation as it is.
    NotNeeded,
    /// Fewer than 20 blocks had samples: the number of samples is taken as it is, and said so.
    TooFewBlocks {
        /// How many there were.
        blocks: u64,
    },
    /// The sample counts as `n / factor`.
    Applied {
        /// At least 1.
        factor: f64,
        /// How many blocks.
        blocks: u64,
        /// How long each, seconds.
        block_s: u64,
    },
}

/// A goal with its verdict and the figures behind it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The goal.
    pub goal: Goal,
    /// The verdict.
    pub verdict: Verdict,
    /// Observations.
    pub n: u64,
    /// Of these, bad: over the limit, failed, counted.
    pub bad: u64,
    /// One-sided 95 % bounds of the share of bad ones; `None` where not sampled or nothing observed.
    pub bounds: Option<(f64, f64)>,
    /// The observed percentile, where the goal is about one.
    pub observed: Option<Quantile>,
    /// Allowance for dependence.
    pub design_effect: DesignEffect,
}

impl DesignEffect {
    /// What the sample is divided by: 1 where nothing is applied.
    pub fn factor(&self) -> f64 {
        match self {
            Self::Applied { factor, .. } => *factor,
            Self::NotNeeded | Self::TooFewBlocks { .. } => 1.0,
        }
    }
}

impl Judged {
    /// The observed share of bad ones.
    pub fn share(&self) -> Option<f64> {
        (self.n > 0).then(|| self.bad as f64 / self.n as f64)
    }
}

/// A scenario, judged.
#[derive(Clone, Debug)]
pub struct ScenarioVerdict {
    /// Its name.
    pub name: String,
    /// Its goals.
    pub goals: Vec<Judged>,
    /// Why it is INVALID; empty when it is valid.
    pub invalid: Vec<Reason>,
    /// Series whose latency drifted in the steady window: a finding of its own.
    pub trends: Vec<(String, Trend)>,
}

impl ScenarioVerdict {
    /// True when the generator did what it should.
    pub fn is_valid(&self) -> bool {
        self.invalid.is_empty()
    }

    /// True when a goal was missed and that counts: any goal of a valid scenario, an exact goal of
    /// any (a double booking is one, however late the generator was).
    pub fn has_failed(&self) -> bool {
        let failed = self.goals.iter().filter(|judged| judged.verdict == Verdict::Fail);
        failed.into_iter().any(|judged| self.is_valid() || judged.goal.kind == Kind::Exact)
    }
}

/// Judges a run by its own goals.
pub fn judge(run: &ScenarioRun) -> ScenarioVerdict {
    let drifts = |window| {
        let trends = run.timings.iter().filter_map(move |timing| {
            let trend = slope::trend(timing, window)?;
            trend.is_finding().then(|| (timing.name.clone(), trend))
        });
        trends.collect()
    };
    ScenarioVerdict {
        name: run.name.clone(),
        goals: run.goals.iter().map(|goal| judge_goal(run, goal)).collect(),
        invalid: gate::check(run),
        trends: run.steady.map(drifts).unwrap_or_default(),
    }
}

/// Judges one goal on a run.
pub fn judge_goal(run: &ScenarioRun, goal: &Goal) -> Judged {
    let seen = Observations::of(run, &goal.claim);
    let observed = match &goal.claim {
        Claim::Percentile { series, column, percent, .. } => {
            run.timing(*series).map(|timing| timing.distribution(*column).percentile(*percent))
        }
        _ => None,
    };
    seen.judged(goal.clone(), observed)
}

/// Judges the share of failed requests over several scenarios together: errors / requests < `below`,
/// where the plan makes `planned` requests in all.
pub fn judge_errors_overall(runs: &[&ScenarioRun], below: f64, planned: u64) -> Judged {
    let mut seen = Observations::default();
    for (place, run) in runs.iter().enumerate() {
        seen.add_requests(place, run);
    }
    seen.judged(Goal::sampled("errors over all scenarios", Claim::RequestErrors { below }, planned), None)
}
