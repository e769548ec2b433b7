//! A trend as text and as Markdown: a line per figure with its history drawn small, and a sentence per change.

use std::fmt::Write as _;

use engine::compare::change::LEAST_RUNS;

use super::{Change, History, Lines, Measure, Trend};
use crate::{
    report::{markdown::text::cell, put},
    words::{count, duration_ms, percent, signed_percent},
};

/// The levels of a small drawing.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The same in ASCII.
const PLAIN_LEVELS: [char; 8] = ['_', '.', '-', '~', '=', '+', '*', '#'];
/// The last runs that are drawn.
const DRAWN: usize = 40;

/// What follows, in one sentence.
fn sentence(trend: &Trend) -> String {
    let recent: Vec<String> = trend.recent().map(|(history, _)| history.title()).collect();
    if let [first, rest @ ..] = recent.as_slice() {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        let within = count(trend.rules.within as u64, "run", "runs");
        return format!("Worse since at most {within}: {first}{more}.");
    }
    let changes: usize =
        trend.lines.iter().flat_map(|lines| &lines.histories).map(|of| of.changes.len()).sum();
    match changes {
        _ if !trend.says_something() => {
            format!("No history is long enough: a change needs {LEAST_RUNS} runs that are alike.")
        }
        0 => "No figure changed.".to_owned(),
        n => {
            format!("{}, no recent one for the worse.", count(n as u64, "change", "changes"))
        }
    }
}

impl History {
    /// `p95 of search-load.GET /api/search`.
    fn title(&self) -> String {
        match self.measure {
            Measure::P95 => format!("p95 of {}", self.name),
            Measure::Failed => format!("failed of {}", self.name),
        }
    }

    fn shown(&self, value: f64) -> String {
        match self.measure {
            Measure::P95 => duration_ms(value),
            Measure::Failed => percent(value),
        }
    }

    /// `between run_a and run_b: p95 of … from 210 ms to 260 ms (+24 %)`.
    fn told(&self, change: &Change) -> String {
        let point = &change.point;
        let share = match self.measure {
            Measure::P95 if point.before > 0.0 => format!(" ({})", signed_percent(point.share())),
            _ => String::new(),
        };
        let word = if change.worse { ", worse" } else { "" };
        format!(
            "between {} and {}: {} from {} to {}{share}{word}; p {}",
            change.last,
            change.first,
            self.title(),
            self.shown(point.before),
            self.shown(point.after),
            if point.p < 1e-6 { "< 0.000001".to_owned() } else { format!("= {:.6}", point.p) }
        )
    }

    /// Its last values, drawn small between its least and its most. A history that is all one value is a flat line.
    fn drawn(&self, levels: [char; 8]) -> String {
        let values: Vec<f64> = self.values.iter().rev().take(DRAWN).rev().map(|(_, value)| *value).collect();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let level = |value: f64| {
            if most > least { ((value - least) / (most - least) * 7.0).round() as usize } else { 0 }
        };
        values.into_iter().map(|value| levels[level(value).min(7)]).collect()
    }

    /// Shares that were always zero say nothing.
    fn is_quiet(&self) -> bool {
        self.measure == Measure::Failed && self.values.iter().all(|(_, value)| *value == 0.0)
    }
}

/// What there is to say of a group before its figures.
fn about(lines: &Lines) -> String {
    let mut text = format!("{}: {}", lines.group, count(lines.runs.len() as u64, "run", "runs"));
    if let [first, .., last] = lines.runs.as_slice() {
        let _ = write!(text, ", {first} to {last}");
    }
    if lines.left_out > 0 {
        let left_out = count(lines.left_out as u64, "figure", "figures");
        let _ = write!(text, "; {left_out} left out (INVALID, cut short, or not measured)");
    }
    if lines.no_answer > 0 {
        let _ = write!(text, "; {} p95 \"no answer\", and so in no line: see what failed", lines.no_answer);
    }
    if lines.runs.len() < LEAST_RUNS {
        let _ = write!(text, "; too few to look for changes, {LEAST_RUNS} needed");
    }
    text
}

/// Histories worth a line, those that changed first.
fn shown(lines: &Lines) -> Vec<&History> {
    let mut all: Vec<&History> = lines.histories.iter().filter(|history| !history.is_quiet()).collect();
    all.sort_by_key(|history| history.changes.is_empty());
    all
}

fn method(trend: &Trend) -> String {
    let rules = &trend.rules;
    format!(
        "Changes are found by E-divisive and count when Student's t says p < {}; at least {LEAST_RUNS} runs, of one target, \
         preset, time scale and load. Worse is up by more than {} and {} (errors: {}); recent is within the last {}.",
        rules.p_value,
        percent(rules.floor_share),
        duration_ms(rules.floor_ms),
        percent(rules.floor_errors),
        count(rules.within as u64, "run", "runs"),
    )
}

fn interrupted(trend: &Trend) -> Option<String> {
    let n = trend.interrupted.len() as u64;
    (n > 0).then(|| format!("{} left out: not come to its end.", count(n, "run was", "runs were")))
}

fn unreadable(trend: &Trend) -> Option<String> {
    let runs = count(trend.unreadable.len() as u64, "run", "runs");
    (!trend.unreadable.is_empty())
        .then(|| format!("{runs} could not be read: {}.", trend.unreadable.join("; ")))
}

/// What should be known of the runs, and how it is known.
fn notes(trend: &Trend) -> impl Iterator<Item = String> {
    interrupted(trend).into_iter().chain(unreadable(trend)).chain([method(trend)])
}

/// For a terminal; `plain` draws in ASCII.
pub fn text(trend: &Trend, plain: bool) -> String {
    let levels = if plain { PLAIN_LEVELS } else { LEVELS };
    let mut out = String::new();
    put!(out, "{}", sentence(trend));
    for lines in &trend.lines {
        put!(out, "\n{}", about(lines));
        let histories = shown(lines);
        let wide = histories.iter().map(|history| history.title().chars().count()).max().unwrap_or_default();
        for history in histories {
            let title = history.title();
            let gap = " ".repeat(wide - title.chars().count());
            let last = history.values.last().map_or_else(String::new, |(_, value)| history.shown(*value));
            put!(out, "  {title}{gap}  {}  {last}", history.drawn(levels));
            for change in &history.changes {
                put!(out, "      {}", history.told(change));
            }
        }
    }
    put!(out, "");
    for sentence in notes(trend) {
        put!(out, "{sentence}");
    }
    out
}

/// As Markdown.
pub fn markdown(trend: &Trend) -> String {
    let mut out = String::new();
    put!(out, "# Trend\n\n**{}**", cell(&sentence(trend)));
    for lines in &trend.lines {
        put!(out, "\n## {}\n", cell(&about(lines)));
        put!(out, "| figure | history | last | changes |\n|---|---|--:|---|");
        for history in shown(lines) {
            let last = history.values.last().map_or_else(String::new, |(_, value)| history.shown(*value));
            let changes: Vec<String> =
                history.changes.iter().map(|change| cell(&history.told(change))).collect();
            let (title, drawn) = (cell(&history.title()), history.drawn(LEVELS));
            put!(out, "| {title} | {drawn} | {last} | {} |", changes.join("<br>"));
        }
    }
    put!(out, "");
    for sentence in notes(trend) {
        put!(out, "{}", cell(&sentence));
    }
    out
}
