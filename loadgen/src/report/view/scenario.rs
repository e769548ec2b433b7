//! One scenario, in the words and rows every format shows of it.

use std::slice;

use engine::verdict::{ScenarioVerdict, Verdict};

use super::{
    CounterRow, FaultRow, GoalRow, LatencyRow, LiveView, PagesView, PhaseRow, SlowRow, TruthRow, WarmUpRow,
    beside, figures, traced,
};
use crate::{
    run::{Measured, Run},
    stops::Cause,
    words::{count, number},
};

/// One scenario.
pub(in crate::report) struct ScenarioView<'a> {
    pub(in crate::report) measured: &'a Measured,
    pub(in crate::report) verdict: &'static str,
    /// In the order of the run's goals.
    pub(in crate::report) goals: Vec<GoalRow>,
    /// Why it is INVALID.
    pub(in crate::report) invalid: Vec<String>,
    /// What else is worth saying: drifting latency, the scenario's own notes.
    pub(in crate::report) findings: Vec<String>,
    pub(in crate::report) latencies: Vec<LatencyRow>,
    pub(in crate::report) phases: Vec<PhaseRow>,
    pub(in crate::report) faults: Vec<FaultRow>,
    /// The slowest requests whose trace was kept.
    pub(in crate::report) slowest: Vec<SlowRow>,
    pub(in crate::report) shares: Vec<[String; 3]>,
    pub(in crate::report) counters: Vec<CounterRow>,
    pub(in crate::report) health: Vec<[String; 2]>,
    pub(in crate::report) warm_up: Vec<WarmUpRow>,
    pub(in crate::report) truth: Vec<TruthRow>,
    /// Why nothing was scored, where nothing was.
    unscored: String,
    /// How the live session was, where it was one.
    pub(in crate::report) live: Option<LiveView>,
    /// What real browsers saw, where it has pages.
    pub(in crate::report) pages: Option<PagesView<'a>>,
}

impl<'a> ScenarioView<'a> {
    pub(super) fn new(whole: &Run, measured: &'a Measured, judged: &ScenarioVerdict) -> Self {
        let run = &measured.run;
        let goal = |goal| GoalRow::new(Some(run), goal, judged.is_valid());
        let goals: Vec<GoalRow> = judged.goals.iter().map(goal).collect();
        Self {
            measured,
            verdict: verdict_of(judged, stopped(measured)),
            pages: PagesView::new(measured, &goals),
            goals,
            invalid: judged.invalid.iter().map(ToString::to_string).collect(),
            findings: figures::findings(measured, judged),
            latencies: figures::latencies(run),
            phases: figures::phases(run),
            faults: figures::faults(measured),
            slowest: traced::slowest(&measured.traces),
            shares: figures::shares(run),
            counters: figures::counters(run),
            health: figures::health(run),
            warm_up: figures::warm_up(run),
            truth: beside::truth(measured),
            unscored: beside::unscored(slice::from_ref(measured), whole.faults.as_ref()),
            live: LiveView::new(measured),
        }
    }

    /// How many of its goals have this verdict, as far as it counts.
    pub(in crate::report) fn count(&self, word: &str) -> usize {
        self.goals.iter().filter(|goal| goal.word == word && goal.counts).count()
    }

    /// Verdicts that do not count, because the generator fell short.
    pub(in crate::report) fn void(&self) -> usize {
        self.goals.iter().filter(|goal| !goal.counts).count()
    }

    /// `6 of 7`: the goals that held, of those that were judged.
    pub(in crate::report) fn held(&self) -> String {
        let judged = self.count("PASS") + self.count("FAIL") + self.count("INCONCLUSIVE");
        format!("{} of {judged}", self.count("PASS"))
    }

    /// The same, and how many are void: `0 of 0, 5 void`.
    pub(in crate::report) fn held_and_void(&self) -> String {
        let void = self.void();
        if void > 0 { format!("{}, {void} void", self.held()) } else { self.held() }
    }

    /// Its goals, those first that need looking at.
    pub(in crate::report) fn worst_first(&self) -> Vec<&GoalRow> {
        let mut goals: Vec<&GoalRow> = self.goals.iter().collect();
        goals.sort_by_key(|goal| goal.rank());
        goals
    }

    /// The warm-up in a sentence.
    pub(in crate::report) fn warm_up_words(&self) -> String {
        let requests = number(self.measured.warm_up_requests);
        format!("{requests} requests before the start, in no other figure of this report")
    }

    /// How well the generator measured here, in a sentence.
    pub(in crate::report) fn truth_words(&self) -> String {
        match (self.measured.truth.as_ref(), self.truth.is_empty()) {
            (Some(score), false) if score.misses().is_empty() => {
                let routes = count(score.routes.len() as u64, "route", "routes");
                format!("{routes} scored, measured as the target held it")
            }
            (Some(_), false) => "what was measured is not what the target held".to_owned(),
            _ => format!("not scored: {}", self.unscored),
        }
    }
}

/// Whether the target met a condition that ended the scenario.
fn stopped(measured: &Measured) -> bool {
    measured.ended_early.as_ref().is_some_and(|ended| ended.cause == Cause::Target)
}

/// A scenario's verdict: what counts most of its goals', and whether it was stopped for the target's sake.
pub(in crate::report) fn verdict_of(judged: &ScenarioVerdict, stopped: bool) -> &'static str {
    let any = |wanted: fn(&Verdict) -> bool| judged.goals.iter().any(|goal| wanted(&goal.verdict));
    if judged.has_failed() {
        "FAIL"
    } else if stopped {
        "ABORTED"
    } else if !judged.is_valid() || any(|verdict| matches!(verdict, Verdict::Invalid(_))) {
        "INVALID"
    } else if any(|verdict| matches!(verdict, Verdict::Inconclusive { .. })) {
        "INCONCLUSIVE"
    } else if any(|verdict| *verdict == Verdict::Pass) {
        "PASS"
    } else {
        "NOT JUDGED"
    }
}
