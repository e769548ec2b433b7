//! What a run does not say: what was not run, not judged, not measured.

use super::plain;
use crate::report::view::View;

pub(super) fn part(out: &mut String, view: &View<'_>) {
    let (left, goals, sides) = (&view.run.not_run, view.silent(), view.unmeasured());
    if left.is_empty() && goals.is_empty() && sides.is_empty() {
        return;
    }
    put!(out, "## What this run does not say\n");
    for left in left {
        put!(out, "- {}: not run: {}", plain(&left.name), plain(&left.why));
    }
    for (name, goal) in goals {
        let word = goal.word.to_lowercase();
        let said = format!("{} — {word}: {}; seen: {}", goal.claim(), goal.reason, goal.observed);
        put!(out, "- {}: {}", plain(name), plain(&said));
    }
    for side in sides {
        put!(out, "- {}", plain(&side));
    }
    put!(out, "");
}
