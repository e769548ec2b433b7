//! The families of scenarios. A new figure is one entry here.

use engine::record::Role;

use super::{
    super::{Family, Kind, Member},
    Scenario,
};

/// Of requests without an answer a histogram says this much; its help says so, too.
const DURATIONS: &str = "From when a request was due, or sent, to when it was done. Without an answer it counts as above every \
                         bound and is not in the sum.";

/// Everything of these scenarios.
pub(in super::super) fn families(scenarios: &[Scenario]) -> Vec<Family> {
    let of = Of(scenarios);
    [states(of), requests(of), starts(of), goals(of)].into_iter().flatten().collect()
}

/// Makes families of these scenarios.
#[derive(Clone, Copy)]
struct Of<'a>(&'a [Scenario]);

impl Of<'_> {
    fn each<I>(
        self,
        name: &'static str,
        kind: Kind,
        help: &'static str,
        of: impl Fn(&Scenario) -> I,
    ) -> Family
    where
        I: IntoIterator<Item = Member>,
    {
        Family::of(name, kind, help, self.0.iter().flat_map(of))
    }

    /// One number of each, where there is one.
    fn number(
        self,
        name: &'static str,
        kind: Kind,
        help: &'static str,
        of: impl Fn(&Scenario) -> Option<f64>,
    ) -> Family {
        self.each(name, kind, help, |scenario| scenario.number(of(scenario)))
    }
}

/// How they stand.
fn states(of: Of<'_>) -> Vec<Family> {
    vec![
        of.number(
            "loadgen_scenario_running",
            Kind::Gauge,
            "1 while its load is on; 0 before and after.",
            |scenario| Some(f64::from(u8::from(scenario.running))),
        ),
        of.number(
            "loadgen_scenario_planned_seconds",
            Kind::Gauge,
            "How long its load takes by plan.",
            |scenario| Some(scenario.current.card.planned.length_s),
        ),
        of.each(
            "loadgen_scenario_verdict",
            Kind::Gauge,
            "Always 1, from its end on: what its goals say, before the target's own books are read.",
            Scenario::verdict,
        ),
    ]
}

/// What was asked for, and what came of it.
fn requests(of: Of<'_>) -> Vec<Family> {
    let (counts, spreads) = (Kind::Counter, Kind::Histogram);
    vec![
        of.each("loadgen_requests", counts, "Requests done.", Scenario::requests),
        of.each("loadgen_request_failures", counts, "Requests that failed, by kind.", |scenario| {
            scenario.failures(Role::Endpoint, "route")
        }),
        of.each("loadgen_request_duration_seconds", spreads, DURATIONS, |scenario| {
            scenario.durations(Role::Endpoint, "route")
        }),
        of.each("loadgen_group_duration_seconds", spreads, "The same of groups of requests.", |scenario| {
            scenario.durations(Role::Group, "group")
        }),
        of.each("loadgen_group_failures", counts, "Failures in groups of requests, by kind.", |scenario| {
            scenario.failures(Role::Group, "group")
        }),
        of.each(
            "loadgen_value_duration_seconds",
            spreads,
            "Durations that are no requests of their own.",
            Scenario::values,
        ),
        of.each("loadgen_counted", counts, "What a scenario counts beside requests.", Scenario::counters),
    ]
}

/// Who is at it, and whether that is as planned.
fn starts(of: Of<'_>) -> Vec<Family> {
    vec![
        of.number("loadgen_users", Kind::Gauge, "Users at it.", |scenario| {
            Some(scenario.live().users as f64)
        }),
        of.number(
            "loadgen_starts_planned",
            Kind::Counter,
            "Turns due so far by plan; absent where visitors make their own pace.",
            |scenario| scenario.live().totals.planned.map(|planned| planned as f64),
        ),
        of.number("loadgen_starts", Kind::Counter, "Turns begun.", |scenario| {
            Some(scenario.live().started as f64)
        }),
        of.number(
            "loadgen_starts_dropped",
            Kind::Counter,
            "Arrivals given up: too many in flight.",
            |scenario| Some(scenario.live().totals.dropped as f64),
        ),
        of.each(
            "loadgen_start_lateness_seconds",
            Kind::Histogram,
            "The generator's own delay of starts.",
            Scenario::lateness,
        ),
        of.number(
            "loadgen_start_lateness_p99_seconds",
            Kind::Gauge,
            "p99 of it in the newest second.",
            |scenario| scenario.live().lateness_p99.map(|late| late.as_secs_f64()),
        ),
        of.number(
            "loadgen_start_lateness_allowed_seconds",
            Kind::Gauge,
            "The most that p99 may be.",
            Scenario::lateness_allowed,
        ),
    ]
}

/// How their goals stand.
fn goals(of: Of<'_>) -> Vec<Family> {
    vec![
        of.each(
            "loadgen_goal_held",
            Kind::Gauge,
            "1 held so far, 0 lost so far, NaN unknown (nothing seen, or not judged). No verdict.",
            Scenario::held,
        ),
        of.each(
            "loadgen_goal_allowance_used_ratio",
            Kind::Gauge,
            "The part of what a goal allows that is used: 1 is all of it.",
            Scenario::used,
        ),
    ]
}
