use std::time::Duration;

use engine::{
    goal::{self, Goal},
    histogram::Encoder,
    record::{Column, Registry, Role},
    run::{Cell, ColumnRun, Health, Outcomes, ScenarioRun, TimingRun},
    verdict,
};

use super::{headroom, minute, tightness};
use crate::{report::view::GoalRow, run::Headroom};

const ROUTE: &str = "GET /api/search";

/// A scenario of one route; each second's latencies in milliseconds, and how many failed.
fn run(seconds: &[(i64, &[u64], u64)]) -> ScenarioRun {
    let mut registry = Registry::new();
    let route = registry.endpoint(ROUTE);
    let limits_ns = vec![1_000_000_000];
    let cell = |&(second, ms, _): &(i64, &[u64], u64)| -> Cell {
        let ns: Vec<u64> = ms.iter().map(|ms| ms * 1_000_000).collect();
        Encoder::new().cell(second, &ns, 0, &limits_ns)
    };
    let outcome = |&(second, ms, failed): &(i64, &[u64], u64)| Outcomes {
        second,
        ok: ms.len() as u64 - failed,
        failed,
    };
    let column = ColumnRun {
        column: Column::SinceDue,
        limits_ns: limits_ns.clone(),
        cells: seconds.iter().map(cell).collect(),
    };
    ScenarioRun {
        name: "search-load".to_owned(),
        started_unix_ms: 0,
        duration: Duration::from_secs(130),
        steady: None,
        interrupted: false,
        flows: Vec::new(),
        timings: vec![TimingRun {
            name: ROUTE.to_owned(),
            role: Role::Endpoint,
            columns: vec![column],
            outcomes: seconds.iter().map(outcome).collect(),
            faults: Vec::new(),
        }],
        warm_up: Vec::new(),
        shares: Vec::new(),
        counters: Vec::new(),
        health: Health {
            starts: ColumnRun { column: Column::Lateness, limits_ns: Vec::new(), cells: Vec::new() },
            users: Vec::new(),
            cpu: Vec::new(),
            cores: 2.0,
            workers: 1,
            lost: Vec::new(),
        },
        goals: vec![
            Goal::sampled("p95", goal::p95(route).below(Duration::from_secs(1)), 1_000),
            Goal::sampled("errors", goal::errors(route).below(0.5), 1_000),
        ],
    }
}

fn worst(run: &ScenarioRun) -> String {
    let goals: Vec<_> = run.goals.iter().map(|goal| verdict::judge_goal(run, goal)).collect();
    minute::worst(run, &goals)
}

#[test]
fn the_worst_minute_is_the_slowest_one_that_has_enough_samples() {
    let slow = [900; 40];
    let run = run(&[(5, &[100; 40], 0), (65, &slow, 0), (125, &[5_000; 3], 0)]);
    assert_eq!(worst(&run), "1:00 to 2:00: p95 of GET /api/search 900 ms, 90 % of its limit");
}

#[test]
fn failures_make_a_minute_the_worst_as_well_and_the_last_one_ends_with_the_run() {
    let run = run(&[(5, &[100; 40], 0), (125, &[100; 40], 10)]);
    assert_eq!(worst(&run), "2:00 to 2:10: errors of GET /api/search 25 %, 50 % of its limit");
}

#[test]
fn a_minute_with_too_few_samples_has_no_percentile() {
    assert_eq!(
        worst(&run(&[(5, &[5_000; 19], 0)])),
        "0:00 to 1:00: errors of GET /api/search 0 %, 0 % of its limit"
    );
    assert_eq!(worst(&run(&[])), "no judged figure has enough samples in one minute");
}

#[test]
fn what_is_broken_outright_comes_before_what_used_up_its_limit() {
    let run = run(&[(5, &[2_000; 400], 0)]);
    let row = |goal| GoalRow::new(Some(&run), &verdict::judge_goal(&run, goal), true);
    let slow = row(&run.goals[0]);
    assert_eq!((slow.word, tightness(&slow)), ("FAIL", 2.0));
    let mut outright = slow;
    outright.used = None;
    assert!(tightness(&outright).is_infinite());
}

#[test]
fn headroom_is_shown_only_where_it_was_measured() {
    let found = Headroom {
        scenario: "search-load".to_owned(),
        holds: 2.25,
        fails: Some(2.5),
        found_in: "limit_20270101_000000".to_owned(),
    };
    let known = [found];
    assert_eq!(
        headroom("search-load", &known),
        "2.25 × launch day holds, 2.50 × does not (limit_20270101_000000)"
    );
    assert_eq!(headroom("api-load", &known), "not measured: loadgen limit --scenario api-load");
    assert_eq!(headroom("rtc-load", &known), "not measured: its size is part of what it promises");
}
