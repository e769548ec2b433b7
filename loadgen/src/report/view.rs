//! What every format shows, computed once from the run: a report's sentences have no other source.

mod beside;
mod figures;
mod goals;
mod launch;
mod live;
mod pages;
mod scheduled;
mod traced;

use engine::{
    exit::{Exit, Inconclusive},
    run::ScenarioRun,
    verdict::{Judged, ScenarioVerdict, Verdict},
};

pub(super) use beside::{BaselineRow, TruthRow};
pub(super) use figures::{CounterRow, FaultRow, LatencyRow, PHASES, PhaseRow, WarmUpRow};
pub(super) use goals::GoalRow;
pub(super) use launch::{Launch, LaunchRow};
pub(super) use live::{LiveView, Matrix, Step, bitrates, share};
pub(super) use pages::{Bar, Dot, FilmView, Group, How, LCP, Mark, Pages, PagesView, Spread, not_done};
pub(super) use scheduled::ScheduledRow;
pub(super) use traced::SlowRow;

use crate::{
    bottlenecks::{self, Bottlenecks},
    judgement::{self, Judgement},
    readiness::{self, Line},
    run::{Measured, Run},
    stops::Cause,
    words::{count, number},
};

/// A run with its verdicts, ready to be written down.
pub(super) struct View<'a> {
    pub(super) run: &'a Run,
    judgement: Judgement,
    pub(super) scenarios: Vec<ScenarioView<'a>>,
    pub(super) overall: Vec<GoalRow>,
    /// Whether the team can launch, scenario by scenario.
    pub(super) launch: Launch,
    /// One user alone, beside what the crowd felt.
    pub(super) baseline: Vec<BaselineRow>,
    /// What gave way first, and what to do about it.
    pub(super) bottlenecks: Bottlenecks,
    /// The production-readiness checklist.
    pub(super) readiness: Vec<Line>,
    /// Faults the target was told to have.
    pub(super) scheduled: Vec<ScheduledRow>,
}

/// What can be wrong with a goal.
pub(super) struct Wanting {
    /// Its verdict.
    pub(super) word: &'static str,
    /// Over a list of such goals.
    pub(super) title: &'static str,
    /// Before one of them.
    pub(super) told: &'static str,
}

const WANTING: [Wanting; 3] = [
    Wanting { word: "FAIL", title: "Goals missed", told: "missed" },
    Wanting {
        word: "INVALID",
        title: "Goals that are INVALID: what measured them fell short",
        told: "invalid",
    },
    Wanting { word: "INCONCLUSIVE", title: "Goals that are undecided", told: "undecided" },
];

/// One scenario.
pub(super) struct ScenarioView<'a> {
    pub(super) measured: &'a Measured,
    pub(super) verdict: &'static str,
    /// In the order of the run's goals.
    pub(super) goals: Vec<GoalRow>,
    /// Why it is INVALID.
    pub(super) invalid: Vec<String>,
    /// What else is worth saying: drifting latency, the scenario's own notes.
    pub(super) findings: Vec<String>,
    pub(super) latencies: Vec<LatencyRow>,
    pub(super) phases: Vec<PhaseRow>,
    pub(super) faults: Vec<FaultRow>,
    /// The slowest requests whose trace was kept.
    pub(super) slowest: Vec<SlowRow>,
    pub(super) shares: Vec<[String; 3]>,
    pub(super) counters: Vec<CounterRow>,
    pub(super) health: Vec<[String; 2]>,
    pub(super) warm_up: Vec<WarmUpRow>,
    pub(super) truth: Vec<TruthRow>,
    /// How the live session was, where it was one.
    pub(super) live: Option<LiveView>,
    /// What real browsers saw, where it has pages.
    pub(super) pages: Option<PagesView<'a>>,
}

impl<'a> View<'a> {
    pub(super) fn new(run: &'a Run) -> Self {
        let judgement = judgement::judge(run);
        let judged = run.scenarios.iter().zip(&judgement.scenarios);
        let scenarios: Vec<_> =
            judged.map(|(measured, judged)| ScenarioView::new(measured, judged)).collect();
        let valid = judgement.scenarios.iter().all(ScenarioVerdict::is_valid);
        let overall: Vec<_> = judgement.overall.iter().map(|goal| GoalRow::new(None, goal, valid)).collect();
        Self {
            run,
            launch: Launch::new(run, &judgement, &scenarios, &overall),
            scenarios,
            overall,
            baseline: beside::baseline(run),
            bottlenecks: bottlenecks::find(run),
            readiness: readiness::walk(run),
            scheduled: scheduled::rows(run),
            judgement,
        }
    }

    /// Whether the team can launch, as far as this run says; it agrees with the exit code.
    pub(super) fn answer(&self) -> &'static str {
        answer(&self.judgement)
    }

    /// The goals counted by verdict: "31 PASS, 14 not judged at smoke".
    pub(super) fn headline(&self) -> String {
        let counts = self.judgement.headline();
        let not_judged = format!("not judged at {}", self.run.meta.preset);
        let parts = [
            (counts.fail, "FAIL"),
            (counts.inconclusive, "INCONCLUSIVE"),
            (counts.invalid, "INVALID"),
            (counts.not_judged, &not_judged),
            (counts.not_measured, "not measured"),
            (counts.not_applicable, "not applicable"),
        ];
        let parts = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}"));
        let scenarios = [
            (counts.invalid_scenarios, "scenario INVALID", "scenarios INVALID"),
            (self.run.not_run.len(), "scenario NOT RUN", "scenarios NOT RUN"),
        ];
        let scenarios = scenarios.into_iter().filter(|(n, ..)| *n > 0);
        let scenarios = scenarios.map(|(n, one, many)| format!(", {}", count(n as u64, one, many)));
        format!("{} PASS{}", counts.pass, parts.chain(scenarios).collect::<String>())
    }

    /// Goals with this verdict, each with its scenario's name, in order; those of the whole suite last.
    pub(super) fn goals(&self, word: &str) -> Vec<(&str, &GoalRow)> {
        let of_scenarios = self.scenarios.iter().flat_map(|scenario| {
            let name = scenario.measured.run.name.as_str();
            scenario.goals.iter().map(move |goal| (name, goal))
        });
        let overall = self.overall.iter().map(|goal| ("suite", goal));
        of_scenarios.chain(overall).filter(|(_, goal)| goal.word == word).collect()
    }

    /// Goals that need looking at, by what is wrong with them; kinds that have none are left out.
    pub(super) fn wanting(&self) -> Vec<(&'static Wanting, Vec<(&str, &GoalRow)>)> {
        let kinds = WANTING.iter().map(|kind| (kind, self.goals(kind.word)));
        kinds.filter(|(_, goals)| !goals.is_empty()).collect()
    }

    /// Goals this run says nothing about, whatever the target.
    pub(super) fn silent(&self) -> Vec<(&str, &GoalRow)> {
        [self.goals("NOT JUDGED"), self.goals("NOT MEASURED")].concat()
    }

    /// Reasons for which scenarios are INVALID, each with the scenario's name.
    pub(super) fn invalid(&self) -> Vec<(&str, &str)> {
        let reasons = self.scenarios.iter().flat_map(|scenario| {
            let name = scenario.measured.run.name.as_str();
            scenario.invalid.iter().map(move |reason| (name, reason.as_str()))
        });
        reasons.collect()
    }

    /// The target's own books in a sentence.
    pub(super) fn books(&self) -> String {
        let Some(audit) = &self.run.audit else {
            return "not read (no admin token, or the target keeps none)".to_owned();
        };
        let sound = audit.checks.iter().filter(|check| check.ok).count();
        let verdict = if audit.ok { "PASS" } else { "FAIL" };
        format!("{verdict}: {sound} of {} invariants hold", audit.checks.len())
    }

    /// The scheduled faults in a sentence, if there were any.
    pub(super) fn scheduled(&self) -> Option<String> {
        scheduled::sentence(self.run)
    }

    /// Invariants of the target's own books that do not hold.
    pub(super) fn broken(&self) -> Vec<String> {
        let checks = self.run.audit.iter().flat_map(|audit| &audit.checks).filter(|check| !check.ok);
        checks.map(|check| format!("{}: {}", check.name, check.offenders.join(", "))).collect()
    }

    /// How well the generator measured, over all scenarios, in a sentence.
    pub(super) fn truth(&self) -> String {
        let scored = self.scenarios.iter().filter(|scenario| !scenario.truth.is_empty()).count();
        if scored == 0 {
            return format!("not scored: {}", beside::unscored(&self.run.scenarios));
        }
        let compared = self.run.scenarios.iter().filter_map(|measured| measured.truth.as_ref());
        let (routes, misses) =
            compared.fold((0, 0), |sum, score| (sum.0 + score.routes.len(), sum.1 + score.misses().len()));
        let routes = count(routes as u64, "route", "routes");
        let of = format!("{routes} in {scored} of {} scenarios", self.scenarios.len());
        match misses {
            0 => format!("{of} scored, all agree with what the target held"),
            misses => {
                format!("{of} scored, {}", count(misses as u64, "percentile differs", "percentiles differ"))
            }
        }
    }
}

impl<'a> ScenarioView<'a> {
    fn new(measured: &'a Measured, judged: &ScenarioVerdict) -> Self {
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
            live: LiveView::new(measured),
        }
    }

    /// How many of its goals have this verdict.
    pub(super) fn count(&self, word: &str) -> usize {
        self.goals.iter().filter(|goal| goal.word == word).count()
    }

    /// `6 of 7`: the goals that held, of those that were judged.
    pub(super) fn held(&self) -> String {
        let judged = self.count("PASS") + self.count("FAIL") + self.count("INCONCLUSIVE");
        format!("{} of {judged}", self.count("PASS"))
    }

    /// Its goals, those first that need looking at.
    pub(super) fn worst_first(&self) -> Vec<&GoalRow> {
        let mut goals: Vec<&GoalRow> = self.goals.iter().collect();
        goals.sort_by_key(|goal| goal.rank());
        goals
    }

    /// The warm-up in a sentence.
    pub(super) fn warm_up_words(&self) -> String {
        let requests = number(self.measured.warm_up_requests);
        format!("{requests} requests before the start, in no other figure of this report")
    }

    /// How well the generator measured here, in a sentence.
    pub(super) fn truth_words(&self) -> String {
        let measured = std::slice::from_ref(self.measured);
        match (self.measured.truth.as_ref(), self.truth.is_empty()) {
            (Some(score), false) if score.misses().is_empty() => {
                let routes = count(score.routes.len() as u64, "route", "routes");
                format!("{routes} scored, measured as the target held it")
            }
            (Some(_), false) => "what was measured is not what the target held".to_owned(),
            _ => format!("not scored: {}", beside::unscored(measured)),
        }
    }
}

/// Whether the team can launch, as far as this says.
pub(super) fn answer(judgement: &Judgement) -> &'static str {
    match judgement.exit(Inconclusive::Own) {
        Exit::Interrupted => "INTERRUPTED: this report is a partial one",
        Exit::Failed if judgement.audit_failed => "FAIL: the target's own books are not in order",
        Exit::Failed if judgement.stopped() => "FAIL: a stop condition ended the run",
        Exit::Failed => "FAIL: goals were missed",
        Exit::Usage | Exit::Unreachable => "NOT FINISHED: scenarios were not run",
        Exit::Invalid => "INVALID: the load generator itself fell short",
        Exit::Inconclusive => "INCONCLUSIVE: the sample does not decide every goal",
        Exit::Ok => "PASS: every goal that was judged held",
    }
}

/// A goal and what was seen of it, in one line.
pub(super) fn goal(run: &ScenarioRun, judged: &Judged) -> String {
    let row = GoalRow::new(Some(run), judged, true);
    format!("{}: {} ({})", row.name, row.claim(), row.seen())
}

/// Whether the target met a condition that ended the scenario.
fn stopped(measured: &Measured) -> bool {
    measured.ended_early.as_ref().is_some_and(|ended| ended.cause == Cause::Target)
}

/// A scenario's verdict: what counts most of its goals', and whether it was stopped for the target's sake.
pub(super) fn verdict_of(judged: &ScenarioVerdict, stopped: bool) -> &'static str {
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
