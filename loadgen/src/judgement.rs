//! A run, judged: a pure function of it, made again whenever a report is.

use engine::{
    exit::{self, Exit, Inconclusive, Outcome},
    gate::Reason,
    goal::Kind,
    verdict::{self, Judged, ScenarioVerdict, Verdict},
};

use crate::{
    media::lateness,
    run::{Measured, Run},
    stops::Cause,
    truth::TruthScore,
};

/// Every verdict of a run.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The scenarios, in the order of [`Run::scenarios`]; what the truth check holds against one is among
    /// its reasons to be INVALID.
    pub scenarios: Vec<ScenarioVerdict>,
    /// The goal over the whole suite.
    pub overall: Vec<Judged>,
    /// True when the target's own books are not in order.
    pub audit_failed: bool,
    ended: Ended,
}

/// How the run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    AsPlanned,
    Interrupted,
    /// By a stop condition: the target met it, or the generator itself.
    Stopped(Cause),
    /// Scenarios were not run, because the target was gone.
    Unfinished,
}

/// How many goals came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headline {
    /// They held.
    pub pass: usize,
    /// They did not.
    pub fail: usize,
    /// The sample does not say.
    pub inconclusive: usize,
    /// The plan was too small for them.
    pub not_judged: usize,
    /// They make no sense here.
    pub not_applicable: usize,
    /// They were not measured.
    pub not_measured: usize,
    /// What measured them fell short, and they alone are void.
    pub invalid: usize,
    /// They came out one way or the other in a scenario in which the generator fell short: it says nothing of them.
    pub void: usize,
    /// Scenarios in which the generator fell short.
    pub invalid_scenarios: usize,
}

/// A goal that was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed<'a> {
    /// Its name.
    pub goal: &'a str,
    /// What shows that it was.
    pub basis: Basis,
}

/// What shows that a goal was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// A counterexample: the goal is exact.
    Proof,
    /// Answers that took too long.
    Latency,
    /// A share or a count of something else.
    Share,
}

/// Judges a run.
pub fn judge(run: &Run) -> Judgement {
    let scenarios: Vec<ScenarioVerdict> = run.scenarios.iter().map(judge_scenario).collect();
    let runs: Vec<_> = run.scenarios.iter().map(|measured| &measured.run).collect();
    let overall = if runs.is_empty() {
        Vec::new()
    } else {
        vec![verdict::judge_errors_overall(&runs, run.overall.errors_below, run.overall.planned_requests)]
    };
    let audit_failed = run.audit.as_ref().is_some_and(|audit| !audit.ok);
    let causes = run
        .baseline
        .iter()
        .chain(&run.scenarios)
        .filter_map(|measured| Some(measured.ended_early.as_ref()?.cause));
    let ended = match causes.into_iter().find(|cause| cause.ends_the_run()) {
        _ if run.interrupted => Ended::Interrupted,
        Some(cause) => Ended::Stopped(cause),
        None if run.not_run.iter().all(|scenario| scenario.left_out) => Ended::AsPlanned,
        None => Ended::Unfinished,
    };
    Judgement { scenarios, overall, audit_failed, ended }
}

fn judge_scenario(measured: &Measured) -> ScenarioVerdict {
    let mut judged = verdict::judge(&measured.run);
    let misses = measured.truth.iter().flat_map(TruthScore::misses);
    judged.invalid.extend(misses.map(Reason::Mismeasured));
    let ended = measured.ended_early.iter().filter(|ended| ended.cause.invalidates());
    judged.invalid.extend(ended.map(|ended| Reason::Mismeasured(ended.why.clone())));
    judged.invalid.extend(lateness::too_late(&measured.run).map(Reason::Mismeasured));
    judged
}

/// Whether a goal came out one way or the other without that counting, because the generator fell short. An exact goal
/// that was missed counts however late the generator was.
pub fn is_void(judged: &Judged, valid: bool) -> bool {
    let decided = matches!(judged.verdict, Verdict::Pass | Verdict::Fail | Verdict::Inconclusive { .. });
    let proof = judged.goal.kind == Kind::Exact && judged.verdict == Verdict::Fail;
    decided && !valid && !proof
}

impl Judgement {
    /// What it says to the shell.
    ///
    /// A target that is gone between two scenarios says 3, unless a goal failed before: then that is said. A
    /// stop condition is a promise somebody made for the target: where the target met it, that is a failure like
    /// a goal's, whatever the cut-short samples say. 130 is left to people who end a run themselves, and a
    /// generator that had to be stopped is a generator that fell short. Scenarios left out on purpose do not count.
    pub fn exit(&self, inconclusive: Inconclusive) -> Exit {
        let outcome = Outcome {
            interrupted: self.ended == Ended::Interrupted,
            scenarios: &self.scenarios,
            overall: &self.overall,
            audit_failed: self.audit_failed,
            ..Outcome::default()
        };
        let exit = exit::decide(outcome, inconclusive);
        match (exit, self.ended) {
            (Exit::Interrupted | Exit::Failed, _) => exit,
            (_, Ended::Stopped(Cause::Target)) => Exit::Failed,
            (_, Ended::Unfinished) => Exit::Unreachable,
            _ => exit,
        }
    }

    /// True when the target met a stop condition.
    pub fn stopped(&self) -> bool {
        self.ended == Ended::Stopped(Cause::Target)
    }

    /// The goals of scenarios that were missed. Where the generator fell short only exact ones count.
    pub fn missed(&self) -> impl Iterator<Item = Missed<'_>> {
        self.scenarios.iter().flat_map(|scenario| {
            let missed = scenario.goals.iter().filter(|judged| judged.verdict == Verdict::Fail);
            missed.filter_map(|Judged { goal, .. }| {
                let basis = match goal.kind {
                    Kind::Exact => Basis::Proof,
                    _ if !scenario.is_valid() => return None,
                    _ if goal.claim.response_time_limit().is_some() => Basis::Latency,
                    _ => Basis::Share,
                };
                Some(Missed { goal: &goal.name, basis })
            })
        })
    }

    /// The goals of all scenarios and of the suite, counted by verdict.
    pub fn headline(&self) -> Headline {
        let mut counts = Headline::default();
        let of_scenarios = self.scenarios.iter().flat_map(|scenario| {
            let valid = scenario.is_valid();
            scenario.goals.iter().map(move |judged| (judged, valid))
        });
        let valid = self.scenarios.iter().all(ScenarioVerdict::is_valid);
        let overall = self.overall.iter().map(|judged| (judged, valid));
        for (judged, valid) in of_scenarios.chain(overall) {
            *match judged.verdict {
                _ if is_void(judged, valid) => &mut counts.void,
                Verdict::Pass => &mut counts.pass,
                Verdict::Fail => &mut counts.fail,
                Verdict::Inconclusive { .. } => &mut counts.inconclusive,
                Verdict::NotJudged { .. } => &mut counts.not_judged,
                Verdict::NotApplicable(_) => &mut counts.not_applicable,
                Verdict::NotMeasured(_) => &mut counts.not_measured,
                Verdict::Invalid(_) => &mut counts.invalid,
            } += 1;
        }
        counts.invalid_scenarios =
            self.scenarios.iter().filter(|scenario| !scenario.invalid.is_empty()).count();
        counts
    }
}
