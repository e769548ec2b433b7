//! Plain text: what the terminal shows at the end, and `NAME_summary.txt`.

mod live;
mod pages;

use super::{
    one_line,
    view::{ScenarioView, View},
};
use crate::{run::NotRun, words::number};

/// What the terminal shows when a run is over: each scenario in a line, every goal that was missed or is
/// undecided, the books, the answer.
pub(super) fn closing(view: &View<'_>) -> String {
    let mut out = String::new();
    let names = view.scenarios.iter().map(|scenario| &scenario.measured.run.name);
    let names = names.chain(view.run.not_run.iter().map(|left| &left.name));
    let width = names.map(String::len).max().unwrap_or(0);
    for scenario in &view.scenarios {
        let name = &scenario.measured.run.name;
        put!(out, "  {name:width$}  {:12}  {}", scenario.verdict, tally(scenario));
        for reason in &scenario.invalid {
            put!(out, "  {:width$}    invalid: {}", "", one_line(reason));
        }
        if let Some(ended) = &scenario.measured.ended_early {
            put!(out, "  {:width$}    aborted in second {}: {}", "", ended.second, one_line(&ended.why));
        }
    }
    for NotRun { name, why, .. } in &view.run.not_run {
        put!(out, "  {name:width$}  NOT RUN       {}", one_line(why));
    }
    for goal in &view.overall {
        let reason = in_brackets(&goal.reason);
        put!(out, "  {:width$}  {:12}  {}: {}{reason}", "whole suite", goal.word, goal.claim(), goal.seen());
    }
    for (kind, goals) in view.wanting() {
        let told = kind.told;
        for (name, goal) in goals {
            put!(out, "  {told}: {name}: {} ({}){}", goal.claim(), goal.seen(), in_brackets(&goal.reason));
        }
    }
    put!(out, "  the target's own books: {}", one_line(&view.books()));
    for broken in view.broken() {
        put!(out, "  audit: {}", one_line(&broken));
    }
    put!(out, "  truth: {}", view.truth());
    if let Some(scheduled) = view.scheduled() {
        put!(out, "  scheduled faults: {}", one_line(&scheduled));
    }
    for note in &view.run.notes {
        put!(out, "  note: {}", one_line(note));
    }
    put!(out, "{}\n{}", view.answer(), view.headline());
    out
}

fn in_brackets(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" [{}]", one_line(reason)) }
}

fn tally(scenario: &ScenarioView<'_>) -> String {
    let others =
        ["FAIL", "INVALID", "INCONCLUSIVE", "NOT JUDGED", "NOT MEASURED", "NOT APPLICABLE"].map(|word| {
            let count = scenario.count(word);
            if count > 0 { format!(", {count} {}", word.to_lowercase()) } else { String::new() }
        });
    let void = scenario.void();
    let void = if void > 0 { format!(", {void} void") } else { String::new() };
    let (requests, failed) = scenario.measured.run.requests();
    let (requests, failed) = (number(requests), number(failed));
    let held = scenario.held();
    format!("{held} goals held{}{void}; {requests} requests, {failed} failed", others.concat())
}

/// `NAME_summary.txt`: one scenario on one page.
pub(super) fn summary(view: &View<'_>, scenario: &ScenarioView<'_>) -> String {
    let mut out = String::new();
    let (measured, meta) = (scenario.measured, &view.run.meta);
    put!(out, "{} ({})\n{}", measured.title, measured.run.name, measured.description);
    put!(out, "run {}, preset {}, target {} ({})\n", meta.id, meta.preset, meta.target, meta.origin);
    put!(out, "verdict: {}", scenario.verdict);
    for reason in &scenario.invalid {
        put!(out, "  invalid: {}", one_line(reason));
    }
    for finding in &scenario.findings {
        put!(out, "  note: {}", one_line(finding));
    }
    put!(out, "\ngoals");
    for goal in scenario.worst_first() {
        put!(out, "  {:14}  {}: {}", goal.word, goal.name, goal.claim());
        put!(out, "  {:14}    {} ({}){}", "", goal.seen(), goal.kind, in_brackets(&goal.reason));
    }
    if let Some(live) = &scenario.live {
        live::part(&mut out, live);
    }
    if let Some(pages) = &scenario.pages {
        pages::part(&mut out, pages);
    }
    latencies(&mut out, scenario);
    counts(&mut out, scenario);
    baseline(&mut out, view, &measured.run.name);
    put!(out, "\nload generator");
    for [what, figures] in &scenario.health {
        put!(out, "  {what}: {figures}");
    }
    put!(out, "  warm-up: {}", scenario.warm_up_words());
    put!(out, "  truth: {}", scenario.truth_words());
    out
}

/// `NAME_summary.txt` of a scenario that was chosen and did not run.
pub(super) fn not_run(view: &View<'_>, left: &NotRun) -> String {
    let meta = &view.run.meta;
    format!(
        "{}\nrun {}, preset {}\n\nverdict: NOT RUN\n  {}\n",
        left.name,
        meta.id,
        meta.preset,
        one_line(&left.why)
    )
}

fn latencies(out: &mut String, scenario: &ScenarioView<'_>) {
    put!(out, "\nlatency since due (since sent): p50, p95, p99, max");
    for row in &scenario.latencies {
        let [p50, p95, p99, max] = &row.since_due;
        let [s50, s95, s99] = &row.since_sent;
        put!(out, "  {} ({} requests, {} failed)", row.name, number(row.requests), number(row.failed));
        put!(out, "    {p50} ({s50}), {p95} ({s95}), {p99} ({s99}), {max}");
    }
    if !scenario.warm_up.is_empty() {
        put!(out, "\nwarm-up, not counted: p50, p95");
    }
    for row in &scenario.warm_up {
        let [p50, p95] = &row.since_due;
        put!(out, "  {} ({} requests, {} failed): {p50}, {p95}", row.name, row.requests, row.failed);
    }
}

fn counts(out: &mut String, scenario: &ScenarioView<'_>) {
    for fault in &scenario.faults {
        put!(out, "  failed: {} × {}: {}", number(fault.count), fault.kind, fault.series);
        evidence(out, &fault.evidence);
    }
    for [name, part, of] in &scenario.shares {
        put!(out, "  {name}: {part} ({of})");
    }
    for counter in &scenario.counters {
        put!(out, "  {}: {}", counter.name, number(counter.total));
        evidence(out, &counter.evidence);
    }
}

fn evidence(out: &mut String, pieces: &[String]) {
    for piece in pieces.iter().take(3) {
        put!(out, "    {}", one_line(piece));
    }
}

fn baseline(out: &mut String, view: &View<'_>, scenario: &str) {
    let rows: Vec<_> = view.baseline.iter().filter(|row| row.scenario == scenario).collect();
    if !rows.is_empty() {
        put!(out, "\nbaseline: p95 with one user alone, and with the crowd");
    }
    for row in rows {
        let times = &row.times;
        put!(out, "  {} ({} requests): {}, {} ({times})", row.name, row.requests, row.alone[1], row.crowd[1]);
    }
}
