//! The checklist as people and programs read it.

use serde_json::json;

use super::{Line, Mark, SECTIONS, TRUST, exit};
use crate::{
    report::{markdown::text::cell, put},
    run::Run,
    words::{number, one_line},
};

/// What it comes to, in two sentences.
pub fn headline(run: &Run, lines: &[Line]) -> String {
    let of = |mark| number(lines.iter().filter(|line| line.mark == mark).count() as u64);
    let [met, not_met, open] = [Mark::Met, Mark::NotMet, Mark::NotMeasurable].map(of);
    format!("{} {met} met, {not_met} NOT MET, {open} not measurable here.", answer(run, lines))
}

/// Whether this run says that a launch can be, in a sentence.
pub fn answer(run: &Run, lines: &[Line]) -> String {
    let not_met = lines.iter().filter(|line| line.mark == Mark::NotMet).count();
    let critical =
        lines.iter().filter(|line| line.mark == Mark::NotMeasurable && line.is_launch_critical()).count();
    let trusted = !lines.iter().any(|line| line.section == TRUST && line.mark == Mark::NotMet);
    match (trusted, not_met, critical) {
        (false, ..) => format!(
            "This run does not prove that anybody can launch: it was preset {} against {}, and what it says counts for no \
             more than that.",
            run.meta.preset, run.meta.environment
        ),
        (true, 0, 0) => {
            "Whatever a run can show of readiness is met; the rest is for people to answer.".to_owned()
        }
        (true, 0, _) => {
            "Nothing is missed, but what a launch depends on could not all be measured.".to_owned()
        }
        (true, ..) => "Not ready: lines are not met.".to_owned(),
    }
}

/// Sections with their lines, in order; empty ones are left out.
fn sections(lines: &[Line]) -> impl Iterator<Item = (&'static str, Vec<&Line>)> {
    let of = |section| lines.iter().filter(|line| line.section == section).collect::<Vec<_>>();
    SECTIONS.into_iter().map(move |section| (section, of(section))).filter(|(_, lines)| !lines.is_empty())
}

/// For a terminal.
pub fn text(run: &Run, lines: &[Line]) -> String {
    let mut out = String::new();
    put!(out, "Readiness by {} ({}, preset {})", run.meta.id, run.meta.target, run.meta.preset);
    for (section, lines) in sections(lines) {
        put!(out, "\n{section}");
        for line in lines {
            put!(out, "  {:<20} {}", line.mark.word(), one_line(&line.claim));
            put!(out, "  {:<20}   {}", "", one_line(&line.because));
        }
    }
    put!(out, "\n{}", headline(run, lines));
    out
}

/// As a section of a document.
pub fn markdown(run: &Run, lines: &[Line]) -> String {
    let mut out = String::new();
    put!(out, "# Launch readiness by {}\n\n**{}**", cell(&run.meta.id), cell(&headline(run, lines)));
    for (section, lines) in sections(lines) {
        put!(
            out,
            "\n## {section}\n\n| | what should be so | what says so, or why that cannot be said here |\n|---|---|---|"
        );
        for line in lines {
            let word = match line.mark {
                Mark::NotMet => format!("**{}**", line.mark.word()),
                mark => mark.word().to_owned(),
            };
            put!(out, "| {word} | {} | {} |", cell(&line.claim), cell(&line.because));
        }
    }
    out
}

/// For programs: `{run, preset, target, headline, exit_code, lines: [{section, claim, mark, because, launch_critical}]}`
/// with `mark` one of `met`, `not_met`, `not_measurable`.
pub fn json(run: &Run, lines: &[Line]) -> String {
    let line = |line: &Line| {
        let mark = match line.mark {
            Mark::Met => "met",
            Mark::NotMet => "not_met",
            Mark::NotMeasurable => "not_measurable",
        };
        json!({
            "section": line.section,
            "claim": line.claim,
            "mark": mark,
            "because": line.because,
            "launch_critical": line.is_launch_critical(),
        })
    };
    let whole = json!({
        "run": run.meta.id,
        "preset": run.meta.preset,
        "target": run.meta.target,
        "headline": headline(run, lines),
        "exit_code": exit(lines).code(),
        "lines": lines.iter().map(line).collect::<Vec<_>>(),
    });
    format!("{whole:#}\n")
}
