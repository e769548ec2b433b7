//! `report.html`: one file that fetches nothing and runs nothing but its own script; light and dark, on paper and on a
//! phone.
//!
//! Tables and sentences are written here and are all there without the script. The script (`html/page/`) draws the charts,
//! recomputes percentiles for a window somebody marks, and lays another run over this one. A policy in the head lets
//! nothing else run, whatever a target sent.

mod data;
mod evidence;
mod launch;
mod live;
mod pages;
mod scenario;
mod script;
mod suite;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::data::Data;
use super::view::View;

const STYLE: &str =
    concat!(include_str!("../../../assets/uplot/uPlot.min.css"), include_str!("html/page.css"));

pub(super) fn render(view: &View<'_>) -> String {
    let data = Data::new(view);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(script::policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Launch rehearsal " (view.run.meta.id) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(view))
                main {
                    (launch::page(view))
                    (suite::missed(view))
                    (evidence::bottlenecks(&view.bottlenecks))
                    (evidence::readiness(&view.readiness))
                    (suite::silent(view))
                    (suite::baseline(view))
                    (beside())
                    @for scenario in &view.scenarios { (scenario::section(scenario, &data)) }
                    (suite::scheduled(view))
                    (suite::audit(view))
                    (suite::about(view))
                }
                (script::elements(&data))
            }
        }
    }
    .into_string()
}

fn head(view: &View<'_>) -> Markup {
    let meta = &view.run.meta;
    html! {
        header {
            div.top {
                p.kicker { "WWMAA launch rehearsal · " (meta.preset) " · " (meta.started) }
                button #theme.quiet type="button" { "Dark" }
            }
            h1 class={ "answer " (tone(view.answer())) } { (view.answer()) }
            p.lead { (view.headline()) }
        }
    }
}

/// Where another run can be laid over this one.
fn beside() -> Markup {
    html! {
        section.beside aria-label="Compare with another run" {
            h2 { "The scenarios over time" }
            p { "Drag across a chart, or type seconds, to recompute every percentile for that window; a double click lets go of it." }
            p.pick {
                label for="overlay" { "Lay another run over this one: its run.json or report.html" }
                " " input #overlay type="file" accept=".json,.html,application/json,text/html";
                " " button #alone.quiet type="button" hidden { "Only this run" }
            }
            p #overlaid role="status" { }
            noscript { p { "The charts need JavaScript. All tables are here without it." } }
        }
    }
}

/// The class a verdict is shown in.
fn tone(word: &str) -> &'static str {
    match word.split([':', ' ']).next() {
        Some("PASS" | "met") => "pass",
        Some("FAIL" | "ABORTED") => "fail",
        Some("INVALID" | "INCONCLUSIVE" | "INTERRUPTED") => "doubt",
        Some("NOT") if word == "NOT MET" => "fail",
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
