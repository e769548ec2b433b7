//! A run in a few lines, for the terminal.

use std::fmt::Write as _;

use engine::verdict::{Judged, ScenarioVerdict, Verdict};

use crate::{
    judgement::{Headline, Judgement},
    plan_text::grouped,
    run::Run,
};

/// What came of it: each scenario in a line, every goal that was missed, the books, the headline.
pub fn text(run: &Run, judgement: &Judgement) -> String {
    let mut text = String::new();
    for (measured, verdict) in run.scenarios.iter().zip(&judgement.scenarios) {
        let (requests, failed) = measured.run.requests();
        let _ = writeln!(
            text,
            "{:7} {:16} {} requests, {} failed",
            word(verdict),
            verdict.name,
            grouped(requests),
            grouped(failed)
        );
        for reason in &verdict.invalid {
            let _ = writeln!(text, "          invalid: {reason}");
        }
        verdict.goals.iter().for_each(|judged| text.push_str(&missed(judged)));
        if measured.truth.as_ref().is_some_and(|truth| !truth.scored()) {
            text.push_str("          truth: not scored (no route has 1 000 samples)\n");
        }
    }
    for left in &run.not_run {
        let _ = writeln!(text, "NOT RUN {:16} {}", left.name, left.why);
    }
    for judged in &judgement.overall {
        let _ = writeln!(text, "{:7} over all         {}", short(&judged.verdict), judged.goal.name);
    }
    for check in run.audit.iter().flat_map(|audit| &audit.checks).filter(|check| !check.ok) {
        let _ = writeln!(text, "AUDIT   {}: {}", check.name, check.offenders.join(", "));
    }
    for note in &run.notes {
        let _ = writeln!(text, "note    {note}");
    }
    let _ = writeln!(text, "{}", headline(judgement.headline(), run.meta.preset.name()));
    text
}

/// `31 PASS, 14 not judged at smoke`.
pub fn headline(counts: Headline, preset: &str) -> String {
    let mut parts = vec![format!("{} PASS", counts.pass)];
    let mut add = |n: usize, what: &str| {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    };
    add(counts.fail, "FAIL");
    add(counts.inconclusive, "INCONCLUSIVE");
    add(counts.not_judged, &format!("not judged at {preset}"));
    add(counts.not_applicable, "not applicable");
    add(counts.not_measured, "not measured");
    add(
        counts.invalid_scenarios,
        if counts.invalid_scenarios == 1 { "scenario INVALID" } else { "scenarios INVALID" },
    );
    parts.join(", ")
}

/// The one word for a scenario: INVALID before everything but a failed exact goal.
pub fn word(verdict: &ScenarioVerdict) -> &'static str {
    if verdict.has_failed() {
        "FAIL"
    } else if !verdict.is_valid() {
        "INVALID"
    } else if verdict.goals.iter().any(|judged| matches!(judged.verdict, Verdict::Inconclusive { .. })) {
        "UNSURE"
    } else {
        "PASS"
    }
}

fn short(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Fail => "FAIL",
        Verdict::Inconclusive { .. } => "UNSURE",
        Verdict::NotJudged { .. } | Verdict::NotApplicable(_) | Verdict::NotMeasured(_) => "–",
    }
}

fn missed(judged: &Judged) -> String {
    match judged.verdict {
        Verdict::Fail | Verdict::Inconclusive { .. } => {
            format!(
                "          {}: {} ({} of {} bad)\n",
                judged.verdict,
                judged.goal.name,
                grouped(judged.bad),
                grouped(judged.n)
            )
        }
        _ => String::new(),
    }
}
