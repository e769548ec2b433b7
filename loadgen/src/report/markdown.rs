//! `SUMMARY_REPORT.md` (one page) and `LOAD_TEST_REPORT.md` (everything).

mod decision;
mod live;
mod pages;
mod scenario;
mod silent;
mod target_side;
pub(crate) mod text;

use self::{
    decision::Detail,
    text::{cell, code, code_cell, plain},
};
use super::view::View;
use crate::{scenarios::page::NAME, words::number};

/// The page a team reads first.
pub(super) fn summary(view: &View<'_>) -> String {
    let mut out = String::new();
    head(&mut out, view, "Launch rehearsal: summary");
    decision::launch(&mut out, view);
    verdicts(&mut out, view);
    missed(&mut out, view);
    decision::bottlenecks(&mut out, view, Detail::Brief);
    decision::readiness(&mut out, view, Detail::Brief);
    silent::part(&mut out, view);
    view.scenarios
        .iter()
        .filter_map(|scenario| scenario.live.as_ref())
        .for_each(|it| live::brief(&mut out, it));
    view.scenarios
        .iter()
        .filter_map(|scenario| scenario.pages.as_ref())
        .for_each(|it| pages::brief(&mut out, it));
    baseline(&mut out, view);
    out
}

/// Everything that was measured.
pub(super) fn full(view: &View<'_>) -> String {
    let mut out = String::new();
    head(&mut out, view, "Launch rehearsal: load test report");
    decision::launch(&mut out, view);
    verdicts(&mut out, view);
    missed(&mut out, view);
    decision::bottlenecks(&mut out, view, Detail::Full);
    decision::readiness(&mut out, view, Detail::Full);
    silent::part(&mut out, view);
    baseline(&mut out, view);
    for scenario in &view.scenarios {
        scenario::section(&mut out, scenario);
    }
    target_side::part(&mut out, view);
    scheduled(&mut out, view);
    audit(&mut out, view);
    method(&mut out, view);
    out
}

fn head(out: &mut String, view: &View<'_>, title: &str) {
    let meta = &view.run.meta;
    put!(out, "# {title}\n");
    put!(out, "**{}**\n\n{}\n", view.answer(), view.headline());
    put!(out, "| | |\n|---|---|");
    let scale = if (meta.time_scale - 1.0).abs() < f64::EPSILON {
        String::new()
    } else {
        format!(", time scale {}", meta.time_scale)
    };
    let load = if (meta.load - 1.0).abs() < f64::EPSILON {
        String::new()
    } else {
        format!(", {} times the plan's load", meta.load)
    };
    let rows = [
        ("run", meta.id.clone()),
        ("started", meta.started.clone()),
        ("preset", format!("{}{scale}{load}", meta.preset)),
        ("target", format!("{} ({}), which says it is {}", meta.target, meta.origin, meta.environment)),
        ("seeds", format!("requests {}, world {}", meta.seed, meta.world_seed)),
        ("planned requests' digest", format!("`{}`", meta.planned_digest)),
        ("load came from", meta.machine.to_string()),
    ];
    for (name, value) in rows {
        put!(out, "| {name} | {} |", cell(&value));
    }
    for note in &view.run.notes {
        put!(out, "\n> {}", plain(note));
    }
    put!(out, "");
}

fn verdicts(out: &mut String, view: &View<'_>) {
    put!(out, "## Verdicts\n");
    put!(
        out,
        "| scenario | verdict | judged goals held | failed | not judged | requests | failed requests |\n|---|---|--:|--:|--:|--:|--:|"
    );
    for scenario in &view.scenarios {
        let (requests, failed) = scenario.measured.run.requests();
        put!(
            out,
            "| {} | **{}** | {} | {} | {} | {} | {} |",
            cell(&scenario.measured.run.name),
            scenario.verdict,
            scenario.held_and_void(),
            scenario.count("FAIL"),
            scenario.count("NOT JUDGED"),
            number(requests),
            number(failed)
        );
    }
    for left in &view.run.not_run {
        put!(out, "| {} | **NOT RUN** | – | – | – | – | – |", cell(&left.name));
    }
    put!(out, "");
    for goal in &view.overall {
        let reason = if goal.reason.is_empty() { String::new() } else { format!(" ({})", goal.reason) };
        let (claim, reason) = (plain(&goal.claim()), plain(&reason));
        put!(out, "- Whole suite: {claim}: **{}**{reason}: {}", goal.word, plain(&goal.seen()));
    }
    put!(out, "- The target's own books: {}", view.books());
    put!(out, "- Truth, what was measured beside what the target held: {}", view.truth());
    if let Some(scheduled) = view.scheduled() {
        put!(out, "- Scheduled faults: {}", plain(&scheduled));
    }
    put!(out, "");
}

fn missed(out: &mut String, view: &View<'_>) {
    for (kind, goals) in view.wanting() {
        put!(out, "## {}\n", kind.title);
        for (name, goal) in goals {
            let reason = if goal.reason.is_empty() { String::new() } else { format!(" ({})", goal.reason) };
            let seen = format!("{} — observed {}{reason}", goal.claim(), goal.seen());
            put!(out, "- {}: {}", plain(name), plain(&seen));
        }
        put!(out, "");
    }
    let invalid = view.invalid();
    if !invalid.is_empty() {
        put!(out, "## Scenarios that are INVALID\n");
        for (name, reason) in invalid {
            put!(out, "- {}: {}", plain(name), plain(reason));
        }
        put!(out, "");
    }
    let broken = view.broken();
    if !broken.is_empty() {
        put!(out, "## What is wrong in the target's own books\n");
        for broken in broken {
            put!(out, "- {}", plain(&broken));
        }
        put!(out, "");
    }
}

fn baseline(out: &mut String, view: &View<'_>) {
    if view.baseline.is_empty() {
        return;
    }
    put!(out, "## Baseline: one user alone, and the crowd\n");
    put!(out, "| scenario | endpoint | n | failed | alone p50 | p95 | crowd p50 | p95 | p95 grew |");
    put!(out, "|---|---|--:|--:|--:|--:|--:|--:|--:|");
    for row in &view.baseline {
        put!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            cell(&row.scenario),
            cell(&row.name),
            number(row.requests),
            number(row.failed),
            row.alone.join(" | "),
            row.crowd.join(" | "),
            row.times
        );
    }
    put!(out, "");
}

fn scheduled(out: &mut String, view: &View<'_>) {
    if view.scheduled.is_empty() {
        return;
    }
    put!(out, "## Faults that were scheduled\n");
    put!(out, "The target was told to go wrong like this while load was on.\n");
    put!(out, "| fault | strikes | when | share | met | struck |\n|---|---|---|--:|--:|--:|");
    for row in &view.scheduled {
        let [kind, strikes, when] = [&row.kind, &row.strikes, &row.when].map(|text| cell(text));
        put!(out, "| {kind} | {strikes} | {when} | {} | {} | {} |", row.share, row.met, row.struck);
    }
    put!(out, "");
}

fn audit(out: &mut String, view: &View<'_>) {
    let Some(audit) = &view.run.audit else { return };
    put!(
        out,
        "## The target's own books\n\n| invariant | looked at | verdict | offenders |\n|---|--:|---|---|"
    );
    for check in &audit.checks {
        let word = if check.ok { "holds" } else { "**BROKEN**" };
        put!(
            out,
            "| {} | {} | {word} | {} |",
            cell(&check.name),
            number(check.checked),
            cell(&check.offenders.join(", "))
        );
    }
    put!(out, "");
}

fn method(out: &mut String, view: &View<'_>) {
    put!(out, "## How to read this\n");
    put!(out, "- Latency counts from when a request was due, whatever the target did before.");
    put!(
        out,
        "- A sampled goal passes when the one-sided 95 % Clopper–Pearson bound of the share of slow or failed ones lies below what the goal allows, fails when it lies above, and is inconclusive in between; a goal whose plan is too small to pass is not judged."
    );
    put!(out, "- An exact goal fails on one counterexample; a census takes all there are.");
    if view.scenarios.iter().any(|scenario| scenario.measured.run.name == NAME) {
        put!(
            out,
            "- page-load's visitors think between pages: a closed loop, so a slow target is asked less."
        );
    }
}
