//! A comparison as text for a terminal and as Markdown, made of the same sentences and cells.

use engine::{
    compare::{Estimate, Verdict, timeline::is_no_answer},
    record::Role,
};

use super::{Block, Comparison, Figure, Finding, LeftOut, Scenario, Series, Subject, What, WhyNot};
use crate::{
    plan_text::length,
    report::{markdown::text::cell, put},
    words::{count, duration_ms, percent, signed_ms, signed_percent},
};

/// The routes named in the first sentence, at most.
const NAMED: usize = 3;

/// What follows, in a sentence, and what it does not follow for.
pub fn sentence(comparison: &Comparison) -> String {
    [what_follows(comparison)].into_iter().chain(comparison.gaps()).collect::<Vec<_>>().join(" ")
}

fn what_follows(comparison: &Comparison) -> String {
    if !comparison.says_something() {
        return match comparison.unlike.as_slice() {
            [] if comparison.shows_something() => "Nothing here can be judged.".to_owned(),
            [] => "Nothing could be compared.".to_owned(),
            unlike => format!("These two cannot be compared: {}.", unlike.join("; ")),
        };
    }
    let worse = comparison.changed(Verdict::Regression);
    let better = comparison.changed(Verdict::Improvement);
    if worse.is_empty() && better.is_empty() {
        let open = comparison
            .findings()
            .filter(|of| matches!(of.figure.verdict, Verdict::CannotTell { .. }))
            .count();
        let all = comparison.findings().count();
        return match open {
            0 => format!("No change shown in any of {}.", count(all as u64, "figure", "figures")),
            open => {
                format!("No change shown; of {all} figures {open} cannot be told: they scatter too much.")
            }
        };
    }
    let part = |all: &[Finding<'_>], what: &str| {
        let named: Vec<String> = all.iter().take(NAMED).map(finding).collect();
        let more = all.len().saturating_sub(NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        (!all.is_empty()).then(|| format!("{what}: {}{more}", named.join("; ")))
    };
    let parts = part(&worse, "Worse").into_iter().chain(part(&better, "Better"));
    format!("{}.", parts.collect::<Vec<_>>().join(". "))
}

/// A change, with where it was.
fn finding(of: &Finding<'_>) -> String {
    let Finding { scenario, series, what, figure } = of;
    let name = series.map_or_else(String::new, |series| format!("{} in ", series.name));
    format!("{name}{scenario}, {}", change(*what, &figure.estimate))
}

fn change(what: What, estimate: &Estimate) -> String {
    let Estimate { a, b, .. } = *estimate;
    match what {
        What::P95 => {
            let share = if a > 0.0 && !is_no_answer(b) {
                format!(" ({})", signed_percent((b - a) / a))
            } else {
                String::new()
            };
            format!("p95 {} → {}{share}", ms(a), ms(b))
        }
        What::Errors => format!("errors {} → {}", percent(a), percent(b)),
        What::Rate => format!("requests {a:.1}/s → {b:.1}/s ({})", signed_percent((b - a) / a)),
    }
}

fn ms(ms: f64) -> String {
    if is_no_answer(ms) { "no answer".to_owned() } else { duration_ms(ms) }
}

/// How it is known, in sentences.
fn method(comparison: &Comparison) -> Vec<String> {
    let rules = &comparison.rules;
    let mut all = vec![format!(
        "A change is one that is more than chance (p < 5 % among all figures together, Holm) and more than {} or {} of \
         p95, whichever is larger; of errors, more than {}; of a rate, more than {}. What chance does is taken from {} \
         draws of the runs' own blocks (seed {}); requests without an answer count as slowest.",
        duration_ms(rules.floor_ms),
        percent(rules.floor_share),
        percent(rules.floor_errors),
        percent(rules.floor_share),
        rules.draws.count,
        rules.draws.seed
    )];
    if let Some(pairs) = comparison.noise_pairs {
        let pairs = count(pairs, "A/A pair", "A/A pairs");
        all.push(format!(
            "The baseline's noise floor ({pairs}) was used: a difference as large as there is none."
        ));
    }
    all
}

/// What should be known before the tables.
fn warnings(comparison: &Comparison) -> Vec<String> {
    let mut all = Vec::new();
    if !comparison.unlike.is_empty() {
        let unlike = comparison.unlike.join("; ");
        all.push(if comparison.rules.anyway {
            format!(
                "These runs are not alike ({unlike}) and were compared anyway: differences may be the plan's."
            )
        } else {
            format!("Not compared: {unlike}. --anyway compares them all the same.")
        });
    } else if comparison.rules.anyway {
        all.push("Compared whatever the runs' own verdicts are (--anyway).".to_owned());
    }
    all.extend(comparison.notes.iter().cloned());
    all
}

fn subject(subject: &Subject) -> String {
    let size = subject.size.map(|size| format!(", {size}"));
    let started =
        if subject.started.is_empty() { String::new() } else { format!(", started {}", subject.started) };
    format!("{}: {}{}{started}", subject.name, subject.target, size.unwrap_or_default())
}

/// What a scenario's blocks are, or why it was not compared.
fn about(scenario: &Scenario) -> String {
    match (&scenario.left_out, scenario.block) {
        (Some(LeftOut::Missing(of) | LeftOut::New(of)), _) => format!("not compared: {of} does not have it"),
        (Some(LeftOut::NotRun(why)), _) => format!("not compared: it was NOT RUN, {why}"),
        (Some(LeftOut::Invalid(why)), _) => format!("not compared: INVALID, {why}"),
        (Some(LeftOut::Unfinished(why)), _) => format!("not compared: it did not come to its end, {why}"),
        (Some(LeftOut::Unlike), _) => "not compared".to_owned(),
        (None, Block::Seconds(1)) if scenario.seconds < 60.0 => {
            format!("{}, in blocks of 1 s: too short for the usual 5 s", length(scenario.seconds.round()))
        }
        (None, Block::Seconds(block)) => {
            format!("{}, in blocks of {block} s", length(scenario.seconds.round()))
        }
        (None, Block::Slices(slice)) => format!("slices of {}, one of each a block", length(slice.round())),
    }
}

const HEAD: [&str; 6] = ["series", "p50", "p95", "p99", "difference of p95 (95 %)", "verdict"];

fn rows(scenario: &Scenario) -> Vec<[String; 6]> {
    let mut rows = Vec::new();
    for series in &scenario.series {
        let [p50, p95, p99] = series.seen.map(|[a, b]| {
            let shown = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), duration_ms);
            format!("{} → {}", shown(a), shown(b))
        });
        let difference = series.times.map_or_else(|| "–".to_owned(), |[_, p95, _]| difference(&p95));
        rows.push([name(series), p50, p95, p99, difference, p95_verdict(scenario, series)]);
        if let Some(errors) = &series.errors {
            let Estimate { a, b, low, high, .. } = errors.estimate;
            let points = |share: f64| format!("{:+.2}", share * 100.0);
            let interval = format!("{} points [{}, {}]", points(b - a), points(low), points(high));
            let shares = format!("{} → {}", percent(a), percent(b));
            let verdict = verdict(scenario, series.blocks, errors);
            rows.push(["  failed".into(), shares, String::new(), String::new(), interval, verdict]);
        }
    }
    if let Some(rate) = &scenario.rate {
        let Estimate { a, b, low, high, .. } = rate.estimate;
        let interval = format!("{:+.1}/s [{low:+.1}, {high:+.1}]", b - a);
        let blocks = scenario.series.iter().map(|series| series.blocks).max().unwrap_or_default();
        let (rates, verdict) = (format!("{a:.1}/s → {b:.1}/s"), verdict(scenario, blocks, rate));
        rows.push(["requests (closed loop)".into(), rates, String::new(), String::new(), interval, verdict]);
    }
    rows
}

fn name(series: &Series) -> String {
    match series.role {
        Role::Group => format!("{} (group)", series.name),
        Role::Endpoint | Role::Value => series.name.clone(),
    }
}

fn difference(of: &Estimate) -> String {
    let shown = |ms: f64| if is_no_answer(ms.abs()) { "no answer".to_owned() } else { signed_ms(ms) };
    format!("{} [{}, {}]", shown(of.difference()), shown(of.low), shown(of.high))
}

fn p95_verdict(scenario: &Scenario, series: &Series) -> String {
    match (&series.p95, &series.why_not) {
        (Some(figure), _) => verdict(scenario, series.blocks, figure),
        (None, Some(why)) => format!("not compared: {why}"),
        (None, None) => "not compared: one of the runs has no answers".to_owned(),
    }
}

fn verdict(scenario: &Scenario, blocks: u64, figure: &Figure) -> String {
    match figure.verdict {
        Verdict::Regression => "REGRESSION".to_owned(),
        Verdict::Improvement => "improvement".to_owned(),
        Verdict::NoChangeShown => "no change shown".to_owned(),
        Verdict::CannotTell { times_longer } if times_longer > 100.0 => {
            "cannot tell: it scatters too much for any reasonable length".to_owned()
        }
        Verdict::CannotTell { times_longer } => match scenario.block {
            Block::Seconds(_) => {
                format!("cannot tell: about {} would", length((scenario.seconds * times_longer).ceil()))
            }
            Block::Slices(_) => {
                format!("cannot tell: about {} rounds would", (blocks as f64 * times_longer).ceil())
            }
        },
    }
}

/// For a terminal.
pub fn text(comparison: &Comparison) -> String {
    let mut out = String::new();
    put!(out, "{}", sentence(comparison));
    put!(out, "");
    put!(out, "A  {}", subject(&comparison.a));
    put!(out, "B  {}", subject(&comparison.b));
    for warning in warnings(comparison) {
        put!(out, "{warning}");
    }
    for scenario in &comparison.scenarios {
        put!(out, "\n{} ({})", scenario.name, about(scenario));
        if scenario.left_out.is_none() {
            out.push_str(&aligned(&rows(scenario)));
        }
    }
    put!(out, "");
    for sentence in method(comparison) {
        put!(out, "{sentence}");
    }
    out
}

/// A table in columns as wide as their widest cell.
fn aligned(rows: &[[String; 6]]) -> String {
    let wide = |text: &str| text.chars().count();
    let head = HEAD.map(str::to_owned);
    let lines = || [&head].into_iter().chain(rows);
    let widths: [usize; 6] =
        std::array::from_fn(|column| lines().map(|line| wide(&line[column])).max().unwrap_or_default());
    let mut out = String::new();
    for line in lines() {
        let mut text = String::new();
        for (cell, width) in line.iter().zip(widths) {
            let gap = width.saturating_sub(wide(cell));
            text.push_str("  ");
            text.push_str(cell);
            text.push_str(&" ".repeat(gap));
        }
        put!(out, "{}", text.trim_end());
    }
    out
}

/// How many samples there are of a series; k6 does not always say.
fn samples(series: &Series) -> String {
    let unsaid = series.why_not == Some(WhyNot::PercentilesOnly);
    let [a, b] = series.n.map(|n| if unsaid && n == 0 { "not known".to_owned() } else { n.to_string() });
    format!("{a} and {b}")
}

/// As Markdown.
pub fn markdown(comparison: &Comparison) -> String {
    let mut out = String::new();
    put!(out, "# {} against {}\n", cell(&comparison.b.name), cell(&comparison.a.name));
    put!(out, "**{}**\n", cell(&sentence(comparison)));
    put!(out, "- A: {}", cell(&subject(&comparison.a)));
    put!(out, "- B: {}", cell(&subject(&comparison.b)));
    for warning in warnings(comparison) {
        put!(out, "- {}", cell(&warning));
    }
    for scenario in &comparison.scenarios {
        put!(out, "\n## {}\n\n{}\n", cell(&scenario.name), cell(&about(scenario)));
        if scenario.left_out.is_none() {
            put!(out, "| {} | samples |\n|---|---|---|---|---|---|---|", HEAD.join(" | "));
            for row in rows(scenario) {
                let of = scenario.series.iter().find(|series| name(series) == row[0]);
                let samples = of.map_or_else(String::new, samples);
                let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
                put!(out, "| {} | {samples} |", cells.join(" | "));
            }
        }
    }
    put!(out, "\n## How it is known\n");
    for sentence in method(comparison) {
        put!(out, "- {sentence}");
    }
    out
}
