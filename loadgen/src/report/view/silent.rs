//! What a run does not say, because nobody looked.

use super::View;
use crate::run::Run;

/// Sides of the run that nobody looked at, a sentence each.
pub(super) fn unmeasured(view: &View<'_>) -> Vec<String> {
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
        sides.push(format!("One user alone, to compare the crowd with: {}.", alone(run)));
    }
    if run.audit.is_none() {
        sides.push(format!("The target's own books: {}.", view.books()));
    }
    if view.scenarios.iter().all(|scenario| scenario.measured.traces.is_empty()) {
        sides.push("Traces: none was kept.".into());
    }
    sides
}

/// Why nobody was measured alone, as far as the run tells.
fn alone(run: &Run) -> String {
    match run.meta.preset.baseline() {
        None => format!("not at {}", run.meta.preset),
        Some(_) if run.interrupted => "none was measured before the run was interrupted".to_owned(),
        Some(_) => "nobody was measured so before this run".to_owned(),
    }
}
