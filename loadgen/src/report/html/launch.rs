//! The first page: whether the team can launch.

use maud::{Markup, html};

use super::{chip, unbroken};
use crate::{
    readiness,
    report::view::{LaunchRow, View},
};

pub(super) fn page(view: &View<'_>) -> Markup {
    let launch = &view.launch;
    html! {
        section.launch {
            h2 { "Can we launch?" }
            p.first.launches { b { (unbroken(&readiness::answer(view.run, &view.readiness))) } }
            @if let Some(first) = &launch.first_to_break {
                p.first { b { "First goal to break: " } (unbroken(first)) }
            }
            div.scroll { table.cards.verdicts {
                thead { tr {
                    th { "scenario" } th { "verdict" } th { "tightest judged goal, and its margin" } th { "how sure" } th { "worst minute" } th { "headroom" }
                } }
                tbody {
                    @for row in &launch.rows { (scenario(row)) }
                    @for left in &view.run.not_run {
                        tr { td { b { (left.name) } } td { (chip("NOT RUN")) } td colspan="4" { (left.why) } }
                    }
                }
            } }
            (facts(view))
        }
    }
}

fn scenario(row: &LaunchRow) -> Markup {
    html! {
        tr {
            td { a href={ "#" (row.name) } { b { (row.title) } } br; small { (row.name) } }
            td { (chip(row.verdict)) br; small { "goals held: " (row.held) } }
            td data-of="tightest goal" { (unbroken(&row.tightest)) (bar(row.used)) @if !row.margin.is_empty() { small { (row.margin) } } }
            td data-of="how sure" { (unbroken(&row.confidence)) }
            td data-of="worst minute" { (unbroken(&row.worst_minute)) }
            td data-of="headroom" { (unbroken(&row.headroom)) }
        }
    }
}

/// How much of a limit was used: full at the limit.
pub(super) fn bar(used: Option<f64>) -> Markup {
    html! {
        @if let Some(used) = used {
            @let class = if used < 1.0 { "bar" } else { "bar over" };
            span class=(class) { span style={ "width:" (format!("{:.0}", used.clamp(0.0, 1.0) * 100.0)) "%" } { } }
        }
    }
}

/// What is said of the whole run.
fn facts(view: &View<'_>) -> Markup {
    let books = view.books();
    html! {
        dl {
            @for goal in &view.overall {
                dt { "the whole suite" }
                dd { (chip(goal.word)) " " (unbroken(&goal.claim())) ": " (unbroken(&goal.seen())) @if !goal.reason.is_empty() { " (" (goal.reason) ")" } }
            }
            dt { "the target's own books" }
            dd { @if view.run.audit.is_some() { a href="#audit" { (books) } } @else { (books) } }
            dt { "truth" }
            dd { (view.truth()) }
            @if let Some(scheduled) = view.scheduled() {
                dt { "scheduled faults" }
                dd { a href="#scheduled" { (scheduled) } }
            }
        }
    }
}
