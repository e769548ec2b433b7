//! What went wrong, with samples and traces; shares and counts.

use maud::{Markup, html};

use crate::{
    report::view::{FaultRow, ScenarioView, SlowRow},
    words::number,
};

pub(super) fn part(scenario: &ScenarioView<'_>) -> Markup {
    html! {
        @if !(scenario.faults.is_empty() && scenario.counters.is_empty() && scenario.shares.is_empty()) {
            details open[!scenario.faults.is_empty()] { summary { "Failures, shares and counts" }
                ul {
                    @for fault in &scenario.faults { (failure(fault)) }
                    @for [name, good, of] in &scenario.shares { li { (name) ": " (good) " (" (of) ")" } }
                    @for counter in &scenario.counters { li {
                        (counter.name) ": " (number(counter.total))
                        @for evidence in &counter.evidence { br; code { (evidence) } }
                    } }
                }
            }
        }
        (slowest(&scenario.slowest))
    }
}

fn failure(fault: &FaultRow) -> Markup {
    html! {
        li {
            b { (number(fault.count)) " × " (fault.kind) } " " (fault.series)
            @for evidence in &fault.evidence { br; code { (evidence) } }
            @for trace in &fault.traces { br; small { "trace " code { (trace) } } }
        }
    }
}

/// The slowest that were traced.
fn slowest(slowest: &[SlowRow]) -> Markup {
    html! {
        @if !slowest.is_empty() {
            details { summary { "Slowest requests that were traced" }
                div.scroll { table data-sortable="" {
                    thead { tr { th data-column="0" { "route" } th.n data-column="1" { "took, since due" } th { "trace" } th { "failed" } } }
                    tbody { @for trace in slowest { tr {
                        td { (trace.route) } td.n { (trace.took) } td { code { (trace.trace_id) } } td { (trace.failed) }
                    } } }
                } }
            }
        }
    }
}
