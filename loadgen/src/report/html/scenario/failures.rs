//! What went wrong, with samples and traces; shares and counts.

use maud::{Markup, html};

use crate::{
    report::view::{FaultRow, ScenarioView},
    run::{Kept, Traced},
    words::{duration, number},
};

/// Most traces that are named beside a kind of failure.
const TRACES: usize = 3;

pub(super) fn part(scenario: &ScenarioView<'_>) -> Markup {
    let traces = &scenario.measured.traces;
    html! {
        @if !(scenario.faults.is_empty() && scenario.counters.is_empty() && scenario.shares.is_empty()) {
            details open[!scenario.faults.is_empty()] { summary { "Failures, shares and counts" }
                ul {
                    @for fault in &scenario.faults { (failure(fault, traces)) }
                    @for [name, good, of] in &scenario.shares { li { (name) ": " (good) " (" (of) ")" } }
                    @for counter in &scenario.counters { li {
                        (counter.name) ": " (number(counter.total))
                        @for evidence in &counter.evidence { br; code { (evidence) } }
                    } }
                }
            }
        }
        (slowest(traces))
    }
}

fn failure(fault: &FaultRow, traces: &[Traced]) -> Markup {
    let of_this = |trace: &&Traced| {
        trace.route == fault.series && trace.fault.as_ref().is_some_and(|kind| kind.to_string() == fault.kind)
    };
    html! {
        li {
            b { (number(fault.count)) " × " (fault.kind) } " " (fault.series)
            @for evidence in &fault.evidence { br; code { (evidence) } }
            @for trace in traces.iter().filter(of_this).take(TRACES) { br; small { "trace " code { (trace.trace_id) } } }
        }
    }
}

/// The slowest that were traced.
fn slowest(traces: &[Traced]) -> Markup {
    let slowest: Vec<&Traced> = traces.iter().filter(|trace| trace.why == Kept::Slowest).collect();
    html! {
        @if !slowest.is_empty() {
            details { summary { "Traces of the slowest requests" }
                div.scroll { table data-sortable="" {
                    thead { tr { th data-column="0" { "route" } th.n data-column="1" { "took" } th { "trace" } th { "failed" } } }
                    tbody { @for trace in slowest { tr {
                        td { (trace.route) }
                        td.n { (duration(std::time::Duration::try_from_secs_f64(trace.took_ms / 1e3).unwrap_or_default())) }
                        td { code { (trace.trace_id) } }
                        td { @if let Some(fault) = &trace.fault { (fault) } @else { "–" } }
                    } } }
                } }
            }
        }
    }
}
