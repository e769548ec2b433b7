//! What the scenarios promised: a line for each kind of promise of each scenario.

use engine::{
    goal::{Claim, Kind},
    run::ScenarioRun,
    verdict::{Judged, ScenarioVerdict, Verdict},
};

use super::{ERRORS, INTEGRITY, LIVE, Line, Mark, PAGES, PAYMENTS, PERFORMANCE};
use crate::{
    judgement::Judgement,
    report,
    run::Run,
    scenarios,
    words::{count, percent},
};

/// Shares that say whether somebody is kept out who should be.
const GUARDS: [&str; 3] = ["webhook_forged_refused", "foreign_token_refused", "used_refresh_token_refused"];
/// Shares of payments.
const MONEY: [&str; 2] = ["payment_processing_success", "declined_cards_refused"];
/// Counters of answers that are the server's fault.
const SERVER_ERRORS: [&str; 1] = ["server_errors"];

pub(super) fn lines(run: &Run, judgement: &Judgement) -> Vec<Line> {
    let mut lines: Vec<Line> =
        scenarios::ALL.into_iter().flat_map(|it| scenario(run, judgement, it.name())).collect();
    lines.push(overall(run, judgement));
    lines.push(books(run));
    lines
}

/// What kind of promise a goal is, and its words.
fn kind(run: &ScenarioRun, judged: &Judged) -> (&'static str, &'static str) {
    let name = match &judged.goal.claim {
        Claim::Always(share) | Claim::Share { share, .. } => run.share(*share).map(|it| it.name.as_str()),
        Claim::Never(counter) => run.counter(*counter).map(|it| it.name.as_str()),
        _ => None,
    };
    let is = |names: &[&str]| name.is_some_and(|name| names.contains(&name));
    match (&judged.goal.claim, run.name.as_str()) {
        _ if is(&GUARDS) => ("Security", "refuses what is forged, foreign or used up"),
        _ if is(&MONEY) => (PAYMENTS, "takes payments and says no to declined cards"),
        _ if is(&SERVER_ERRORS) => (ERRORS, "answers without a server error"),
        (Claim::Errors { .. } | Claim::RequestErrors { .. }, _) => (ERRORS, "keeps its share of errors"),
        _ if judged.goal.kind == Kind::Exact => (INTEGRITY, "loses, doubles and mixes up nothing"),
        (_, "rtc-load") => (LIVE, "keeps everybody connected and heard"),
        (_, "webhooks-load") => (PAYMENTS, "takes Stripe's events in time"),
        (_, "page-load") => (PAGES, "shows its pages in time"),
        _ => (PERFORMANCE, "answers in time"),
    }
}

fn scenario(run: &Run, judgement: &Judgement, name: &str) -> Vec<Line> {
    let judged = run.scenarios.iter().zip(&judgement.scenarios);
    let Some((measured, verdict)) = judged.into_iter().find(|(measured, _)| measured.run.name == name) else {
        let why =
            run.not_run.iter().find(|it| it.name == name).map_or("it was not chosen", |it| it.why.as_str());
        let (section, promise) = match name {
            "rtc-load" => (LIVE, "keeps everybody connected and heard"),
            "webhooks-load" => (PAYMENTS, "takes Stripe's events in time"),
            "page-load" => (PAGES, "shows its pages in time"),
            _ => (PERFORMANCE, "answers in time"),
        };
        return vec![Line::unknown(
            section,
            format!("{name} {promise}"),
            format!("{name} did not run: {why}"),
        )];
    };
    let mut kinds: Vec<((&str, &str), Vec<&Judged>)> = Vec::new();
    for judged in &verdict.goals {
        let kind = kind(&measured.run, judged);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, goals)) => goals.push(judged),
            None => kinds.push((kind, vec![judged])),
        }
    }
    let line = |((section, promise), goals): ((&'static str, &str), Vec<&Judged>)| {
        let (mark, because) = mark(&measured.run, verdict, &goals);
        Line::new(section, format!("{name} {promise}"), mark, because)
    };
    kinds.into_iter().map(line).collect()
}

/// What several goals say together.
fn mark(run: &ScenarioRun, verdict: &ScenarioVerdict, goals: &[&Judged]) -> (Mark, String) {
    let told = |judged: &Judged| report::goal(run, judged);
    let counts = |judged: &Judged| verdict.is_valid() || judged.goal.kind == Kind::Exact;
    let failed: Vec<String> =
        goals.iter().filter(|it| it.verdict == Verdict::Fail && counts(it)).map(|it| told(it)).collect();
    if !failed.is_empty() {
        return (Mark::NotMet, failed.join("; "));
    }
    if let Some(why) = verdict.invalid.first() {
        return (Mark::NotMeasurable, format!("the scenario is INVALID: {why}"));
    }
    let passed = goals.iter().filter(|it| it.verdict == Verdict::Pass).count();
    let applies = goals.iter().filter(|it| !matches!(it.verdict, Verdict::NotApplicable(_))).count();
    let held = format!("{passed} of {} held", count(applies as u64, "goal", "goals"));
    let open = goals.iter().filter(|it| !matches!(it.verdict, Verdict::Pass | Verdict::NotApplicable(_)));
    let open: Vec<String> = open.map(|it| format!("{}: {}", it.goal.name, it.verdict)).collect();
    match (open.is_empty(), passed) {
        (true, 0) => (Mark::NotMeasurable, "no goal of it applies here".to_owned()),
        (true, _) => (Mark::Met, held),
        (false, _) => (Mark::NotMeasurable, format!("{held}; {}", open.join("; "))),
    }
}

fn overall(run: &Run, judgement: &Judgement) -> Line {
    let claim = format!("fewer than {} of all requests fail", percent(run.overall.errors_below));
    let Some(judged) = judgement.overall.first() else { return Line::unknown(ERRORS, claim, "nothing ran") };
    let seen =
        format!("{} of {} failed", crate::words::number(judged.bad), count(judged.n, "request", "requests"));
    let valid = judgement.scenarios.iter().all(ScenarioVerdict::is_valid);
    match &judged.verdict {
        _ if !valid => Line::unknown(ERRORS, claim, format!("{seen}; a scenario is INVALID")),
        Verdict::Pass => Line::new(ERRORS, claim, Mark::Met, seen),
        Verdict::Fail => Line::new(ERRORS, claim, Mark::NotMet, seen),
        open => Line::unknown(ERRORS, claim, format!("{seen}: {open}")),
    }
}

fn books(run: &Run) -> Line {
    let claim = "the target's own books are in order";
    let Some(audit) = &run.audit else {
        return Line::unknown(
            INTEGRITY,
            claim,
            "they were not read (no admin token, or the target keeps none)",
        );
    };
    let broken: Vec<String> = audit
        .checks
        .iter()
        .filter(|check| !check.ok)
        .map(|check| format!("{} is broken: {}", check.name, check.offenders.join(", ")))
        .collect();
    let sound = format!(
        "{} of {} hold",
        audit.checks.len() - broken.len(),
        count(audit.checks.len() as u64, "invariant", "invariants")
    );
    let because = if broken.is_empty() { sound } else { format!("{sound}; {}", broken.join("; ")) };
    Line::new(INTEGRITY, claim, Mark::of(audit.ok), because)
}
