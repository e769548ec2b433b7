//! The places of a scenario's charts, and what is said beside them; the page's script draws them.

use maud::{Markup, html};

use crate::{
    report::{html::data::Data, view::ScenarioView},
    words::{count, number},
};

/// What is drawn: its name in the script, its size, what it is called, what is said below.
const CHARTS: [(&str, &str, &str, &str); 7] = [
    (
        "percentiles",
        "wide",
        "Response time",
        "Percentiles of what was due in each second, since due: p50, p95 and p99 of the chosen series.",
    ),
    (
        "rate",
        "third",
        "Rate",
        "Requests due in each second, all endpoints; starts made, and those due by the plan.",
    ),
    ("users", "third", "Users", "The most at it in each second."),
    ("errors", "third", "Errors", "Failed in each second, of the chosen series."),
    (
        TARGET,
        "wide",
        "The target's side",
        "The chosen figure as it was read of the target; dashed: where there is no more. Where readings stand too close, the worst of each few.",
    ),
    (
        "spread",
        "half",
        "How response times are spread",
        "Share of answers by time, on a logarithmic scale; the chosen series, in the chosen window.",
    ),
    (
        "curve",
        "half",
        "Percentile curve",
        "How long the quickest so many of a hundred took at most; the chosen series, in the chosen window.",
    ),
];

/// The chart that is there only when something was read of the target's side.
const TARGET: &str = "target";

pub(super) fn part(scenario: &ScenarioView<'_>, data: &Data<'_>) -> Markup {
    let name = &scenario.measured.run.name;
    let seen = scenario.measured.run.timings.iter().any(|timing| !timing.columns.is_empty());
    let read = data.has_readings(name);
    html! {
        @if seen {
            h3 { "Over time" }
            (controls(name, read))
            div.charts {
                @for (chart, size, title, said) in CHARTS.into_iter().filter(|(chart, ..)| read || *chart != TARGET) {
                    figure class=(size) {
                        figcaption { b { (title) } " " (said) }
                        div.plot data-chart=(chart) data-size=(size) role="img" aria-label=(title) { }
                    }
                }
            }
            p.key-line { (legend(scenario, data.step_s())) }
            (window())
        }
    }
}

fn controls(name: &str, read: bool) -> Markup {
    html! {
        div.controls {
            label { "Series " select data-role="series" autocomplete="off" { } }
            @if read { label { "Target's side " select data-role="reading" autocomplete="off" { } } }
            fieldset aria-label={ "Window of " (name) } {
                label { "From " input data-role="from" type="number" min="0" inputmode="numeric" placeholder="start" autocomplete="off"; " s" }
                label { "to " input data-role="to" type="number" min="0" inputmode="numeric" placeholder="end" autocomplete="off"; " s" }
                button.quiet data-role="whole" type="button" { "Whole run" }
            }
        }
    }
}

fn legend(scenario: &ScenarioView<'_>, step_s: i64) -> String {
    let mut said =
        vec!["The strip along the top is the time in which every flow was at its full height".to_owned()];
    if scenario.measured.warm_up_requests > 0 {
        let requests = count(scenario.measured.warm_up_requests, "warm-up request", "warm-up requests");
        said.push(match scenario.measured.warm_up_s {
            Some(_) => format!(
                "shaded before second 0: {requests}, in no figure and no window, drawn among the response times only \
                 (▲: beyond the scale)"
            ),
            None => format!("{requests} ran before second 0 and are not drawn"),
        });
    }
    if step_s > 1 {
        said.push(format!(
            "to keep this page small, windows and percentiles are cut to {} s",
            number(step_s.unsigned_abs())
        ));
    }
    format!("{}.", said.join("; "))
}

/// What was recomputed: empty until a window is marked or another run laid over.
fn window() -> Markup {
    html! {
        div.window data-role="window" hidden {
            h4 data-role="selected" role="status" { }
            div.scroll { table {
                thead { tr { th { "series" } th.n { "n" } th.n { "failed" } th.n { "p50" } th.n { "p95" } th.n { "p99" } th.n { "max" } } }
                tbody data-role="figures" { }
            } }
        }
    }
}
