//! One scenario, in HTML.

use maud::{Markup, html};

mod charts;
mod failures;

use super::{chip, data::Data, launch, live, pages, unbroken};
use crate::{
    report::view::{GoalRow, PHASES, ScenarioView},
    words::number,
};

pub(super) fn section(scenario: &ScenarioView<'_>, data: &Data<'_>) -> Markup {
    let measured = scenario.measured;
    html! {
        section.scenario id=(measured.run.name) {
            h2 { (measured.title) " " (chip(scenario.verdict)) }
            p { (measured.description) }
            @if !(scenario.invalid.is_empty() && scenario.findings.is_empty()) {
                ul.notes {
                    @for reason in &scenario.invalid { li { b { "INVALID: " } (reason) } }
                    @for finding in &scenario.findings { li { (finding) } }
                }
            }
            (goals(&scenario.worst_first()))
            (charts::part(scenario, data))
            @if let Some(live) = &scenario.live { (live::part(live)) }
            @if let Some(pages) = &scenario.pages { (pages::part(pages)) }
            (latencies(scenario))
            (phases(scenario))
            (failures::part(scenario))
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

/// How much of the limit was used, as a bar and in words.
pub(super) fn margin(goal: &GoalRow) -> Markup {
    html! {
        @if goal.used.is_some() { (launch::bar(goal.used)) small { (goal.margin) } } @else { "–" }
    }
}

fn latencies(scenario: &ScenarioView<'_>) -> Markup {
    /// Columns that are under one head of several.
    const TIMES: [&str; 7] = ["p50", "p95", "p99", "max", "p50", "p95", "p99"];
    html! {
        details open { summary { "Latency by series" }
            div.scroll { table.latencies data-sortable="" {
                thead {
                    tr { th rowspan="2" data-column="0" { "series" } th.n rowspan="2" data-column="1" { "n" } th.n rowspan="2" data-column="2" { "failed" } th colspan="4" { "since due: what was felt" } th colspan="3" { "since sent: what the target took" } th.n rowspan="2" data-column="10" { "late p99" } }
                    tr { @for (place, name) in TIMES.iter().enumerate() { th.n data-column=(place + 3) { (name) } } }
                }
                tbody { @for row in &scenario.latencies { tr data-series=(row.name) {
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
                div.scroll { table data-sortable="" {
                    thead { tr { th data-column="0" { "endpoint" } @for (place, (_, name)) in PHASES.iter().enumerate() { th.n data-column=(place + 1) { (name) } } } }
                    tbody { @for row in &scenario.phases { tr { td { (row.name) } @for value in &row.p95 { td.n { (value) } } } } }
                } }
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
