use std::time::Duration;

use engine::{
    goal::{self, Goal},
    histogram::Encoder,
    record::{Column, Registry, Role},
    run::{Cell, ColumnRun, Health, Outcomes, ScenarioRun, ShareRun, ShareSecond, TimingRun},
    verdict::{self, Judged, Verdict},
};

use super::{breaks, confidence, distance, headroom, minute, tightest, tightness};
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
fn a_failure_among_a_few_makes_no_minute_the_worst() {
    let mut run = run(&[(5, &[100; 1_000], 1), (125, &[100; 3], 1)]);
    let route = Registry::new().endpoint(ROUTE);
    run.goals = vec![Goal::sampled("errors", goal::errors(route).below(0.001), 30_000)];
    assert_eq!(worst(&run), "0:00 to 1:00: errors of GET /api/search 0.1 %, 100 % of its limit");
    run.timings[0].outcomes.remove(0);
    assert_eq!(worst(&run), "no judged figure has enough samples in one minute");
}

#[test]
fn what_is_broken_outright_comes_before_what_used_up_its_limit() {
    let run = run(&[(5, &[2_000; 400], 0)]);
    let (mut rows, judged) = goals(&run);
    assert_eq!((rows[0].word, tightness((&rows[0], &judged[0]))), ("FAIL", (true, 2.0)));
    rows[0].used = None;
    assert_eq!(tightness((&rows[0], &judged[0])), (true, f64::INFINITY));
}

/// Every goal of a run, as rows and as figures.
fn goals(run: &ScenarioRun) -> (Vec<GoalRow>, Vec<Judged>) {
    let judged: Vec<Judged> = run.goals.iter().map(|goal| verdict::judge_goal(run, goal)).collect();
    (judged.iter().map(|judged| GoalRow::new(Some(run), judged, true)).collect(), judged)
}

#[test]
fn a_percentile_among_the_unanswered_is_nearest_to_its_limit_and_holds_nothing() {
    let mut run = run(&[(5, &[100; 93], 0)]);
    let column = &mut run.timings[0].columns[0];
    column.cells = vec![Encoder::new().cell(5, &[100_000_000; 93], 7, &column.limits_ns)];
    let (rows, judged) = goals(&run);
    assert_eq!(rows.iter().map(|row| row.word).collect::<Vec<_>>(), ["INCONCLUSIVE", "PASS"]);
    let (goal, seen) = tightest(&rows, &judged).expect("both are judged");
    assert_eq!(goal.name, "p95");
    assert!(distance(goal).starts_with("undecided: no answer"), "{}", distance(goal));
    assert!(confidence(seen).starts_with("undecided: "), "{}", confidence(seen));
    let told = breaks("search-load", goal);
    assert!(told.contains("undecided, seen: no answer") && !told.contains("holds"), "{told}");
    // What is missed already comes before what may be.
    let missed = (&rows[1], &Judged { verdict: Verdict::Fail, ..judged[1].clone() });
    assert!(tightness(missed) > tightness((goal, seen)));
}

#[test]
fn where_not_one_was_answered_no_answer_is_what_was_seen() {
    let mut run = run(&[(5, &[100; 93], 0)]);
    let column = &mut run.timings[0].columns[0];
    column.cells = vec![Encoder::new().cell(5, &[], 70, &column.limits_ns)];
    assert_eq!(goals(&run).0[0].observed, "no answer");
}

#[test]
fn what_an_interruption_left_undecided_is_not_said_to_hold() {
    let mut run = run(&[(5, &[100; 40], 0)]);
    let refused = Registry::new().share("bad signatures refused");
    let seconds = vec![ShareSecond { second: 5, good: 20, bad: 0 }];
    run.shares = vec![ShareRun { name: "bad signatures refused".to_owned(), seconds }];
    run.goals = vec![
        Goal::exact("exact", goal::always(refused)).of_at_least(50),
        Goal::census("census", goal::share(refused).above(0.95), 50),
        Goal::exact("all seen", goal::always(refused)).of_at_least(20),
        Goal::census("decided", goal::share(refused).above(0.2), 24),
    ];
    let (rows, judged) = goals(&run);
    let said: Vec<_> = rows
        .iter()
        .zip(&judged)
        .map(|(row, judged)| format!("{}, {}; {}", row.word, distance(row), confidence(judged)))
        .collect();
    assert_eq!(
        said,
        [
            "INCONCLUSIVE, undecided: 100 % (20 of 20); exact: no counterexample, 20 of 50 seen",
            "INCONCLUSIVE, nothing of the limit used; 20 of 50 seen",
            "PASS, holds outright; exact: one counterexample is enough",
            "PASS, nothing of the limit used; 20 of 24 seen, the others could not change it",
        ]
    );
    assert!(!breaks("webhooks-load", &rows[0]).contains("holds"));
    let order: Vec<(bool, f64)> = rows.iter().zip(&judged).map(tightness).collect();
    assert!(order[0] > order[1] && order[1] > order[2], "undecided, nothing used, held outright: {order:?}");
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
