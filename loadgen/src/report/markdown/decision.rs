//! What is decided on: the launch table, what gave way first, what to do about it, and the checklist.

use super::{cell, code, plain};
use crate::{
    bottlenecks::{Bottlenecks, Recommendation},
    readiness::{Line, Mark},
    report::view::View,
    words::count,
};

/// How a reader gets the target's side read.
const PROBES: &str = "`--probe-metrics URL`, `--probe-prometheus URL`, `--probe-postgres` or `--probe-redis`";

/// How much of it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// On the one page: what matters most.
    Brief,
    /// In the report: all of it.
    Full,
}

/// Of bottlenecks and recommendations, on the one page.
const BRIEFLY: usize = 3;

impl Detail {
    fn of<T>(self, all: &[T]) -> &[T] {
        match self {
            Self::Brief => &all[..all.len().min(BRIEFLY)],
            Self::Full => all,
        }
    }
}

/// Whether the team can launch, scenario by scenario.
pub(super) fn launch(out: &mut String, view: &View<'_>) {
    put!(out, "## Executive summary\n");
    if let Some(goal) = &view.launch.first_to_break {
        put!(out, "First to break: {}.\n", plain(goal));
    } else {
        put!(out, "First to break: not known, no goal was judged.\n");
    }
    if view.launch.rows.is_empty() {
        put!(out, "No scenario was begun: there is nothing to decide on.\n");
        return;
    }
    put!(
        out,
        "| scenario | verdict | judged goals held | nearest to its limit | margin | confidence | worst minute | headroom |\n|---|---|--:|---|---|---|---|---|"
    );
    for row in &view.launch.rows {
        put!(
            out,
            "| {} | **{}** | {} | {} | {} | {} | {} | {} |",
            cell(&row.name),
            row.verdict,
            row.held,
            cell(&row.tightest),
            cell(&row.margin),
            cell(&row.confidence),
            cell(&row.worst_minute),
            cell(&row.headroom)
        );
    }
    for left in &view.run.not_run {
        put!(out, "| {} | **NOT RUN** | – | – | – | – | – | – |", cell(&left.name));
    }
    put!(out, "");
}

/// What gave way first, and what to do about it.
pub(super) fn bottlenecks(out: &mut String, view: &View<'_>, detail: Detail) {
    let Bottlenecks { summary, found, recommendations } = &view.bottlenecks;
    put!(out, "## Bottlenecks\n");
    match (summary.is_empty(), &view.run.evidence) {
        (false, _) => put!(out, "{}\n", plain(summary)),
        (true, None) => put!(out, "Nothing was read of the target's side: {PROBES} would have.\n"),
        (true, Some(_)) => put!(out, "The target's side was read, and nothing moved with latency.\n"),
    }
    let shown = detail.of(found);
    for it in shown {
        put!(
            out,
            "- **{}**: {} (rank correlation {:+.2} with p95 of {} in {}, {})",
            plain(&it.resource),
            plain(&it.sentence),
            it.correlation,
            plain(&it.series),
            plain(&it.scenario),
            lead(it.lead_s)
        );
    }
    further(out, found.len() - shown.len());
    if !found.is_empty() {
        put!(out, "");
    }
    recommended(out, recommendations, detail);
}

fn lead(seconds: f64) -> String {
    match seconds {
        s if s > 0.0 => format!("{s:.0} s before it"),
        s if s < 0.0 => format!("{:.0} s after it", -s),
        _ => "together with it".to_owned(),
    }
}

fn further(out: &mut String, n: usize) {
    if n > 0 {
        let what = count(n as u64, "more is", "more are");
        put!(out, "- … {what} in LOAD_TEST_REPORT.md");
    }
}

fn recommended(out: &mut String, all: &[Recommendation], detail: Detail) {
    put!(out, "## Recommendations\n");
    if all.is_empty() {
        put!(out, "None: they come from what was observed, and nothing that was calls for one.\n");
        return;
    }
    let shown = detail.of(all);
    for it in shown {
        put!(out, "- **{}** ({})", plain(&it.title), it.topic);
        let evidence = if detail == Detail::Brief { it.evidence.get(..1) } else { it.evidence.get(..) };
        evidence.into_iter().flatten().for_each(|fact| put!(out, "  - Evidence: {}", plain(fact)));
        if let Some(change) = &it.change {
            put!(out, "  - Change: `{}`", code(change));
        }
        put!(out, "  - Proof: {}", plain(&it.proof));
    }
    further(out, all.len() - shown.len());
    put!(out, "");
}

/// The production-readiness checklist: all of it, or its sums and what is not met.
pub(super) fn readiness(out: &mut String, view: &View<'_>, detail: Detail) {
    let lines = &view.readiness;
    put!(out, "## Readiness checklist\n");
    if lines.is_empty() {
        put!(out, "Nothing of it was looked at.\n");
        return;
    }
    let marked = |mark| lines.iter().filter(|line| line.mark == mark).count();
    put!(
        out,
        "{} met, {} not met, {} not measurable here, of {}.\n",
        marked(Mark::Met),
        marked(Mark::NotMet),
        marked(Mark::NotMeasurable),
        count(lines.len() as u64, "line", "lines")
    );
    let told = lines.iter().filter(|line| detail == Detail::Full || line.mark == Mark::NotMet);
    let mut section = "";
    for Line { section: of, claim, mark, because } in told {
        if *of != section {
            put!(out, "{}### {of}\n", if section.is_empty() { "" } else { "\n" });
            section = of;
        }
        put!(out, "- {} {}: **{}**: {}", tick(*mark), plain(claim), mark.word(), plain(because));
    }
    if !section.is_empty() {
        put!(out, "");
    }
}

fn tick(mark: Mark) -> &'static str {
    match mark {
        Mark::Met => "[x]",
        Mark::NotMet => "[ ]",
        Mark::NotMeasurable => "[~]",
    }
}

#[cfg(test)]
mod tests;
