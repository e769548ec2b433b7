//! What a run does not say: what was not run, not judged, not measured.

use super::plain;
use crate::report::view::View;

pub(super) fn part(out: &mut String, view: &View<'_>) {
    let (left, goals, sides) = (&view.run.not_run, view.silent(), unmeasured(view));
    if left.is_empty() && goals.is_empty() && sides.is_empty() {
        return;
    }
    put!(out, "## What this run does not say\n");
    for left in left {
        put!(out, "- {}: not run: {}", left.name, plain(&left.why));
    }
    for (name, goal) in goals {
        let word = goal.word.to_lowercase();
        put!(out, "- {name}: {} — {word}: {}; seen: {}", goal.claim(), goal.reason, goal.observed);
    }
    for side in sides {
        put!(out, "- {side}");
    }
    put!(out, "");
}

/// Sides of the run that nobody looked at, a sentence each.
fn unmeasured(view: &View<'_>) -> Vec<String> {
    let run = view.run;
    let mut sides = Vec::new();
    if run.evidence.is_none() {
        sides.push(
            "The target's side: nothing was read of its processor, memory, pools, database or cache.".into(),
        );
    }
    let searched = |name: &str| run.headroom.iter().any(|found| found.scenario == name);
    let names = view.scenarios.iter().map(|scenario| scenario.measured.run.name.as_str());
    let blind: Vec<&str> = names.filter(|name| !searched(name)).collect();
    if !blind.is_empty() {
        sides.push(format!(
            "Headroom, how much more than this load the target carries: {}.",
            blind.join(", ")
        ));
    }
    if run.baseline.is_empty() {
        sides.push(format!("One user alone, to compare the crowd with: not at {}.", run.meta.preset));
    }
    if run.audit.is_none() {
        sides.push(format!("The target's own books: {}.", view.books()));
    }
    if view.scenarios.iter().all(|scenario| scenario.measured.traces.is_empty()) {
        sides.push("Traces: none was kept.".into());
    }
    sides
}
