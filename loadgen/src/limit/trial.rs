//! One trial: a run of the scenario at some load, and what it says.

use std::fmt;

use engine::{
    goal::{Claim, Kind},
    load::Load,
    record::Column,
    verdict::{Judged, ScenarioVerdict, Verdict},
};
use serde::{Deserialize, Serialize};

use super::search::Outcome;
use crate::{report, run::Measured, scenario::Plan, stops::Cause, suite, words::number};

/// One trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// How many times the plan's load.
    pub factor: f64,
    /// What was offered.
    pub offered: Offered,
    /// p95 of the main series, milliseconds.
    pub p95_ms: Option<f64>,
    /// How it ended.
    pub outcome: Outcome,
    /// What decided that, in words, the worst first: goals that were missed or are undecided, reasons why it is
    /// INVALID.
    pub why: Vec<String>,
    /// The directory of its run, beside the limit's report; none where nothing was run.
    pub dir: Option<String>,
}

/// What a plan offers at its peak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    /// Acts a second, where the plan holds a rate.
    pub per_second: Option<f64>,
    /// What they are.
    pub acts: String,
    /// Users at it at once, where the plan holds a number of them.
    pub users: Option<u64>,
}

impl Offered {
    /// What `plan` offers. Several flows are counted in requests.
    pub fn of(plan: &Plan) -> Self {
        let one = plan.flows.len() == 1;
        let acts = plan.script.act(0).plural;
        let rate = |(place, load): (usize, &Load)| {
            let starts = match load {
                Load::Arrivals(rate) => rate.peak(),
                Load::Paced { users, every } => users.seats() as f64 / every.as_secs_f64(),
                Load::Visitors(_) => return None,
            };
            Some(if one { starts } else { starts * plan.script.act(place).requests })
        };
        let loads = || plan.flows.iter().map(|flow| &flow.load);
        Self {
            per_second: loads().enumerate().map(rate).sum(),
            acts: if one { acts } else { "requests" }.to_owned(),
            users: loads().map(Load::peak_users).sum(),
        }
    }
}

impl fmt::Display for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.per_second.map(|rate| match rate {
            rate if rate < 99.95 => format!("{rate:.1} {}/s", self.acts),
            rate => format!("{} {}/s", number(rate.round() as u64), self.acts),
        });
        let users = self.users.map(|users| format!("{} users", number(users)));
        match (rate, users) {
            (Some(rate), Some(users)) => write!(f, "{rate} by {users}"),
            (Some(one), None) | (None, Some(one)) => f.write_str(&one),
            (None, None) => f.write_str("–"),
        }
    }
}

impl Trial {
    /// What a run that came to its end says; `None` when it has no scenario.
    pub fn of(factor: f64, offered: Offered, outcome: &suite::Outcome) -> Option<Self> {
        let (measured, judged) = outcome.run.scenarios.first().zip(outcome.judgement.scenarios.first())?;
        let verdict = verdict(measured, judged, outcome);
        Some(Self {
            factor,
            offered,
            p95_ms: p95_ms(measured),
            outcome: verdict,
            why: why(verdict, measured, judged, outcome),
            dir: outcome.dir.file_name().map(|name| name.to_string_lossy().into_owned()),
        })
    }

    /// A load that this machine or this world cannot offer.
    pub fn beyond(factor: f64, offered: Offered, why: String) -> Self {
        Self { factor, offered, p95_ms: None, outcome: Outcome::Invalid, why: vec![why], dir: None }
    }
}

fn verdict(measured: &Measured, judged: &ScenarioVerdict, outcome: &suite::Outcome) -> Outcome {
    let any = |wanted: fn(&Verdict) -> bool| judged.goals.iter().any(|goal| wanted(&goal.verdict));
    let stopped = measured.ended_early.as_ref().is_some_and(|ended| ended.cause == Cause::Target);
    if judged.has_failed() || outcome.judgement.audit_failed || stopped {
        Outcome::Fail
    } else if !judged.is_valid() {
        Outcome::Invalid
    } else if any(|verdict| matches!(verdict, Verdict::Inconclusive { .. }))
        || !any(|verdict| *verdict == Verdict::Pass)
    {
        Outcome::Inconclusive
    } else {
        Outcome::Pass
    }
}

/// What decided, the worst first: counterexamples, then by how many times as many were bad as may be.
fn why(
    verdict: Outcome,
    measured: &Measured,
    judged: &ScenarioVerdict,
    outcome: &suite::Outcome,
) -> Vec<String> {
    let wanted = |goal: &&Judged| match verdict {
        Outcome::Fail => {
            goal.verdict == Verdict::Fail && (judged.is_valid() || goal.goal.kind == Kind::Exact)
        }
        Outcome::Inconclusive => matches!(goal.verdict, Verdict::Inconclusive { .. }),
        Outcome::Pass | Outcome::Invalid => false,
    };
    let mut goals: Vec<&Judged> = judged.goals.iter().filter(wanted).collect();
    goals.sort_by(|a, b| excess(b).total_cmp(&excess(a)));
    let goals = goals.into_iter().map(|goal| report::goal(&measured.run, goal));
    let invalid = judged.invalid.iter().filter(|_| verdict == Outcome::Invalid).map(ToString::to_string);
    let stopped = measured.ended_early.iter().filter(|ended| ended.cause == Cause::Target);
    let stopped = stopped.map(|ended| format!("stopped: {}", ended.why));
    let books = outcome.judgement.audit_failed.then(|| "the target's own books are not in order".to_owned());
    goals.chain(invalid).chain(stopped).chain(books).collect()
}

fn excess(judged: &Judged) -> f64 {
    let allowed = judged.goal.claim.allowed();
    judged.share().map_or(0.0, |share| if allowed > 0.0 { share / allowed } else { f64::INFINITY })
}

/// p95 of the series that the first goal on response times is about.
fn p95_ms(measured: &Measured) -> Option<f64> {
    let series = main_series(measured)?;
    let p95 = measured.run.timing_named(&series)?.distribution(Column::SinceDue).percentile(95.0);
    p95.value.map(|value| value.as_secs_f64() * 1e3)
}

/// The series that the first goal on response times is about.
pub(super) fn main_series(measured: &Measured) -> Option<String> {
    let mut goals = measured.run.goals.iter().filter(|goal| goal.claim.response_time_limit().is_some());
    goals.find_map(|goal| match &goal.claim {
        Claim::Percentile { series, .. } => measured.run.timing(*series).map(|timing| timing.name.clone()),
        _ => None,
    })
}
