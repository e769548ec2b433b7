use std::time::Duration;

use engine::{
    histogram::{Distribution, Encoder},
    record::{Column, Role},
    run::{Cell, ColumnRun, Health, ScenarioRun, TimingRun},
};
use proptest::prelude::*;
use serde_json::json;

use super::{Data, merged};
use crate::run::{Evidence, Measured, Run};

/// A cell a second, of these latencies in microseconds, and how many were not answered.
fn seconds(all: &[(Vec<u64>, u64)]) -> Vec<Cell> {
    let cell = |(second, (us, unanswered)): (i64, &(Vec<u64>, u64))| {
        let ns: Vec<u64> = us.iter().map(|us| us * 1_000).collect();
        Encoder::new().cell(second, &ns, *unanswered, &[])
    };
    (0..).zip(all).map(cell).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn seconds_laid_together_have_the_percentiles_of_all_of_them(
        all in prop::collection::vec((prop::collection::vec(1_u64..100_000_000, 0..20), 0_u64..3), 1..30),
        step_s in 1_i64..12,
    ) {
        let cells = seconds(&all);
        let merged = merged::cells(&cells, step_s);
        prop_assert!(merged.iter().all(|cell| cell.second % step_s == 0));
        prop_assert!(merged.is_sorted_by(|a, b| a.second < b.second));
        let (before, after) = (Distribution::of(&cells), Distribution::of(&merged));
        prop_assert_eq!((before.count(), before.unanswered()), (after.count(), after.unanswered()));
        for percent in [1.0, 50.0, 95.0, 99.0, 100.0] {
            prop_assert_eq!(before.percentile(percent), after.percentile(percent));
        }
    }
}

/// One series that has these cells.
fn series(cells: Vec<Cell>) -> TimingRun {
    TimingRun {
        name: "GET /api/search".to_owned(),
        role: Role::Endpoint,
        columns: vec![ColumnRun { column: Column::SinceDue, limits_ns: Vec::new(), cells }],
        outcomes: Vec::new(),
        faults: Vec::new(),
    }
}

/// A run of one series, a minute long, which was warmed up for as long.
fn run() -> Run {
    let minute = seconds(&vec![(vec![1_000, 2_000, 3_000], 0); 60]);
    let scenario = ScenarioRun {
        name: "search-load".to_owned(),
        started_unix_ms: 0,
        duration: Duration::from_mins(1),
        steady: None,
        interrupted: false,
        flows: Vec::new(),
        timings: vec![series(minute.clone())],
        warm_up: vec![series(minute)],
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
        goals: Vec::new(),
    };
    let measured = json!({
        "title": "Members searching", "description": "", "planned_requests": 0, "planned_digest": "d",
        "run": scenario, "truth": null, "warm_up_requests": 180, "warm_up_s": 60.0, "notes": [],
    });
    let measured: Measured = serde_json::from_value(measured).expect("a scenario");
    serde_json::from_value(json!({
        "format": 1,
        "meta": {
            "id": "run_20270101_000000", "started": "2027-01-01T00:00:00Z", "seed": 42, "world_seed": 42,
            "preset": "smoke", "time_scale": 1.0, "target": "mock", "origin": "http://127.0.0.1:8089",
            "environment": "mock", "nonce": "n", "planned_digest": "d", "loadgen": "0.1.0",
            "machine": { "system": "linux", "cores": 2, "workers": 2, "open_files": null },
        },
        "interrupted": false,
        "baseline": [], "scenarios": [measured], "not_run": [], "notes": [], "audit": null,
        "overall": { "errors_below": 0.001, "planned_requests": 0 },
    }))
    .expect("a run")
}

/// A figure that was read in each of these seconds.
fn read() -> Evidence {
    let points: Vec<(u64, f64)> = (0..60).map(|second| (second * 1_000, second as f64)).collect();
    serde_json::from_value(json!({ "sources": [{
        "name": "metrics", "kind": "metrics", "every_ms": 1_000, "reads": 60, "failed": 0, "troubles": [],
        "clock_ahead_ms": null, "database": null, "cache": null,
        "resources": [{ "kind": "other", "name": "queue", "unit": "count", "capacity": null, "points": points }],
    }] }))
    .expect("evidence")
}

#[test]
fn what_is_drawn_beside_the_seconds_counts_for_the_size_of_the_page_as_well() {
    let mut run = run();
    let cells = &run.scenarios[0].run.timings[0].columns[0].cells;
    let minute: usize = cells.iter().map(|cell| cell.hdr.len() + 40).sum();
    let step = |run: &Run, budget| Data::within(run, budget).step_s();
    assert_eq!(step(&run, 2 * minute), 1, "the minute and its warm-up");
    assert!(step(&run, 2 * minute - 1) > 1, "the warm-up is in the page too");
    run.evidence = Some(read());
    assert!(step(&run, 2 * minute) > 1, "and so is what was read meanwhile");
    assert_eq!(step(&run, 2 * minute + 80 + "metrics".len() + "queue".len() + 60 * 24), 1);
    let shorter = Data::within(&run, minute);
    let warm_up = &shorter.scenarios[0].series[0].warm_up;
    assert!(!warm_up.is_empty() && warm_up.len() < 60, "it is cut as the seconds are");
}
