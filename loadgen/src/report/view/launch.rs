//! Whether the team can launch: a row for each scenario, and the goal that would break first.

mod minute;

use engine::{
    goal::Kind,
    verdict::{Judged, ScenarioVerdict, Verdict},
};

use super::{GoalRow, ScenarioView};
use crate::{
    judgement::Judgement,
    run::{Headroom, Run},
    scenarios,
    words::{number, percent},
};

/// What a launch is decided on.
pub(in crate::report) struct Launch {
    /// The scenarios that ran, in their order.
    pub(in crate::report) rows: Vec<LaunchRow>,
    /// The judged goal that used up the largest part of its limit, over the whole run; nothing where none was judged.
    pub(in crate::report) first_to_break: Option<String>,
}

/// One scenario.
pub(in crate::report) struct LaunchRow {
    /// Its name, `search-load`.
    pub(in crate::report) name: String,
    /// What a report calls it.
    pub(in crate::report) title: String,
    pub(in crate::report) verdict: &'static str,
    /// `6 of 7`: judged goals that held; and how many are void, if any.
    pub(in crate::report) held: String,
    /// The goal that is nearest to its limit: `p95 of GET /api/search < 1 200 ms`.
    pub(in crate::report) tightest: String,
    /// How near: `41 % below the limit`.
    pub(in crate::report) margin: String,
    /// The part of that limit that was used up; nothing where a goal has no parts (0 duplicates).
    pub(in crate::report) used: Option<f64>,
    /// What the interval says of that goal.
    pub(in crate::report) confidence: String,
    /// The worst minute, with the figure it is the worst of.
    pub(in crate::report) worst_minute: String,
    /// How much more it carries, or that this was not measured and what would.
    pub(in crate::report) headroom: String,
}

/// A goal that was judged, as a row and as figures.
type Pair<'a> = (&'a GoalRow, &'a Judged);

impl Launch {
    pub(super) fn new(
        run: &Run,
        judgement: &Judgement,
        scenarios: &[ScenarioView<'_>],
        overall: &[GoalRow],
    ) -> Self {
        let pairs = scenarios.iter().zip(&judgement.scenarios);
        let rows = pairs.clone().map(|(view, judged)| row(run, view, judged)).collect();
        let of_scenarios = pairs.filter_map(|(view, judged)| {
            Some((view.measured.run.name.as_str(), tightest(&view.goals, &judged.goals)?))
        });
        let suite = tightest(overall, &judgement.overall).map(|pair| ("the whole suite", pair));
        let nearest = of_scenarios
            .chain(suite)
            .reduce(|best, next| if tightness(next.1) > tightness(best.1) { next } else { best });
        Self { rows, first_to_break: nearest.map(|(name, (goal, _))| breaks(name, goal)) }
    }
}

fn row(run: &Run, view: &ScenarioView<'_>, judged: &ScenarioVerdict) -> LaunchRow {
    let name = view.measured.run.name.clone();
    let tightest = tightest(&view.goals, &judged.goals);
    LaunchRow {
        title: view.measured.title.clone(),
        verdict: view.verdict,
        held: view.held_and_void(),
        tightest: tightest.map_or_else(|| "no goal was judged".to_owned(), |(goal, _)| goal.claim()),
        margin: tightest.map(|(goal, _)| distance(goal)).unwrap_or_default(),
        used: tightest.and_then(|(goal, _)| goal.used),
        confidence: tightest.map(|(_, judged)| confidence(judged)).unwrap_or_default(),
        worst_minute: minute::worst(&view.measured.run, &judged.goals),
        headroom: headroom(&name, &run.headroom),
        name,
    }
}

/// The judged goal that is nearest to its limit, or furthest over it; a broken one without parts comes first.
fn tightest<'a>(rows: &'a [GoalRow], judged: &'a [Judged]) -> Option<Pair<'a>> {
    let decided =
        |verdict: &Verdict| matches!(verdict, Verdict::Pass | Verdict::Fail | Verdict::Inconclusive { .. });
    let pairs = rows.iter().zip(judged).filter(|(row, judged)| row.counts && decided(&judged.verdict));
    pairs.reduce(|best, next| if tightness(next) > tightness(best) { next } else { best })
}

/// What goals are put in order by: whether they are missed, then the part of the limit that was used up. One that is
/// broken outright is beyond every limit, and so is a percentile that nobody was given an answer at. An undecided one
/// without parts may yet break; one that holds outright says nothing of a margin.
fn tightness((goal, judged): Pair<'_>) -> (bool, f64) {
    let missed = judged.verdict == Verdict::Fail;
    let used = match (goal.used, &judged.verdict) {
        (Some(used), _) => used,
        (None, Verdict::Inconclusive { .. }) if !unanswered(judged) => f64::MIN_POSITIVE,
        (None, Verdict::Fail | Verdict::Inconclusive { .. }) => f64::INFINITY,
        (None, _) => -1.0,
    };
    (missed, used)
}

/// Whether the percentile falls among requests that were never answered.
fn unanswered(judged: &Judged) -> bool {
    judged.n > 0 && judged.observed.is_some_and(|seen| seen.value.is_none())
}

fn distance(goal: &GoalRow) -> String {
    match (goal.margin.is_empty(), goal.word) {
        (false, _) => goal.margin.clone(),
        (true, "FAIL") => format!("broken: {}", goal.observed),
        (true, "PASS") => "holds outright".to_owned(),
        (true, _) => format!("undecided: {}", goal.observed),
    }
}

fn breaks(scenario: &str, goal: &GoalRow) -> String {
    let claim = goal.claim();
    match (goal.word, goal.used) {
        ("FAIL", _) => format!("{scenario}, {claim}: already missed, {}", goal.seen()),
        (_, Some(used)) => {
            format!("{scenario}, {claim}: {} of the limit used; seen: {}", percent(used), goal.observed)
        }
        ("PASS", None) => format!("{scenario}, {claim}: holds, and nothing that was judged has a margin"),
        (_, None) => format!("{scenario}, {claim}: undecided, seen: {}", goal.seen()),
    }
}

/// What the interval says: how sure the verdict is, beside what is allowed.
fn confidence(judged: &Judged) -> String {
    let allowed = percent(judged.goal.claim.allowed());
    let seen = || format!("{} of {} seen", number(judged.n), number(judged.goal.planned));
    match (judged.goal.kind, judged.bounds, &judged.verdict) {
        (Kind::Exact, _, Verdict::Inconclusive { .. }) => format!("exact: no counterexample, {}", seen()),
        (Kind::Exact, ..) => "exact: one counterexample is enough".to_owned(),
        (Kind::Census, _, Verdict::Inconclusive { .. }) | (Kind::Sampled, None, _) => seen(),
        (Kind::Census, ..) if judged.n < judged.goal.planned => {
            format!("{}, the others could not change it", seen())
        }
        (Kind::Census, ..) => format!("all {} there were", number(judged.n)),
        (_, Some((low, _)), Verdict::Fail) => {
            format!("95 % sure: at least {} over, {allowed} allowed", percent(low))
        }
        (_, Some((low, high)), Verdict::Inconclusive { .. }) => {
            format!("undecided: {} to {} over, {allowed} allowed", percent(low), percent(high))
        }
        (_, Some((_, high)), _) => format!("95 % sure: at most {} over, {allowed} allowed", percent(high)),
    }
}

fn headroom(scenario: &str, known: &[Headroom]) -> String {
    let Some(found) = known.iter().find(|headroom| headroom.scenario == scenario) else {
        let fixed = scenarios::find(scenario).is_some_and(|scenario| scenario.fixed().is_some());
        return if fixed {
            "not measured: its size is part of what it promises".to_owned()
        } else {
            format!("not measured: loadgen limit --scenario {scenario}")
        };
    };
    let holds = format!("{:.2} × launch day holds", found.holds);
    match found.fails {
        Some(fails) => format!("{holds}, {fails:.2} × does not ({})", found.found_in),
        None => format!("{holds}, nothing higher failed ({})", found.found_in),
    }
}

#[cfg(test)]
mod tests;
