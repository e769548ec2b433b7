//! Runs as data, made of noise and of what is planted in it.

use std::time::Duration;

use engine::{
    histogram::Encoder,
    record::{Column, FaultKind, Role},
    run::{CounterRun, FaultRun, Health, Outcomes, ScenarioRun, ShareRun, ShareSecond, TimingRun},
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::{
    preset::Preset,
    run::{
        Evidence, FORMAT, Machine, Measured, Meta, Overall, Resource, ResourceKind, Run, Source, SourceKind,
        Unit,
    },
};

/// When every simulated run starts.
pub(crate) const START_MS: u64 = 1_800_000_000_000;
/// Seconds a block of a simulated run.
pub(crate) const BLOCK_S: usize = 5;
/// The limit whose exceedances are counted, 100 ms.
const LIMIT_NS: u64 = 100_000_000;
/// Samples a block.
const SAMPLES: usize = 20;

pub(crate) fn draws(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A normal deviate, near enough.
pub(crate) fn normal(draws: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| draws.random::<f64>()).sum::<f64>() - 6.0
}

/// Noise of unit variance that resembles itself a moment ago.
pub(crate) fn noise(draws: &mut ChaCha8Rng, length: usize, memory: f64) -> Vec<f64> {
    let mut value = normal(draws);
    let mut next = || {
        value = memory * value + (1.0 - memory * memory).sqrt() * normal(draws);
        value
    };
    (0..length).map(|_| next()).collect()
}

/// An endpoint whose p95 is this in each block, milliseconds.
pub(crate) fn endpoint(name: &str, p95_ms: &[f64]) -> TimingRun {
    let mut encoder = Encoder::new();
    let limits_ns = vec![LIMIT_NS];
    let mut due = engine::run::ColumnRun { column: Column::SinceDue, limits_ns, cells: Vec::new() };
    let mut outcomes = Vec::new();
    let second = |after: usize| i64::try_from(after).expect("runs are short");
    for (block, p95) in p95_ms.iter().enumerate() {
        let first = block * BLOCK_S;
        // The nineteenth of twenty is the p95 by nearest rank.
        let value = |n: usize| (p95 * 1e6 * if n < SAMPLES - 2 { 0.5 } else { 1.0 }) as u64;
        let values: Vec<u64> = (0..SAMPLES).map(value).collect();
        due.cells.push(encoder.cell(second(first), &values, 0, &due.limits_ns));
        outcomes.push(Outcomes { second: second(first + BLOCK_S - 1), ok: SAMPLES as u64, failed: 0 });
    }
    let mut sent = due.clone();
    sent.column = Column::SinceSent;
    TimingRun {
        name: name.into(),
        role: Role::Endpoint,
        columns: vec![due, sent],
        outcomes,
        faults: Vec::new(),
    }
}

/// A failure of an endpoint, in its first second.
pub(crate) fn failing(mut timing: TimingRun, kind: FaultKind, count: u64) -> TimingRun {
    timing.faults.push(FaultRun { kind, count, seconds: vec![(0, count)], evidence: Vec::new() });
    timing
}

pub(crate) fn share(name: &str, good: u64, bad: u64) -> ShareRun {
    ShareRun { name: name.into(), seconds: vec![ShareSecond { second: 0, good, bad }] }
}

pub(crate) fn counter(name: &str, total: u64) -> CounterRun {
    CounterRun { name: name.into(), total, evidence: Vec::new() }
}

/// A scenario of these endpoints, valid and without goals.
pub(crate) fn scenario(name: &str, timings: Vec<TimingRun>) -> Measured {
    let blocks = timings.iter().map(|timing| timing.outcomes.len()).max().unwrap_or(0);
    let starts =
        engine::run::ColumnRun { column: Column::Lateness, limits_ns: Vec::new(), cells: Vec::new() };
    let health =
        Health { starts, users: Vec::new(), cpu: Vec::new(), cores: 2.0, workers: 2, lost: Vec::new() };
    Measured {
        title: name.into(),
        description: String::new(),
        planned_requests: 0,
        planned_digest: String::new(),
        run: ScenarioRun {
            name: name.into(),
            started_unix_ms: START_MS,
            duration: Duration::from_secs((blocks * BLOCK_S) as u64),
            steady: None,
            interrupted: false,
            flows: Vec::new(),
            timings,
            warm_up: Vec::new(),
            shares: Vec::new(),
            counters: Vec::new(),
            health,
            goals: Vec::new(),
        },
        truth: None,
        warm_up_requests: 0,
        warm_up_s: None,
        notes: Vec::new(),
        ended_early: None,
        live: None,
        traces: Vec::new(),
        browsers: None,
    }
}

/// One reading a block, in its middle.
pub(crate) fn resource(name: &str, kind: ResourceKind, capacity: Option<f64>, values: &[f64]) -> Resource {
    let at = |block: usize| START_MS + (block * BLOCK_S * 1_000) as u64 + 2_500;
    let points = values.iter().enumerate().map(|(block, value)| (at(block), *value)).collect();
    Resource { kind, name: name.into(), unit: Unit::Count, capacity, points }
}

pub(crate) fn source(kind: SourceKind, resources: Vec<Resource>) -> Source {
    let name = match kind {
        SourceKind::Postgres => "postgres at 127.0.0.1:5432/wwmaa",
        SourceKind::Redis => "redis at 127.0.0.1:6379",
        _ => "metrics at 127.0.0.1:8089",
    };
    Source {
        name: name.into(),
        kind,
        every_ms: BLOCK_S as u64 * 1_000,
        reads: 61,
        failed: 0,
        troubles: Vec::new(),
        clock_ahead_ms: None,
        resources,
        database: None,
        cache: None,
    }
}

/// A run of these scenarios at `full` against staging.
pub(crate) fn run(scenarios: Vec<Measured>, sources: Vec<Source>) -> Run {
    let machine = Machine {
        system: "linux".into(),
        cores: 2,
        workers: 2,
        open_files: None,
        processes: 1,
        sources: Vec::new(),
    };
    let meta = Meta {
        id: "run_20270101_120000".into(),
        started: "2027-01-01T12:00:00Z".into(),
        seed: 42,
        world_seed: 42,
        preset: Preset::Full,
        time_scale: 1.0,
        load: 1.0,
        target: "staging".into(),
        origin: "https://staging.wwmaa.com".into(),
        environment: "staging".into(),
        nonce: "n".into(),
        planned_digest: String::new(),
        loadgen: "0.1.0".into(),
        machine,
    };
    Run {
        format: FORMAT,
        meta,
        interrupted: false,
        baseline: Vec::new(),
        scenarios,
        not_run: Vec::new(),
        overall: Overall { errors_below: 0.001, planned_requests: 0 },
        audit: None,
        faults: None,
        evidence: (!sources.is_empty()).then_some(Evidence { sources }),
        headroom: Vec::new(),
        notes: Vec::new(),
    }
}
