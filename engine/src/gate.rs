//! Whether the generator itself did what it should: only then may it judge the target.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    goal::Standing,
    histogram::Distribution,
    record::Column,
    run::{FlowRun, ScenarioRun},
    workers::WorkerLost,
};

/// Why a scenario is INVALID, with its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Fewer than 99 % of the planned starts were made.
    Shortfall {
        /// Which flow.
        flow: String,
        /// Starts made.
        achieved: u64,
        /// Starts that were due.
        planned: u64,
    },
    /// The generator's own p99 lateness is over a tenth of the tightest response-time limit.
    Late {
        /// Its p99.
        p99: Duration,
        /// The most allowed.
        allowed: Duration,
    },
    /// Arrivals were given up because too many were in flight.
    Dropped {
        /// Which flow.
        flow: String,
        /// How many.
        dropped: u64,
    },
    /// The generator used over 90 % of the processor time it may have, for five seconds or longer.
    Cpu {
        /// The most cores it used, averaged over the stretch.
        cores: f64,
        /// What it may have.
        allowed: f64,
        /// How long.
        seconds: f64,
    },
    /// A worker was lost.
    Worker(WorkerLost),
    /// A virtual user panicked.
    UserPanicked {
        /// Which flow.
        flow: String,
        /// How many.
        count: u64,
    },
    /// What was measured is not what the target did, by the target's own books; in words.
    Mismeasured(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |duration: &Duration| duration.as_secs_f64() * 1e3;
        match self {
            Self::Shortfall { flow, achieved, planned } => {
                let percent = 100.0 * *achieved as f64 / (*planned).max(1) as f64;
                write!(
                    f,
                    "{flow}: {achieved} of {planned} planned starts made ({percent:.1} %; at least 99 % needed)"
                )
            }
            Self::Late { p99, allowed } => write!(
                f,
                "the load generator was late itself: p99 {:.1} ms; at most {:.1} ms (a tenth of the tightest limit) allowed",
                ms(p99),
                ms(allowed)
            ),
            Self::Dropped { flow, dropped } => {
                write!(f, "{flow}: {dropped} arrivals dropped because too many were in flight")
            }
            Self::Cpu { cores, allowed, seconds } => write!(
                f,
                "the load generator kept {cores:.2} of its {allowed:.2} cores busy for {seconds:.0} s (at most 90 % for under 5 s allowed)"
            ),
            Self::Worker(lost) => lost.fmt(f),
            Self::Mismeasured(what) => f.write_str(what),
            Self::UserPanicked { flow, count } => write!(f, "{flow}: {count} virtual users panicked"),
        }
    }
}

/// The part of the planned starts that has to be made.
pub const ACHIEVED: f64 = 0.99;
/// The part of the processor time allowed that may be used …
pub const BUSY: f64 = 0.9;
/// … and for how many seconds more is tolerated.
pub const BUSY_S: f64 = 5.0;

/// Everything that makes a run invalid; empty when it is valid.
pub fn check(run: &ScenarioRun) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = run.health.lost.iter().cloned().map(Reason::Worker).collect();
    reasons.extend(run.flows.iter().flat_map(flow_reasons));
    reasons.extend(lateness(run));
    reasons.extend(busy(run));
    reasons
}

/// Starts that were due and not made, dropped, or died of a defect. Turns held back behind an answer
/// that would not come are the target's doing, and those cut short by an interruption nobody's.
fn flow_reasons(run: &FlowRun) -> Vec<Reason> {
    let (flow, tally) = (run.flow.name.clone(), &run.tally);
    let mut reasons = Vec::new();
    let planned = tally.planned.saturating_sub(tally.cut_short);
    let achieved = tally.started + tally.held_back;
    if (achieved as f64) < ACHIEVED * planned as f64 {
        reasons.push(Reason::Shortfall { flow: flow.clone(), achieved, planned });
    }
    if tally.dropped > 0 {
        reasons.push(Reason::Dropped { flow: flow.clone(), dropped: tally.dropped });
    }
    if tally.panicked > 0 {
        reasons.push(Reason::UserPanicked { flow, count: tally.panicked });
    }
    reasons
}

/// The tightest limit on a response time among the goals that apply.
fn tightest(run: &ScenarioRun) -> Option<Duration> {
    let applying = run.goals.iter().filter(|goal| goal.standing == Standing::Applies);
    applying.filter_map(|goal| goal.claim.response_time_limit()).min()
}

/// The generator's own p99 lateness, of starts or of samples, whichever is worse: a flow's later
/// steps have no start of their own, and a turn may send nothing.
pub fn lateness_p99(run: &ScenarioRun) -> Option<Duration> {
    let samples = run.timings.iter().filter_map(|timing| timing.column(Column::Lateness));
    let samples = Distribution::of(samples.flat_map(|column| &column.cells));
    let starts = run.health.starts.distribution();
    [samples, starts].iter().filter_map(|all| all.percentile(99.0).value).max()
}

/// The most that [`lateness_p99`] may be: a tenth of the tightest limit on a response time; `None` where no goal
/// has one.
pub fn lateness_allowed(run: &ScenarioRun) -> Option<Duration> {
    tightest(run).map(|tightest| tightest / 10)
}

fn lateness(run: &ScenarioRun) -> Option<Reason> {
    let (p99, allowed) = (lateness_p99(run)?, lateness_allowed(run)?);
    (p99 > allowed).then_some(Reason::Late { p99, allowed })
}

/// The longest unbroken stretch of looks that found the processor busy.
fn busy(run: &ScenarioRun) -> Option<Reason> {
    let allowed = run.health.cores;
    let stretches = run.health.cpu.chunk_by(|a, b| (a.cores > BUSY * allowed) == (b.cores > BUSY * allowed));
    let busy = stretches.filter(|stretch| stretch[0].cores > BUSY * allowed).map(|stretch| {
        let seconds: f64 = stretch.iter().map(|look| look.length_s).sum();
        let core_seconds: f64 = stretch.iter().map(|look| look.cores * look.length_s).sum();
        Reason::Cpu { cores: core_seconds / seconds, allowed, seconds }
    });
    let length = |reason: &Reason| if let Reason::Cpu { seconds, .. } = reason { *seconds } else { 0.0 };
    busy.max_by(|a, b| length(a).total_cmp(&length(b))).filter(|longest| length(longest) >= BUSY_S)
}
