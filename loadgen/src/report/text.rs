//! Plain text: what the terminal shows at the end, and `NAME_summary.txt`.

use std::fmt::Write as _;

use super::view::{GoalRow, ScenarioView, View};

/// What the terminal shows when a run is over.
pub(super) fn closing(view: &View<'_>) -> String {
    let mut out = String::new();
    let width = view.scenarios.iter().map(|scenario| scenario.measured.run.name.len()).max().unwrap_or(0);
    for scenario in &view.scenarios {
        let held = scenario.goals.iter().filter(|goal| goal.word == "PASS").count();
        let name = &scenario.measured.run.name;
        line(
            &mut out,
            format_args!("  {name:width$}  {:12}  {}", scenario.verdict, tally(&scenario.goals, held)),
        );
        for reason in &scenario.invalid {
            line(&mut out, format_args!("  {:width$}    invalid: {reason}", ""));
        }
    }
    for (name, goal) in view.missed() {
        line(&mut out, format_args!("  missed: {name}: {} ({}; {})", goal.claim, goal.observed, goal.basis));
    }
    for broken in view.broken() {
        line(&mut out, format_args!("  audit: {broken}"));
    }
    line(&mut out, format_args!("{}", view.answer()));
    line(&mut out, format_args!("{}", view.headline()));
    out
}

fn tally(goals: &[GoalRow], held: usize) -> String {
    let others = ["FAIL", "INCONCLUSIVE", "NOT JUDGED", "NOT MEASURED", "n/a"].map(|word| {
        let count = goals.iter().filter(|goal| goal.word == word).count();
        if count > 0 { format!(", {count} {}", word.to_lowercase()) } else { String::new() }
    });
    format!("{held} of {} goals held{}", goals.len(), others.concat())
}

/// `NAME_summary.txt`: one scenario on one page.
pub(super) fn summary(view: &View<'_>, scenario: &ScenarioView<'_>) -> String {
    let mut out = String::new();
    let run = &scenario.measured.run;
    line(&mut out, format_args!("{} ({})", scenario.measured.title, run.name));
    line(&mut out, format_args!("{}", scenario.measured.description));
    let meta = &view.run.meta;
    line(
        &mut out,
        format_args!("run {}, preset {}, target {} ({})\n", meta.id, meta.preset, meta.target, meta.origin),
    );
    line(&mut out, format_args!("verdict: {}", scenario.verdict));
    for reason in &scenario.invalid {
        line(&mut out, format_args!("  invalid: {reason}"));
    }
    line(&mut out, format_args!("\ngoals"));
    for goal in &scenario.goals {
        line(&mut out, format_args!("  {:12}  {}: {}", goal.word, goal.name, goal.claim));
        let reason = if goal.reason.is_empty() { String::new() } else { format!("; {}", goal.reason) };
        line(&mut out, format_args!("  {:12}    {} ({}){reason}", "", goal.observed, goal.kind));
    }
    line(&mut out, format_args!("\nlatency since due (since sent): p50, p95, p99, max"));
    for row in &scenario.latencies {
        let [p50, p95, p99, max] = &row.since_due;
        let [s50, s95, s99] = &row.since_sent;
        line(&mut out, format_args!("  {} ({} requests, {} failed)", row.name, row.requests, row.failed));
        line(&mut out, format_args!("    {p50} ({s50}), {p95} ({s95}), {p99} ({s99}), {max}"));
    }
    for fault in &scenario.faults {
        line(&mut out, format_args!("  failed: {} × {}: {}", fault.count, fault.kind, fault.series));
        for evidence in fault.evidence.iter().take(3) {
            line(&mut out, format_args!("    {evidence}"));
        }
    }
    for row in &scenario.shares {
        line(&mut out, format_args!("  {}: {} ({})", row[0], row[1], row[2]));
    }
    for counter in &scenario.counters {
        line(&mut out, format_args!("  {}: {}", counter.name, counter.total));
    }
    line(&mut out, format_args!("\nload generator"));
    for [what, figures] in &scenario.health {
        line(&mut out, format_args!("  {what}: {figures}"));
    }
    for note in scenario.findings.iter().chain(&scenario.measured.notes) {
        line(&mut out, format_args!("  note: {note}"));
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("writing to a string cannot fail");
}
