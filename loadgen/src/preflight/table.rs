//! Findings as a table, for people.

use std::time::Duration;

use super::findings::{Findings, Fitness, Kind, Probed, Trouble};
use crate::{
    report::put,
    words::{self, count, tame},
};

/// Whether words may be coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// A terminal that shows colours.
    Colour,
    /// Anything else.
    Plain,
}

/// Columns of a line, at most.
const WIDTH: usize = 110;
/// How sentences under a row are indented.
const UNDER: [&str; 2] = ["      ", "        "];
/// Differences of one endpoint that are told; the others are counted.
const MOST: usize = 6;

/// The findings, endpoint by endpoint, then scenario by scenario, then in one line.
pub fn text(findings: &Findings, ink: Ink) -> String {
    let routes = findings.endpoints.iter().map(|probed| probed.route.len());
    let width = routes.max().unwrap_or(0).max("endpoint".len());
    let mut out = String::new();
    put!(out, "  {:width$}  {:13}  {:>8}", "endpoint", "finding", "time");
    for probed in &findings.endpoints {
        row(&mut out, probed, width, ink);
    }
    scenarios(&mut out, findings, ink);
    out.push('\n');
    folded(&mut out, ["", "  "], &summary(findings));
    out
}

/// Each scenario with what keeps it from running. What was not asked only follows from something else.
fn scenarios(out: &mut String, findings: &Findings, ink: Ink) {
    let names = findings.scenarios.iter().map(|scenario| scenario.name.len());
    let width = names.max().unwrap_or(0).max("scenario".len());
    put!(out, "\n  {:width$}  can run", "scenario");
    for Fitness { name, lacks } in &findings.scenarios {
        let (word, kind) = if lacks.is_empty() { ("yes", Kind::Ok) } else { ("no", Kind::Missing) };
        put!(out, "  {name:width$}  {}", painted(word, kind, ink));
        let lacking = lacks.iter().filter_map(|route| findings.of(route));
        let (consequences, causes): (Vec<_>, Vec<_>) =
            lacking.partition(|probed| probed.kind() == Kind::NotAsked);
        for cause in &causes {
            put!(out, "      {}: {}", cause.route, cause.kind());
        }
        if !consequences.is_empty() {
            put!(out, "      {} could not be asked", count(consequences.len() as u64, "route", "routes"));
        }
    }
}

fn row(out: &mut String, probed: &Probed, width: usize, ink: Ink) {
    let kind = probed.kind();
    let word = painted(&format!("{:13}", kind.to_string()), kind, ink);
    let took = probed.took.map_or_else(|| "–".to_owned(), milliseconds);
    put!(out, "  {:width$}  {word}  {took:>8}", probed.route);
    let sentences = probed.trouble.as_ref().map(Trouble::sentences).unwrap_or_default();
    for sentence in sentences.iter().take(MOST) {
        folded(out, UNDER, sentence);
    }
    if sentences.len() > MOST {
        put!(out, "      and {} more", sentences.len() - MOST);
    }
    if !probed.disables.is_empty() {
        folded(out, UNDER, &format!("disables {}", probed.disables.join(", ")));
    }
}

/// A sentence on as many lines as it takes: the first one is indented by the first, the others by the second. None begins
/// with what a target says where that would be a command of a workflow on GitHub.
fn folded(out: &mut String, [mut indent, further]: [&str; 2], sentence: &str) {
    let mut line = String::new();
    for word in tame(sentence).split_whitespace() {
        let length = indent.len() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > WIDTH && !word.starts_with("::") {
            put!(out, "{indent}{line}");
            indent = further;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    put!(out, "{indent}{line}");
}

/// What was found, in one line: what a log needs when everything is fine.
pub(crate) fn summary(findings: &Findings) -> String {
    let all = findings.endpoints.len() as u64;
    let took = seconds(findings.took);
    let unfit = findings.named(false);
    if findings.endpoints.iter().all(|probed| probed.trouble.is_none()) {
        let answer = if all == 1 { "answers" } else { "answer" };
        return format!(
            "preflight: {} {answer} as the contract says, {took}",
            count(all, "endpoint", "endpoints")
        );
    }
    let told: Vec<String> = findings.counts().iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    let cannot = if unfit.is_empty() { "none is needed".to_owned() } else { unfit.join(", ") };
    format!(
        "preflight: {}: {}, {took}; cannot run: {cannot}",
        count(all, "endpoint", "endpoints"),
        told.join(", ")
    )
}

fn milliseconds(took: Duration) -> String {
    format!("{} ms", words::number(took.as_millis() as u64))
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

/// Green for what is well, red for what is not, yellow for what could not be asked.
fn painted(word: &str, kind: Kind, ink: Ink) -> String {
    let colour = match kind {
        Kind::Ok => 32,
        Kind::NotAsked => 33,
        _ => 31,
    };
    match ink {
        Ink::Plain => word.to_owned(),
        Ink::Colour => format!("\u{1b}[{colour}m{word}\u{1b}[0m"),
    }
}
