//! A run as families of metrics.

use engine::record::{Live, Spread};
use loadgen::telemetry::{
    figures::{Figures, Usage, Value},
    prometheus::{Format, text},
};

use super::made::{figures, searched, teller, whole};
use crate::watch::made::ms;

/// The number of the member with these labels.
fn number(figures: &Figures, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    match find(figures, name, labels)? {
        Value::Number(number) => Some(number),
        Value::Spread(_) => None,
    }
}

fn spread(figures: &Figures, name: &str, labels: &[(&str, &str)]) -> Option<Spread> {
    match find(figures, name, labels)? {
        Value::Number(_) => None,
        Value::Spread(spread) => Some(spread),
    }
}

fn find(figures: &Figures, name: &str, labels: &[(&str, &str)]) -> Option<Value> {
    let families = figures.families(&Usage::default());
    let family = families.into_iter().find(|family| family.name == name)?;
    let has = |member: &loadgen::telemetry::figures::Member| {
        labels.iter().all(|(name, value)| member.labels.iter().any(|(n, v)| n == name && v == value))
    };
    family.members.into_iter().find(has).map(|member| member.value)
}

const SEARCH: &[(&str, &str)] = &[("scenario", "search-load")];

#[test]
fn what_a_scenario_came_to_stays_when_it_is_over() {
    let (figures, run) = (whole(), searched());
    let (requests, failed) = run.requests();
    assert_eq!(number(&figures, "loadgen_requests", SEARCH), Some(requests as f64));
    let failures = |kind| number(&figures, "loadgen_request_failures", &[("kind", kind)]);
    assert_eq!((failures("timeout"), failures("status 503")), (Some(2.0), Some(1.0)));
    assert_eq!(failed, 3);
    assert_eq!(number(&figures, "loadgen_starts_planned", SEARCH), Some(11.0));
    assert_eq!(number(&figures, "loadgen_starts", SEARCH), Some(10.0));
    assert_eq!(number(&figures, "loadgen_starts_dropped", SEARCH), Some(1.0));
    assert_eq!(number(&figures, "loadgen_counted", SEARCH), Some(3.0));
    assert_eq!(number(&figures, "loadgen_users", SEARCH), Some(0.0));
    assert_eq!(number(&figures, "loadgen_scenario_running", SEARCH), Some(0.0));
    assert_eq!(number(&figures, "loadgen_scenario_verdict", &[("verdict", "FAIL")]), Some(1.0));
    assert_eq!(number(&figures, "loadgen_run_over", &[]), Some(1.0));
}

#[test]
fn a_request_without_an_answer_is_above_every_bound() {
    let figures = whole();
    let of = |from| {
        spread(&figures, "loadgen_request_duration_seconds", &[("scenario", "search-load"), ("from", from)])
            .expect("a histogram")
    };
    let due = of("due");
    // 150 ms lie above the bound of 100 ms and not above that of 200.
    assert_eq!((due.up_to()[6], due.up_to()[7], due.up_to()[18], due.count()), (0, 8, 8, 10));
    assert_eq!(due.sum_ns, 8 * 150_000_000);
    assert_eq!(of("sent").sum_ns, 8 * 145_000_000);
}

#[test]
fn a_baseline_is_another_thing_than_its_scenario() {
    let figures = figures(&teller().entries);
    assert_eq!(
        number(&figures, "loadgen_scenario_running", &[("scenario", "search-load-baseline")]),
        Some(0.0)
    );
    assert_eq!(number(&figures, "loadgen_scenario_running", SEARCH), Some(1.0));
}

#[test]
fn a_goal_is_held_lost_or_unknown() {
    let figures = whole();
    let held = |goal| number(&figures, "loadgen_goal_held", &[("goal", goal)]);
    assert_eq!(held("no duplicates"), Some(0.0));
    // One in twelve is over the limit, one in twenty may be.
    assert_eq!(held("search p95"), Some(0.0));
    assert!(held("few searches").is_some_and(f64::is_nan), "it will not be judged");
    let used = |goal| number(&figures, "loadgen_goal_allowance_used_ratio", &[("goal", goal)]);
    assert!((used("search p95").expect("a share") - 1.0 / 12.0 / 0.05).abs() < 1e-9);
    assert_eq!(used("no duplicates"), None, "it allows nothing");
}

#[test]
fn no_counter_goes_down_when_a_process_of_the_load_is_gone() {
    let mut teller = teller();
    let live =
        |requests| Live { requests, started: requests, lateness_p99: Some(ms(1.0)), ..Live::default() };
    teller.second(1_000, live(500));
    teller.second(2_000, live(300));
    assert_eq!(number(&figures(&teller.entries), "loadgen_starts", SEARCH), Some(500.0));
    teller.second(3_000, live(501));
    assert_eq!(number(&figures(&teller.entries), "loadgen_starts", SEARCH), Some(501.0));
}

#[test]
fn every_family_there_is() {
    let everything = Usage {
        resident_bytes: Some(1.0),
        allowed_bytes: Some(2.0),
        cpu_seconds: Some(3.0),
        open_files: Some(4.0),
    };
    let mut teller = teller();
    let seen = Live { lateness_p99: Some(ms(1.0)), cores: Some(0.5), totals: loaded(), ..Live::default() };
    teller.second(1_000, seen);
    let mut figures = figures(&teller.entries);
    figures.settle(&searched());
    let text = text(&figures.families(&everything), Format::Text);
    let families: String =
        text.lines().filter(|line| line.starts_with("# ")).flat_map(|line| [line, "\n"]).collect();
    expect_test::expect![[r"
        # HELP loadgen_run_info Always 1: which run this is.
        # TYPE loadgen_run_info gauge
        # HELP loadgen_run_over 1 once nothing more comes.
        # TYPE loadgen_run_over gauge
        # HELP loadgen_scenario_running 1 while its load is on; 0 before and after.
        # TYPE loadgen_scenario_running gauge
        # HELP loadgen_scenario_planned_seconds How long its load takes by plan.
        # TYPE loadgen_scenario_planned_seconds gauge
        # HELP loadgen_scenario_verdict Always 1, from its end on: what its goals say, before the target's own books are read.
        # TYPE loadgen_scenario_verdict gauge
        # HELP loadgen_requests_total Requests done.
        # TYPE loadgen_requests_total counter
        # HELP loadgen_request_failures_total Requests that failed, by kind.
        # TYPE loadgen_request_failures_total counter
        # HELP loadgen_request_duration_seconds From when a request was due, or sent, to when it was done. Without an answer it counts as above every bound and is not in the sum.
        # TYPE loadgen_request_duration_seconds histogram
        # HELP loadgen_group_duration_seconds The same of groups of requests.
        # TYPE loadgen_group_duration_seconds histogram
        # HELP loadgen_group_failures_total Failures in groups of requests, by kind.
        # TYPE loadgen_group_failures_total counter
        # HELP loadgen_value_duration_seconds Durations that are no requests of their own.
        # TYPE loadgen_value_duration_seconds histogram
        # HELP loadgen_counted_total What a scenario counts beside requests.
        # TYPE loadgen_counted_total counter
        # HELP loadgen_users Users at it.
        # TYPE loadgen_users gauge
        # HELP loadgen_starts_planned_total Turns due so far by plan; absent where visitors make their own pace.
        # TYPE loadgen_starts_planned_total counter
        # HELP loadgen_starts_total Turns begun.
        # TYPE loadgen_starts_total counter
        # HELP loadgen_starts_dropped_total Arrivals given up: too many in flight.
        # TYPE loadgen_starts_dropped_total counter
        # HELP loadgen_start_lateness_seconds The generator's own delay of starts.
        # TYPE loadgen_start_lateness_seconds histogram
        # HELP loadgen_start_lateness_p99_seconds p99 of it in the newest second.
        # TYPE loadgen_start_lateness_p99_seconds gauge
        # HELP loadgen_start_lateness_allowed_seconds The most that p99 may be.
        # TYPE loadgen_start_lateness_allowed_seconds gauge
        # HELP loadgen_goal_held 1 held so far, 0 lost so far, NaN unknown (nothing seen, or not judged). No verdict.
        # TYPE loadgen_goal_held gauge
        # HELP loadgen_cores_busy Cores that the load's processes keep busy.
        # TYPE loadgen_cores_busy gauge
        # HELP loadgen_cores_allowed Cores the machine allows.
        # TYPE loadgen_cores_allowed gauge
        # HELP loadgen_memory_allowed_bytes Memory the machine or its control group allows.
        # TYPE loadgen_memory_allowed_bytes gauge
        # HELP process_resident_memory_bytes Memory in RAM (of this process).
        # TYPE process_resident_memory_bytes gauge
        # HELP process_cpu_seconds_total User and system time.
        # TYPE process_cpu_seconds_total counter
        # HELP process_open_fds Files and sockets open.
        # TYPE process_open_fds gauge
    "]].assert_eq(&families);
}

fn loaded() -> engine::record::Totals {
    engine::record::Totals::of(&searched(), &engine::record::Totals::default())
}
