//! `SUMMARY_REPORT.md` (one page) and `LOAD_TEST_REPORT.md` (everything).

use std::fmt::Write as _;

use super::view::{GoalRow, PHASES, ScenarioView, View};

/// The page a team reads first.
pub(super) fn summary(view: &View<'_>) -> String {
    let mut out = String::new();
    head(&mut out, view, "Launch rehearsal: summary");
    verdicts(&mut out, view);
    missed(&mut out, view);
    not_measured(&mut out, view);
    out
}

/// Everything that was measured.
pub(super) fn full(view: &View<'_>) -> String {
    let mut out = String::new();
    head(&mut out, view, "Launch rehearsal: load test report");
    verdicts(&mut out, view);
    missed(&mut out, view);
    not_measured(&mut out, view);
    for scenario in &view.scenarios {
        section(&mut out, scenario);
    }
    audit(&mut out, view);
    method(&mut out, view);
    out
}

macro_rules! put {
    ($out:expr, $($text:tt)*) => { writeln!($out, $($text)*).expect("writing to a string cannot fail") };
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
    let rows = [
        ("run", meta.id.clone()),
        ("started", meta.started.clone()),
        ("preset", format!("{}{scale}", meta.preset)),
        ("target", format!("{} ({}), which says it is {}", meta.target, meta.origin, meta.environment)),
        ("seeds", format!("requests {}, world {}", meta.seed, meta.world_seed)),
        ("planned requests' digest", format!("`{}`", meta.planned_digest)),
        (
            "load came from",
            format!(
                "{}, {} cores, {} threads",
                meta.machine.system, meta.machine.cores, meta.machine.workers
            ),
        ),
    ];
    for (name, value) in rows {
        put!(out, "| {name} | {} |", cell(&value));
    }
    for note in &view.run.notes {
        put!(out, "\n> {note}");
    }
    put!(out, "");
}

fn verdicts(out: &mut String, view: &View<'_>) {
    put!(out, "## Verdicts\n");
    put!(
        out,
        "| scenario | verdict | goals held | failed | not judged | requests | failed requests |\n|---|---|--:|--:|--:|--:|--:|"
    );
    for scenario in &view.scenarios {
        let count = |word: &str| scenario.goals.iter().filter(|goal| goal.word == word).count();
        let (requests, failed) = scenario.measured.run.requests();
        put!(
            out,
            "| {} | **{}** | {} of {} | {} | {} | {requests} | {failed} |",
            scenario.measured.run.name,
            scenario.verdict,
            count("PASS"),
            scenario.goals.len(),
            count("FAIL"),
            count("NOT JUDGED"),
        );
    }
    for goal in &view.overall {
        put!(
            out,
            "\nWhole suite: {} — {} ({}) **{}** {}",
            goal.claim,
            goal.observed,
            goal.basis,
            goal.word,
            goal.reason
        );
    }
    if let Some(audit) = &view.run.audit {
        let sound = audit.checks.iter().filter(|check| check.ok).count();
        put!(out, "\nThe target's own books: {sound} of {} invariants hold.", audit.checks.len());
    } else {
        put!(out, "\nThe target's own books were not read (no admin token, or the target keeps none).");
    }
    put!(out, "");
}

fn missed(out: &mut String, view: &View<'_>) {
    let missed = view.missed();
    let invalid: Vec<_> = view.scenarios.iter().filter(|scenario| !scenario.invalid.is_empty()).collect();
    if !missed.is_empty() {
        put!(out, "## Goals missed\n");
        for (name, goal) in missed {
            put!(out, "- {name}: {} — observed {} ({})", goal.claim, goal.observed, goal.basis);
        }
        put!(out, "");
    }
    if !invalid.is_empty() {
        put!(out, "## Scenarios that are INVALID\n");
        for scenario in invalid {
            for reason in &scenario.invalid {
                put!(out, "- {}: {reason}", scenario.measured.run.name);
            }
        }
        put!(out, "");
    }
}

fn not_measured(out: &mut String, view: &View<'_>) {
    let of_scenarios = |word: &'static str| {
        view.scenarios.iter().flat_map(move |scenario| {
            let name = &scenario.measured.run.name;
            scenario.goals.iter().filter(move |goal| goal.word == word).map(move |goal| (name, goal))
        })
    };
    let silent: Vec<_> = of_scenarios("NOT JUDGED").chain(of_scenarios("NOT MEASURED")).collect();
    if silent.is_empty() {
        return;
    }
    put!(out, "## What this run does not say\n");
    for (name, goal) in silent {
        put!(
            out,
            "- {name}: {} — {}: {}; seen: {}",
            goal.claim,
            goal.word.to_lowercase(),
            goal.reason,
            goal.observed
        );
    }
    put!(out, "");
}

fn section(out: &mut String, scenario: &ScenarioView<'_>) {
    let measured = scenario.measured;
    put!(
        out,
        "## {} (`{}`): {}\n\n{}\n",
        measured.title,
        measured.run.name,
        scenario.verdict,
        measured.description
    );
    for reason in &scenario.invalid {
        put!(out, "- INVALID: {reason}");
    }
    for note in scenario.findings.iter().chain(&measured.notes) {
        put!(out, "- {note}");
    }
    put!(
        out,
        "\n### Goals\n\n| goal | claim | observed (95 % interval) | rests on | kind | verdict |\n|---|---|---|---|---|---|"
    );
    scenario.goals.iter().for_each(|goal| goal_row(out, goal));
    latencies(out, scenario);
    failures(out, scenario);
    if !scenario.shares.is_empty() {
        put!(out, "\n### Shares\n\n| share | good | of |\n|---|--:|--:|");
        for [name, good, of] in &scenario.shares {
            put!(out, "| {} | {good} | {of} |", cell(name));
        }
    }
    put!(out, "\n### The load generator itself\n\n| | |\n|---|---|");
    for [name, figures] in &scenario.health {
        put!(out, "| {} | {} |", cell(name), cell(figures));
    }
    put!(out, "| warm-up, not counted | {} requests |", measured.warm_up_requests);
    put!(out, "| digest of planned requests | `{}` |", measured.planned_digest);
    truth(out, scenario);
    put!(out, "");
}

fn goal_row(out: &mut String, goal: &GoalRow) {
    let reason = if goal.reason.is_empty() { String::new() } else { format!(" ({})", goal.reason) };
    put!(
        out,
        "| {} | {} | {} | {} | {} | **{}**{} |",
        cell(&goal.name),
        cell(&goal.claim),
        cell(&goal.observed),
        cell(&goal.basis),
        goal.kind,
        goal.word,
        cell(&reason)
    );
}

fn latencies(out: &mut String, scenario: &ScenarioView<'_>) {
    put!(
        out,
        "\n### Latency\n\nSince due is what somebody waiting would have felt; since sent is what the target took; late is the load generator's own delay.\n"
    );
    put!(
        out,
        "| series | n | failed | due p50 | p95 | p99 | max | sent p50 | p95 | p99 | late p99 |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    );
    for row in &scenario.latencies {
        put!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&row.name),
            row.requests,
            row.failed,
            row.since_due.join(" | "),
            row.since_sent.join(" | "),
            row.lateness
        );
    }
    put!(
        out,
        "\n### Phases, p95\n\n| endpoint | {} |\n|---|--:|--:|--:|--:|--:|--:|",
        PHASES.map(|(_, name)| name).join(" | ")
    );
    for row in &scenario.phases {
        put!(out, "| {} | {} |", cell(&row.name), row.p95.join(" | "));
    }
}

fn failures(out: &mut String, scenario: &ScenarioView<'_>) {
    if scenario.faults.is_empty() && scenario.counters.is_empty() {
        return;
    }
    put!(out, "\n### Failures and counts\n");
    for fault in &scenario.faults {
        put!(out, "- {} × {} ({})", fault.count, fault.kind, fault.series);
        fault.evidence.iter().take(3).for_each(|evidence| put!(out, "  - `{}`", code(evidence)));
    }
    for counter in &scenario.counters {
        put!(out, "- {}: {}", counter.name, counter.total);
        counter.evidence.iter().take(3).for_each(|evidence| put!(out, "  - `{}`", code(evidence)));
    }
}

fn truth(out: &mut String, scenario: &ScenarioView<'_>) {
    if scenario.measured.truth.is_none() {
        return;
    }
    put!(out, "\n### Truth: what was measured beside what the mock held\n");
    if scenario.truth.is_empty() {
        put!(out, "Not scored: no route has enough samples.");
        return;
    }
    put!(out, "| route | | measured (since sent) | held | allowed | |\n|---|---|--:|--:|--:|---|");
    for row in &scenario.truth {
        put!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&row.route),
            row.percentile,
            row.measured,
            row.held,
            row.allowed,
            row.word
        );
    }
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
            check.checked,
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
    if view.scenarios.iter().any(|scenario| scenario.measured.run.name == "page-load") {
        put!(
            out,
            "- page-load's visitors think between pages: a closed loop, so a slow target is asked less."
        );
    }
    for measured in &view.run.baseline {
        put!(out, "- Baseline, one user alone: {}", measured.title);
        for row in measured.run.timings.iter() {
            let seen = row.distribution(engine::record::Column::SinceDue);
            if let Some(p95) = seen.percentile(95.0).value {
                put!(out, "  - {}: p95 {} of {}", row.name, super::words::duration(p95), seen.count());
            }
        }
    }
}

/// Text that stays inside a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

/// Text that stays inside a code span.
fn code(text: &str) -> String {
    text.replace('`', "'").replace(['\n', '\r'], " ")
}
