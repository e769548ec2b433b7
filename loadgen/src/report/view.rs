//! What every format shows, computed once from the run: a report's sentences have no other source.

mod beside;
mod figures;
mod goals;
mod launch;
mod live;
mod pages;
mod scenario;
mod scheduled;
mod silent;
mod traced;

use engine::{
    exit::{Exit, Inconclusive},
    run::ScenarioRun,
    verdict::{Judged, ScenarioVerdict},
};

pub(super) use beside::{BaselineRow, TruthRow};
pub(super) use figures::{CounterRow, FaultRow, LatencyRow, PHASES, PhaseRow, WarmUpRow, cut_short};
pub(super) use goals::GoalRow;
pub(super) use launch::{Launch, LaunchRow};
pub(super) use live::{LiveView, Matrix, Step, bitrates, share};
pub(super) use pages::{Bar, Dot, FilmView, Group, How, LCP, Mark, Pages, PagesView, Spread, not_done};
pub(super) use scenario::{ScenarioView, verdict_of};
pub(super) use scheduled::ScheduledRow;
pub(super) use traced::SlowRow;

use crate::{
    bottlenecks::{self, Bottlenecks},
    judgement::{self, Judgement},
    readiness::{self, Line},
    run::Run,
    words::count,
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

impl<'a> View<'a> {
    pub(super) fn new(run: &'a Run) -> Self {
        let judgement = judgement::judge(run);
        let judged = run.scenarios.iter().zip(&judgement.scenarios);
        let scenarios: Vec<_> =
            judged.map(|(measured, judged)| ScenarioView::new(run, measured, judged)).collect();
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
            (counts.void, "void"),
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

    /// Goals with this verdict, as far as it counts, each with its scenario's name, in order; those of the whole suite
    /// last.
    pub(super) fn goals(&self, word: &str) -> Vec<(&str, &GoalRow)> {
        let of_scenarios = self.scenarios.iter().flat_map(|scenario| {
            let name = scenario.measured.run.name.as_str();
            scenario.goals.iter().map(move |goal| (name, goal))
        });
        let overall = self.overall.iter().map(|goal| ("suite", goal));
        of_scenarios.chain(overall).filter(|(_, goal)| goal.word == word && goal.counts).collect()
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

    /// Sides of the run that nobody looked at, a sentence each.
    pub(super) fn unmeasured(&self) -> Vec<String> {
        silent::unmeasured(self)
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
            return format!("not read ({})", beside::unread(self.run));
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
            return format!(
                "not scored: {}",
                beside::unscored(&self.run.scenarios, self.run.faults.as_ref())
            );
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
