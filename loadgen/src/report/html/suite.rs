//! What is said of the whole run: goals missed, what it is silent on, its baseline, its faults, the books, where it ran.

use maud::{Markup, html};

use super::{chip, scenario, unbroken};
use crate::{report::view::View, words::number};

pub(super) fn missed(view: &View<'_>) -> Markup {
    html! {
        @for (kind, goals) in view.wanting() {
            section {
                h2 { (kind.title) }
                div.scroll { table.cards {
                    thead { tr { th { "scenario" } th { "goal" } th { "observed (95 % interval)" } th { "margin" } } }
                    tbody { @for (name, goal) in goals { tr {
                        td { b { (name) } }
                        td { (unbroken(&goal.claim())) @if !goal.reason.is_empty() { br; small { (unbroken(&goal.reason)) } } }
                        td { (unbroken(&goal.observed)) }
                        td { (scenario::margin(goal)) }
                    } } }
                } }
            }
        }
    }
}

pub(super) fn silent(view: &View<'_>) -> Markup {
    let (goals, sides) = (view.silent(), view.unmeasured());
    html! {
        @if !(goals.is_empty() && view.run.not_run.is_empty() && sides.is_empty()) {
            section {
                h2 { "What this run does not say" }
                ul {
                    @for left in &view.run.not_run { li { b { (left.name) } ": not run: " (left.why) } }
                    @for (name, goal) in goals { li {
                        b { (name) } ": " (unbroken(&goal.claim())) " · " (goal.word.to_lowercase()) ": " (unbroken(&goal.reason)) "; seen: " (unbroken(&goal.observed))
                    } }
                    @for side in sides { li { (side) } }
                }
            }
        }
    }
}

pub(super) fn baseline(view: &View<'_>) -> Markup {
    html! {
        @if !view.baseline.is_empty() {
            section id="baseline" {
                h2 { "Baseline: one user alone, and the crowd" }
                div.scroll { table {
                    thead {
                        tr { th rowspan="2" { "scenario" } th rowspan="2" { "endpoint" } th.n rowspan="2" { "n" } th.n rowspan="2" { "failed" } th colspan="2" { "one user alone" } th colspan="2" { "the crowd" } th.n rowspan="2" { "p95 grew" } }
                        tr { th.n { "p50" } th.n { "p95" } th.n { "p50" } th.n { "p95" } }
                    }
                    tbody { @for row in &view.baseline { tr {
                        td { (row.scenario) } td { (row.name) } td.n { (number(row.requests)) } td.n { (number(row.failed)) }
                        @for value in row.alone.iter().chain(&row.crowd) { td.n { (value) } }
                        td.n { (row.times) }
                    } } }
                } }
            }
        }
    }
}

pub(super) fn scheduled(view: &View<'_>) -> Markup {
    html! {
        @if view.run.faults.is_some() {
            section id="scheduled" {
                h2 { "Faults that were scheduled" }
                p { "The target was told to go wrong like this while load was on." }
                div.scroll { table {
                    thead { tr { th { "fault" } th { "strikes" } th { "when" } th.n { "share" } th.n { "met" } th.n { "struck" } } }
                    tbody { @for row in &view.scheduled { tr {
                        td { (row.kind) } td { (row.strikes) } td { (row.when) } td.n { (row.share) } td.n { (row.met) } td.n { (row.struck) }
                    } } }
                } }
            }
        }
    }
}

pub(super) fn audit(view: &View<'_>) -> Markup {
    html! {
        @if let Some(audit) = &view.run.audit {
            section id="audit" {
                h2 { "The target's own books" }
                div.scroll { table {
                    thead { tr { th { "invariant" } th.n { "looked at" } th { "verdict" } th { "offenders" } } }
                    tbody { @for check in &audit.checks { tr {
                        td { (check.name) } td.n { (number(check.checked)) } td { (chip(if check.ok { "PASS" } else { "FAIL" })) } td { (check.offenders.join(", ")) }
                    } } }
                } }
            }
        }
    }
}

pub(super) fn about(view: &View<'_>) -> Markup {
    let meta = &view.run.meta;
    html! {
        section {
            h2 { "About this run" }
            table { tbody {
                tr { td { "run" } td { (meta.id) } }
                tr { td { "target" } td { (meta.target) " (" (meta.origin) "), which says it is " (meta.environment) } }
                tr { td { "seeds" } td { "requests " (meta.seed) ", world " (meta.world_seed) } }
                tr { td { "time scale" } td { (meta.time_scale) } }
                tr { td { "load came from" } td { (meta.machine.to_string()) } }
                tr { td { "planned requests' digest" } td { code { (meta.planned_digest) } } }
            } }
            @if !view.run.notes.is_empty() { ul { @for note in &view.run.notes { li { (note) } } } }
            p { "Latency counts from when a request was due. A sampled goal passes when the one-sided 95 % Clopper–Pearson bound of the share of slow or failed ones lies below what the goal allows; an exact goal fails on one counterexample; a census takes all there are." }
        }
    }
}
