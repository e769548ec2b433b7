//! `report.html`: one file, no script, nothing fetched; light and dark, on paper and on a phone.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    chart,
    view::{GoalRow, PHASES, ScenarioView, View},
};

const STYLE: &str = include_str!("report.css");

pub(super) fn render(view: &View<'_>) -> String {
    let meta = &view.run.meta;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Launch rehearsal " (meta.id) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.kicker { "WWMAA launch rehearsal · " (meta.preset) " · " (meta.started) }
                    h1 class=(tone(view.answer())) { (view.answer()) }
                    p.lead { (view.headline()) }
                }
                main {
                    (verdicts(view))
                    (missed(view))
                    (silent(view))
                    @for scenario in &view.scenarios { (section(scenario)) }
                    (audit(view))
                    (about(view))
                }
            }
        }
    }
    .into_string()
}

/// The class a verdict is shown in.
fn tone(word: &str) -> &'static str {
    match word.split([':', ' ']).next() {
        Some("PASS") => "pass",
        Some("FAIL") => "fail",
        Some("INVALID" | "INCONCLUSIVE" | "INTERRUPTED") => "doubt",
        _ => "mute",
    }
}

fn chip(word: &str) -> Markup {
    html! { span class={ "chip " (tone(word)) } { (word) } }
}

fn verdicts(view: &View<'_>) -> Markup {
    html! {
        section {
            h2 { "Can we launch?" }
            div.scroll { table {
                thead { tr { th { "scenario" } th { "verdict" } th.n { "goals held" } th.n { "requests" } th.n { "failed" } th { "first to look at" } } }
                tbody {
                    @for scenario in &view.scenarios {
                        @let (requests, failed) = scenario.measured.run.requests();
                        @let held = scenario.goals.iter().filter(|goal| goal.word == "PASS").count();
                        tr {
                            td { a href={ "#" (scenario.measured.run.name) } { (scenario.measured.title) } }
                            td { (chip(scenario.verdict)) }
                            td.n { (held) " of " (scenario.goals.len()) }
                            td.n { (requests) }
                            td.n { (failed) }
                            td { (first_concern(scenario)) }
                        }
                    }
                    @for goal in &view.overall {
                        tr { td { (goal.name) } td { (chip(goal.word)) } td.n { "" } td.n { "" } td.n { "" } td { (goal.claim) ": " (goal.observed) } }
                    }
                    @if let Some(audit) = &view.run.audit {
                        @let sound = audit.checks.iter().filter(|check| check.ok).count();
                        tr { td { a href="#audit" { "the target's own books" } } td { (chip(if audit.ok { "PASS" } else { "FAIL" })) } td.n { (sound) " of " (audit.checks.len()) } td.n { "" } td.n { "" } td { "" } }
                    }
                }
            } }
        }
    }
}

fn first_concern(scenario: &ScenarioView<'_>) -> String {
    let worst = scenario.goals.iter().find(|goal| goal.word == "FAIL");
    let doubt = || scenario.goals.iter().find(|goal| goal.word == "INCONCLUSIVE");
    match (worst.or_else(doubt), scenario.invalid.first()) {
        (_, Some(reason)) => reason.clone(),
        (Some(goal), None) => format!("{}: {}", goal.claim, goal.observed),
        (None, None) => String::new(),
    }
}

fn missed(view: &View<'_>) -> Markup {
    let missed = view.missed();
    html! {
        @if !missed.is_empty() {
            section {
                h2 { "Goals missed" }
                ul { @for (name, goal) in missed { li { b { (name) } ": " (goal.claim) " — observed " (goal.observed) " (" (goal.basis) ")" } } }
            }
        }
    }
}

fn silent(view: &View<'_>) -> Markup {
    let goals = || {
        view.scenarios.iter().flat_map(|scenario| {
            let silent =
                scenario.goals.iter().filter(|goal| matches!(goal.word, "NOT JUDGED" | "NOT MEASURED"));
            silent.map(move |goal| (scenario.measured.run.name.as_str(), goal))
        })
    };
    html! {
        @if goals().next().is_some() {
            section {
                h2 { "What this run does not say" }
                ul { @for (name, goal) in goals() { li { b { (name) } ": " (goal.claim) " — " (goal.word.to_lowercase()) ": " (goal.reason) "; seen: " (goal.observed) } } }
            }
        }
    }
}

fn section(scenario: &ScenarioView<'_>) -> Markup {
    let measured = scenario.measured;
    html! {
        section id=(measured.run.name) {
            h2 { (measured.title) " " (chip(scenario.verdict)) }
            p { (measured.description) }
            @if !(scenario.invalid.is_empty() && scenario.findings.is_empty() && measured.notes.is_empty()) {
                ul.notes {
                    @for reason in &scenario.invalid { li { b { "INVALID: " } (reason) } }
                    @for finding in &scenario.findings { li { (finding) } }
                    @for note in &measured.notes { li { (note) } }
                }
            }
            (goals(&scenario.goals))
            (pictures(scenario))
            (latencies(scenario))
            (failures(scenario))
            details { summary { "The load generator itself" }
                table { tbody {
                    @for [name, figures] in &scenario.health { tr { td { (name) } td { (figures) } } }
                    tr { td { "warm-up, not counted" } td { (measured.warm_up_requests) " requests" } }
                    tr { td { "digest of planned requests" } td { code { (measured.planned_digest) } } }
                } }
            }
            (truth(scenario))
        }
    }
}

fn goals(goals: &[GoalRow]) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { th { "goal" } th { "claim" } th { "observed (95 % interval)" } th { "rests on" } th { "kind" } th { "verdict" } } }
            tbody { @for goal in goals { tr {
                td { (goal.name) } td { (goal.claim) } td { (goal.observed) } td { (goal.basis) } td { (goal.kind) }
                td { (chip(goal.word)) @if !goal.reason.is_empty() { br; small { (goal.reason) } } }
            } } }
        } }
    }
}

fn pictures(scenario: &ScenarioView<'_>) -> Markup {
    let seconds = &scenario.seconds;
    html! {
        div.pictures {
            figure {
                (PreEscaped(chart::over_time(&chart::rate(seconds), "/s", "requests per second")))
                figcaption { span.key.rate { } "requests due per second " span.key.failed { } "failed" }
            }
            figure {
                (PreEscaped(chart::over_time(&chart::latency(seconds), " ms", "latency over time")))
                figcaption { span.key.p50 { } "p50 " span.key.p95 { } "p95 since due, all endpoints" }
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
                    td { (row.name) } td.n { (row.requests) } td.n { (row.failed) }
                    @for value in &row.since_due { td.n { (value) } }
                    @for value in &row.since_sent { td.n { (value) } }
                    td.n { (row.lateness) }
                } } }
            } }
        }
        details { summary { "Phases by endpoint, p95" }
            div.scroll { table {
                thead { tr { th { "endpoint" } @for (_, name) in PHASES { th.n { (name) } } } }
                tbody { @for row in &scenario.phases { tr { td { (row.name) } @for value in &row.p95 { td.n { (value) } } } } }
            } }
        }
    }
}

fn failures(scenario: &ScenarioView<'_>) -> Markup {
    html! {
        @if !(scenario.faults.is_empty() && scenario.counters.is_empty() && scenario.shares.is_empty()) {
            details open[!scenario.faults.is_empty()] { summary { "Failures, shares and counts" }
                ul {
                    @for fault in &scenario.faults { li {
                        b { (fault.count) " × " (fault.kind) } " " (fault.series)
                        @for evidence in &fault.evidence { br; code { (evidence) } }
                    } }
                    @for [name, good, of] in &scenario.shares { li { (name) ": " (good) " (" (of) ")" } }
                    @for counter in &scenario.counters { li {
                        (counter.name) ": " (counter.total)
                        @for evidence in &counter.evidence { br; code { (evidence) } }
                    } }
                }
            }
        }
    }
}

fn truth(scenario: &ScenarioView<'_>) -> Markup {
    html! {
        @if scenario.measured.truth.is_some() {
            details { summary { "Truth: measured beside what the mock held" }
                @if scenario.truth.is_empty() { p { "Not scored: no route has enough samples." } }
                @else { div.scroll { table {
                    thead { tr { th { "route" } th { "" } th.n { "measured, since sent" } th.n { "held" } th.n { "allowed" } th { "" } } }
                    tbody { @for row in &scenario.truth { tr { td { (row.route) } td { (row.percentile) } td.n { (row.measured) } td.n { (row.held) } td.n { (row.allowed) } td { (row.word) } } } }
                } } }
            }
        }
    }
}

fn audit(view: &View<'_>) -> Markup {
    html! {
        @if let Some(audit) = &view.run.audit {
            section id="audit" {
                h2 { "The target's own books" }
                div.scroll { table {
                    thead { tr { th { "invariant" } th.n { "looked at" } th { "verdict" } th { "offenders" } } }
                    tbody { @for check in &audit.checks { tr {
                        td { (check.name) } td.n { (check.checked) } td { (chip(if check.ok { "PASS" } else { "FAIL" })) } td { (check.offenders.join(", ")) }
                    } } }
                } }
            }
        }
    }
}

fn about(view: &View<'_>) -> Markup {
    let meta = &view.run.meta;
    html! {
        section {
            h2 { "About this run" }
            table { tbody {
                tr { td { "run" } td { (meta.id) } }
                tr { td { "target" } td { (meta.target) " (" (meta.origin) "), which says it is " (meta.environment) } }
                tr { td { "seeds" } td { "requests " (meta.seed) ", world " (meta.world_seed) } }
                tr { td { "time scale" } td { (meta.time_scale) } }
                tr { td { "load came from" } td { (meta.machine.system) ", " (meta.machine.cores) " cores, " (meta.machine.workers) " threads" } }
                tr { td { "planned requests' digest" } td { code { (meta.planned_digest) } } }
            } }
            @if !view.run.notes.is_empty() { ul { @for note in &view.run.notes { li { (note) } } } }
            p { "Latency counts from when a request was due. A sampled goal passes when the one-sided 95 % Clopper–Pearson bound of the share of slow or failed ones lies below what the goal allows; an exact goal fails on one counterexample; a census takes all there are." }
        }
    }
}
