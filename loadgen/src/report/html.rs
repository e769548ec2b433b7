//! `report.html`: one file, no script, nothing fetched; light and dark, on paper and on a phone.

mod live;
mod pages;
mod scenario;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::view::{ScenarioView, View};
use crate::words::number;

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
                    (baseline(view))
                    @for scenario in &view.scenarios { (scenario::section(scenario)) }
                    (scheduled(view))
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
        Some("FAIL" | "ABORTED") => "fail",
        Some("INVALID" | "INCONCLUSIVE" | "INTERRUPTED") => "doubt",
        Some("NOT") if word.starts_with("NOT FINISHED") || word == "NOT RUN" => "doubt",
        _ => "mute",
    }
}

fn chip(word: &str) -> Markup {
    html! { span class={ "chip " (tone(word)) } { (word) } }
}

/// Text whose figures stay in one piece: `1 200 ms` does not break across lines.
fn unbroken(text: &str) -> String {
    let follows = |rest: &str| ["ms", "s)", "%", "×"].iter().any(|unit| rest.starts_with(unit));
    let mut last = ' ';
    let kept = text.char_indices().map(|(place, letter)| {
        let rest = &text[place + letter.len_utf8()..];
        let inside =
            last.is_ascii_digit() && (rest.starts_with(|c: char| c.is_ascii_digit()) || follows(rest));
        let relation = matches!(last, '<' | '>' | '=' | '≤');
        last = letter;
        if letter == ' ' && (inside || relation) { '\u{a0}' } else { letter }
    });
    kept.collect()
}

fn verdicts(view: &View<'_>) -> Markup {
    let books = view.books();
    html! {
        section {
            h2 { "Can we launch?" }
            div.scroll { table.cards {
                thead { tr { th { "scenario" } th { "verdict" } th.n { "judged goals held" } th.n { "requests" } th.n { "failed" } th { "first to look at" } } }
                tbody {
                    @for scenario in &view.scenarios {
                        @let (requests, failed) = scenario.measured.run.requests();
                        tr {
                            td { a href={ "#" (scenario.measured.run.name) } { (scenario.measured.title) } }
                            td { (chip(scenario.verdict)) }
                            td.n data-of="goals held" { (scenario.held()) } td.n data-of="requests" { (number(requests)) } td.n data-of="failed" { (number(failed)) }
                            td { (unbroken(&first_concern(scenario))) }
                        }
                    }
                    @for left in &view.run.not_run {
                        tr { td { (left.name) } td { (chip("NOT RUN")) } td.n { "–" } td.n { "–" } td.n { "–" } td { (left.why) } }
                    }
                }
            } }
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
}

/// The worst of a scenario in a line; nothing where all is well.
fn first_concern(scenario: &ScenarioView<'_>) -> String {
    let of_note = |word: &str| scenario.goals.iter().find(|goal| goal.counts && goal.word == word);
    let void = || of_note("INVALID").map(|goal| format!("{}: {}", goal.name, goal.reason));
    match (of_note("FAIL"), scenario.invalid.first(), of_note("INCONCLUSIVE")) {
        (None, None, _) if void().is_some() => void().unwrap_or_default(),
        (Some(goal), ..) | (None, None, Some(goal)) if goal.margin.is_empty() => {
            format!("{}: {}", goal.claim(), goal.observed)
        }
        (Some(goal), ..) | (None, None, Some(goal)) => format!("{}: {}", goal.claim(), goal.margin),
        (None, Some(reason), _) => reason.clone(),
        (None, None, None) => String::new(),
    }
}

fn missed(view: &View<'_>) -> Markup {
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

fn silent(view: &View<'_>) -> Markup {
    let goals = view.silent();
    html! {
        @if !(goals.is_empty() && view.run.not_run.is_empty()) {
            section {
                h2 { "What this run does not say" }
                ul {
                    @for left in &view.run.not_run { li { b { (left.name) } ": not run: " (left.why) } }
                    @for (name, goal) in goals { li {
                        b { (name) } ": " (unbroken(&goal.claim())) " — " (goal.word.to_lowercase()) ": " (unbroken(&goal.reason)) "; seen: " (unbroken(&goal.observed))
                    } }
                }
            }
        }
    }
}

fn baseline(view: &View<'_>) -> Markup {
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

fn scheduled(view: &View<'_>) -> Markup {
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

fn audit(view: &View<'_>) -> Markup {
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
                tr { td { "load came from" } td { (meta.machine.to_string()) } }
                tr { td { "planned requests' digest" } td { code { (meta.planned_digest) } } }
            } }
            @if !view.run.notes.is_empty() { ul { @for note in &view.run.notes { li { (note) } } } }
            p { "Latency counts from when a request was due. A sampled goal passes when the one-sided 95 % Clopper–Pearson bound of the share of slow or failed ones lies below what the goal allows; an exact goal fails on one counterexample; a census takes all there are." }
        }
    }
}
