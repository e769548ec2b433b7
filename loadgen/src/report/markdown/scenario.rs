//! One scenario, in Markdown.

use super::{cell, code, code_cell, live, pages, plain};
use crate::{
    report::view::{GoalRow, PHASES, ScenarioView},
    words::number,
};

pub(super) fn section(out: &mut String, scenario: &ScenarioView<'_>) {
    let measured = scenario.measured;
    put!(
        out,
        "## {} (`{}`): {}\n\n{}\n",
        plain(&measured.title),
        code(&measured.run.name),
        scenario.verdict,
        plain(&measured.description)
    );
    for reason in &scenario.invalid {
        put!(out, "- INVALID: {}", plain(reason));
    }
    for finding in &scenario.findings {
        put!(out, "- {}", plain(finding));
    }
    put!(
        out,
        "\n### Goals\n\n| verdict | goal | about | limit | observed (95 % interval) | margin | rests on | kind |\n|---|---|---|---|---|---|---|---|"
    );
    scenario.worst_first().into_iter().for_each(|goal| goal_row(out, goal));
    if let Some(live) = &scenario.live {
        live::part(out, live);
    }
    if let Some(pages) = &scenario.pages {
        pages::part(out, pages);
    }
    latencies(out, scenario);
    traces(out, scenario);
    failures(out, scenario);
    if !scenario.shares.is_empty() {
        put!(out, "\n### Shares\n\n| share | good | of |\n|---|--:|--:|");
        for [name, good, of] in &scenario.shares {
            put!(out, "| {} | {good} | {of} |", cell(name));
        }
    }
    put!(out, "\n### The load generator itself\n\n| | |\n|---|---|");
    for [name, figures] in &scenario.health {
        put!(out, "| {} | {} |", cell(name), cell(figures));
    }
    put!(out, "| warm-up, not counted | {} |", scenario.warm_up_words());
    put!(out, "| digest of planned requests | {} |", code_cell(&measured.planned_digest));
    warm_up(out, scenario);
    truth(out, scenario);
    put!(out, "");
}

fn goal_row(out: &mut String, goal: &GoalRow) {
    let reason = if goal.reason.is_empty() { String::new() } else { format!(" ({})", goal.reason) };
    put!(
        out,
        "| **{}**{} | {} | {} | {} | {} | {} | {} | {} |",
        goal.word,
        cell(&reason),
        cell(&goal.name),
        cell(&goal.subject),
        cell(&goal.limit),
        cell(&goal.observed),
        cell(&goal.margin),
        cell(&goal.basis),
        goal.kind
    );
}

fn latencies(out: &mut String, scenario: &ScenarioView<'_>) {
    put!(
        out,
        "\n### Latency\n\nSince due is what somebody waiting would have felt; since sent is what the target took; late is the load generator's own delay.\n"
    );
    put!(
        out,
        "| series | n | failed | due p50 | p95 | p99 | max | sent p50 | p95 | p99 | late p99 |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    );
    for row in &scenario.latencies {
        put!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&row.name),
            number(row.requests),
            number(row.failed),
            row.since_due.join(" | "),
            row.since_sent.join(" | "),
            row.lateness
        );
    }
    put!(
        out,
        "\n### Phases, p95\n\n| endpoint | {} |\n|---|--:|--:|--:|--:|--:|--:|",
        PHASES.map(|(_, name)| name).join(" | ")
    );
    for row in &scenario.phases {
        put!(out, "| {} | {} |", cell(&row.name), row.p95.join(" | "));
    }
}

/// The slowest requests that can be looked up.
fn traces(out: &mut String, scenario: &ScenarioView<'_>) {
    if scenario.slowest.is_empty() {
        return;
    }
    put!(
        out,
        "\n### Slowest requests that were traced\n\n| route | took, since due | trace | failed |\n|---|--:|---|---|"
    );
    for trace in &scenario.slowest {
        let (route, failed) = (cell(&trace.route), cell(&trace.failed));
        put!(out, "| {route} | {} | {} | {failed} |", trace.took, code_cell(&trace.trace_id));
    }
}

fn failures(out: &mut String, scenario: &ScenarioView<'_>) {
    if scenario.faults.is_empty() && scenario.counters.is_empty() {
        return;
    }
    put!(out, "\n### Failures and counts\n");
    for fault in &scenario.faults {
        let (kind, series) = (plain(&fault.kind), plain(&fault.series));
        put!(out, "- {} × {kind} ({series})", number(fault.count));
        fault.evidence.iter().take(3).for_each(|evidence| put!(out, "  - `{}`", code(evidence)));
        fault.traces.iter().for_each(|trace| put!(out, "  - trace `{}`", code(trace)));
    }
    for counter in &scenario.counters {
        put!(out, "- {}: {}", plain(&counter.name), number(counter.total));
        counter.evidence.iter().take(3).for_each(|evidence| put!(out, "  - `{}`", code(evidence)));
    }
}

fn warm_up(out: &mut String, scenario: &ScenarioView<'_>) {
    if scenario.warm_up.is_empty() {
        return;
    }
    put!(
        out,
        "\n### Warm-up, not counted\n\n| endpoint | n | failed | due p50 | p95 |\n|---|--:|--:|--:|--:|"
    );
    for row in &scenario.warm_up {
        let figures = row.since_due.join(" | ");
        put!(out, "| {} | {} | {} | {figures} |", cell(&row.name), number(row.requests), number(row.failed));
    }
}

fn truth(out: &mut String, scenario: &ScenarioView<'_>) {
    put!(
        out,
        "\n### Truth: what was measured beside what the target held\n\n{}.",
        plain(&scenario.truth_words())
    );
    if scenario.truth.is_empty() {
        return;
    }
    put!(out, "\n| route | | measured (since sent) | held | allowed | |\n|---|---|--:|--:|--:|---|");
    for row in &scenario.truth {
        put!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&row.route),
            row.percentile,
            row.measured,
            row.held,
            row.allowed,
            row.word
        );
    }
}
