//! The worst minute of a scenario: the one in which a judged figure came nearest to its limit, or furthest over it.

use std::time::Duration;

use engine::{
    goal::Claim,
    histogram::Distribution,
    record::{Column, Role},
    run::{Outcomes, ScenarioRun, TimingRun},
    verdict::Judged,
};

use crate::words::{duration, percent};

/// Seconds of a minute.
const MINUTE: i64 = 60;

/// One figure in one minute.
struct Minute {
    number: i64,
    /// What it was, in words: `p95 of GET /api/search 405 ms`.
    figure: String,
    /// The part of the limit that was used up.
    used: f64,
}

/// The worst minute in words.
pub(super) fn worst(run: &ScenarioRun, goals: &[Judged]) -> String {
    let minutes = goals.iter().filter(|judged| judged.goal.judged()).flat_map(|judged| of(run, judged));
    let Some(worst) = minutes.reduce(|worst, next| if next.used > worst.used { next } else { worst }) else {
        return "no judged figure has enough samples in one minute".to_owned();
    };
    let limit = if worst.used.is_finite() {
        format!("{:.0} % of its limit", worst.used * 100.0)
    } else {
        "beyond its limit".to_owned()
    };
    format!("{}: {}, {limit}", span(worst.number, run.duration), worst.figure)
}

/// `2:00 to 3:00`; a run that is over sooner ends its last minute.
fn span(number: i64, long: Duration) -> String {
    let clock = |seconds: i64| format!("{}:{:02}", seconds / MINUTE, seconds % MINUTE);
    let from = number * MINUTE;
    let last = i64::try_from(long.as_secs_f64().ceil() as u64).unwrap_or(i64::MAX);
    format!("{} to {}", clock(from), clock((from + MINUTE).min(last.max(from + 1))))
}

/// The minutes in which there is enough to tell a goal's figure.
fn of(run: &ScenarioRun, judged: &Judged) -> Vec<Minute> {
    match &judged.goal.claim {
        Claim::Percentile { series, column: Column::SinceDue, percent, limit } => {
            run.timing(*series).map(|timing| slow(timing, *percent, *limit)).unwrap_or_default()
        }
        Claim::Errors { series, below } => run
            .timing(*series)
            .map(|timing| wrong(&format!("errors of {}", timing.name), &timing.outcomes, *below))
            .unwrap_or_default(),
        Claim::RequestErrors { below } => {
            let endpoints = run.timings.iter().filter(|timing| timing.role == Role::Endpoint);
            let outcomes: Vec<Outcomes> = endpoints.flat_map(|timing| timing.outcomes.clone()).collect();
            wrong("failed requests", &outcomes, *below)
        }
        Claim::Percentile { .. } | Claim::Share { .. } | Claim::Always(_) | Claim::Never(_) => Vec::new(),
    }
}

fn slow(timing: &TimingRun, p: f64, limit: Duration) -> Vec<Minute> {
    let Some(column) = timing.column(Column::SinceDue) else { return Vec::new() };
    // Of fewer, the percentile would be the slowest one.
    let enough = (100.0 / (100.0 - p).max(1e-9)).ceil() as u64;
    let mut cells: Vec<_> = column.cells.iter().collect();
    cells.sort_by_key(|cell| cell.second);
    let minutes = cells.chunk_by(|a, b| minute(a.second) == minute(b.second)).filter_map(|cells| {
        let all = Distribution::of(cells.iter().copied());
        if all.count() + all.unanswered() < enough {
            return None;
        }
        let value = all.percentile(p).value;
        let said = value.map_or_else(|| "no answer".to_owned(), duration);
        Some(Minute {
            number: minute(cells.first()?.second),
            figure: format!("p{p} of {} {said}", timing.name),
            used: value.map_or(f64::INFINITY, |value| value.as_secs_f64() / limit.as_secs_f64()),
        })
    });
    minutes.collect()
}

fn wrong(what: &str, outcomes: &[Outcomes], below: f64) -> Vec<Minute> {
    // Of fewer, a single failure would be beyond the limit.
    let enough = (1.0 / below.max(1e-9)).ceil() as u64;
    let mut outcomes = outcomes.to_vec();
    outcomes.sort_by_key(|outcome| outcome.second);
    let minutes = outcomes.chunk_by(|a, b| minute(a.second) == minute(b.second)).filter_map(|outcomes| {
        let (ok, failed) =
            outcomes.iter().fold((0, 0), |sum, outcome| (sum.0 + outcome.ok, sum.1 + outcome.failed));
        if ok + failed < enough {
            return None;
        }
        let share = failed as f64 / (ok + failed) as f64;
        Some(Minute {
            number: minute(outcomes.first()?.second),
            figure: format!("{what} {}", percent(share)),
            used: share / below,
        })
    });
    minutes.collect()
}

fn minute(second: i64) -> i64 {
    second.div_euclid(MINUTE)
}
