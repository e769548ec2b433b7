//! One scenario, in HTML.

use maud::{Markup, PreEscaped, html};

use super::{chip, live, pages, unbroken};
use crate::{
    report::{
        chart,
        view::{GoalRow, PHASES, ScenarioView},
    },
    words::number,
};

pub(super) fn section(scenario: &ScenarioView<'_>) -> Markup {
    let measured = scenario.measured;
    html! {
        section id=(measured.run.name) {
            h2 { (measured.title) " " (chip(scenario.verdict)) }
            p { (measured.description) }
            @if !(scenario.invalid.is_empty() && scenario.findings.is_empty()) {
                ul.notes {
                    @for reason in &scenario.invalid { li { b { "INVALID: " } (reason) } }
                    @for finding in &scenario.findings { li { (finding) } }
                }
            }
            (goals(&scenario.worst_first()))
            @if let Some(live) = &scenario.live { (live::part(live)) }
            @if let Some(pages) = &scenario.pages { (pages::part(pages)) }
            (pictures(scenario))
            (latencies(scenario))
            (phases(scenario))
            (failures(scenario))
            (generator(scenario))
            (truth(scenario))
        }
    }
}

/// The goals, those first that need looking at.
fn goals(goals: &[&GoalRow]) -> Markup {
    html! {
        div.scroll { table.goals {
            thead { tr { th { "verdict" } th { "goal" } th { "limit" } th { "observed (95 % interval)" } th { "margin" } th { "rests on" } } }
            tbody { @for goal in goals { tr {
                td { (chip(goal.word)) @if !goal.reason.is_empty() { br; small { (goal.reason) } } }
                td { b { (goal.name) } br; small { (goal.subject) } }
                td.v { (unbroken(&goal.limit)) }
                td.v { (unbroken(&goal.observed)) }
                td { (margin(goal)) }
                td { (goal.kind) @if !goal.basis.is_empty() { br; small { (unbroken(&goal.basis)) } } }
            } } }
        } }
    }
}

/// How much of the limit was used, as a bar and in words: full at the limit.
pub(super) fn margin(goal: &GoalRow) -> Markup {
    html! {
        @if let Some(used) = goal.used {
            @let class = if used < 1.0 { "bar" } else { "bar over" };
            span class=(class) { span style={ "width:" (format!("{:.0}", used.clamp(0.0, 1.0) * 100.0)) "%" } { } }
            small { (goal.margin) }
        } @else { "–" }
    }
}

fn pictures(scenario: &ScenarioView<'_>) -> Markup {
    let moments = &scenario.moments;
    html! {
        @if !moments.is_empty() {
            div.pictures {
                figure {
                    (PreEscaped(chart::over_time(&chart::rate(moments), "/s", "requests per second")))
                    figcaption { span.key.rate { } "requests due per second " span.key.failed { } "failed" }
                }
                figure {
                    (PreEscaped(chart::over_time(&chart::latency(moments), " ms", "latency over time")))
                    figcaption { span.key.p50 { } "p50 " span.key.p95 { } "p95 since due, all endpoints" }
                }
            }
        }
    }
}

fn latencies(scenario: &ScenarioView<'_>) -> Markup {
    html! {
        details open { summary { "Latency by series" }
            div.scroll { table {
                thead {
                    tr { th rowspan="2" { "series" } th.n rowspan="2" { "n" } th.n rowspan="2" { "failed" } th colspan="4" { "since due: what was felt" } th colspan="3" { "since sent: what the target took" } th.n rowspan="2" { "late p99" } }
                    tr { th.n { "p50" } th.n { "p95" } th.n { "p99" } th.n { "max" } th.n { "p50" } th.n { "p95" } th.n { "p99" } }
                }
                tbody { @for row in &scenario.latencies { tr {
                    td { (row.name) } td.n { (number(row.requests)) } td.n { (number(row.failed)) }
                    @for value in row.since_due.iter().chain(&row.since_sent) { td.n { (value) } }
                    td.n { (row.lateness) }
                } } }
            } }
        }
    }
}

fn phases(scenario: &ScenarioView<'_>) -> Markup {
    html! {
        @if !scenario.phases.is_empty() {
            details { summary { "Phases by endpoint, p95" }
                div.scroll { table {
                    thead { tr { th { "endpoint" } @for (_, name) in PHASES { th.n { (name) } } } }
                    tbody { @for row in &scenario.phases { tr { td { (row.name) } @for value in &row.p95 { td.n { (value) } } } } }
                } }
            }
        }
    }
}

fn failures(scenario: &ScenarioView<'_>) -> Markup {
    html! {
        @if !(scenario.faults.is_empty() && scenario.counters.is_empty() && scenario.shares.is_empty()) {
            details open[!scenario.faults.is_empty()] { summary { "Failures, shares and counts" }
                ul {
                    @for fault in &scenario.faults { li {
                        b { (number(fault.count)) " × " (fault.kind) } " " (fault.series)
                        @for evidence in &fault.evidence { br; code { (evidence) } }
                    } }
                    @for [name, good, of] in &scenario.shares { li { (name) ": " (good) " (" (of) ")" } }
                    @for counter in &scenario.counters { li {
                        (counter.name) ": " (number(counter.total))
                        @for evidence in &counter.evidence { br; code { (evidence) } }
                    } }
                }
            }
        }
    }
}

fn generator(scenario: &ScenarioView<'_>) -> Markup {
    html! {
        details { summary { "The load generator itself, and its warm-up" }
            table { tbody {
                @for [name, figures] in &scenario.health { tr { td { (name) } td { (figures) } } }
                tr { td { "digest of planned requests" } td { code { (scenario.measured.planned_digest) } } }
                tr { td { "warm-up, not counted" } td { (scenario.warm_up_words()) } }
                @for row in &scenario.warm_up {
                    @let [p50, p95] = &row.since_due;
                    tr { td { "warm-up: " (row.name) } td { (number(row.requests)) " requests, " (number(row.failed)) " failed, p50 " (p50) ", p95 " (p95) } }
                }
            } }
        }
    }
}

fn truth(scenario: &ScenarioView<'_>) -> Markup {
    html! {
        p { b { "Truth: " } (scenario.truth_words()) }
        @if !scenario.truth.is_empty() {
            details { summary { "What was measured beside what the target held" }
                div.scroll { table {
                    thead { tr { th { "route" } th { "" } th.n { "measured, since sent" } th.n { "held" } th.n { "allowed" } th { "" } } }
                    tbody { @for row in &scenario.truth { tr {
                        td { (row.route) } td { (row.percentile) } td.n { (row.measured) } td.n { (row.held) } td.n { (row.allowed) } td { (row.word) }
                    } } }
                } }
            }
        }
    }
}
