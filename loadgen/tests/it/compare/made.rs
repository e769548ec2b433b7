//! Runs made of numbers: lognormal latencies whose level wanders from second to second, as a server's does.

use std::time::Duration;

use engine::{
    compare::Timeline,
    histogram::Encoder,
    record::{Column, Role},
    run::{ColumnRun, Outcomes, TimingRun},
};
use loadgen::{
    compare::{
        Recording, Subject,
        recording::{Heard, Recorded, SizeOf},
    },
    preset::Preset,
    run::Run,
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use crate::report::made;

/// A route: its median in milliseconds, and how many requests a second go there.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub(super) name: &'static str,
    pub(super) median_ms: f64,
    pub(super) per_second: u64,
}

/// Routes with p95 from 25 to 700 ms.
pub(super) const ROUTES: [Route; 5] = [
    Route { name: "GET /api/search", median_ms: 180.0, per_second: 17 },
    Route { name: "GET /api/events", median_ms: 60.0, per_second: 12 },
    Route { name: "POST /api/auth/login", median_ms: 220.0, per_second: 12 },
    Route { name: "GET /api/users/me/dashboard", median_ms: 300.0, per_second: 12 },
    Route { name: "GET /", median_ms: 11.0, per_second: 8 },
];

/// Seconds of a made run: the hold of `full`. In 45 s at these rates p95 scatters by 7 % between two runs that are alike,
/// so that 15 % more would be named in one pair of five.
pub(super) const SECONDS: i64 = 300;
/// Spread of the lognormal: p95 is 2.27 times the median.
const SIGMA: f64 = 0.5;
/// How far the level of a second wanders, and how much of it stays to the next second.
const WANDERS: f64 = 0.03;
const STAYS: f64 = 0.5;

struct Dice(ChaCha8Rng);

impl Dice {
    /// A standard normal number (Box and Muller).
    fn normal(&mut self) -> f64 {
        let mut uniform = || (f64::from(self.0.next_u32()) + 1.0) / 4_294_967_297.0;
        let (radius, turn) = ((-2.0 * uniform().ln()).sqrt(), uniform());
        radius * (std::f64::consts::TAU * turn).cos()
    }
}

/// Values of a route by second, in microseconds.
fn values(seed: u64, route: usize, factor: f64) -> Vec<Vec<u64>> {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed * 64 + route as u64));
    let Route { median_ms, per_second, .. } = ROUTES[route];
    let mut level = 0.0;
    let second = |_| {
        level = STAYS * level + WANDERS * dice.normal();
        let value = |_| (median_ms * factor * 1e3 * (level + SIGMA * dice.normal()).exp()) as u64;
        (0..per_second).map(value).collect()
    };
    (0..SECONDS).map(second).collect()
}

/// A run of that seed in which one route, if any, takes so many times as long.
pub(super) fn recording(seed: u64, slower: Option<(usize, f64)>) -> Recording {
    let series = (0..ROUTES.len()).map(|route| {
        let factor = slower.filter(|(which, _)| *which == route).map_or(1.0, |(_, factor)| factor);
        let mut timeline = Timeline::default();
        for (second, values) in (0..).zip(values(seed, route, factor)) {
            timeline.count(second, values.len() as u64, 0);
            for us in values {
                timeline.add(second, rounded(us), 1);
            }
        }
        Heard { name: ROUTES[route].name.into(), role: Role::Endpoint, timeline, figures: None }
    });
    let mut series: Vec<Heard> = series.collect();
    let mut all = Timeline::default();
    for heard in &series {
        all.add_all(&heard.timeline);
    }
    series.push(Heard { name: "all".into(), role: Role::Group, timeline: all, figures: None });
    let scenario = Recorded {
        name: "api-load".into(),
        seconds: SECONDS as f64,
        sliced: false,
        closed_loop: false,
        invalid: None,
        unfinished: None,
        series,
    };
    let size = SizeOf { preset: Preset::Quick, time_scale: 1.0, load: 1.0, world_seed: 42 };
    let subject = Subject {
        name: format!("run_{seed}"),
        started: "2027-01-01T09:00:00Z".into(),
        target: "http://127.0.0.1:8089".into(),
        size: Some(size),
        machine: "linux x86_64, 2 cores".into(),
    };
    Recording { subject, scenarios: vec![scenario], not_run: Vec::new() }
}

/// Three digits, as a histogram keeps them.
fn rounded(us: u64) -> u64 {
    let step = 10_u64.pow(us.max(1).ilog10().saturating_sub(2));
    us / step * step
}

/// The same as a run that can be written and read: every second a histogram.
pub(super) fn run(seed: u64, slower: Option<(usize, f64)>, failed: u64) -> Run {
    let mut run = made::good();
    run.meta.id = format!("run_20270101_{seed:06}");
    let measured = &mut run.scenarios[0];
    let mut encoder = Encoder::new();
    measured.run.name = "api-load".into();
    measured.run.duration = Duration::from_secs(SECONDS as u64);
    measured.run.goals.clear();
    measured.run.timings = (0..ROUTES.len())
        .map(|route| {
            let factor = slower.filter(|(which, _)| *which == route).map_or(1.0, |(_, factor)| factor);
            let seconds = values(seed, route, factor);
            let cells = (0..).zip(&seconds).map(|(second, values)| {
                let ns: Vec<u64> = values.iter().map(|us| us * 1_000).collect();
                encoder.cell(second, &ns, 0, &[])
            });
            let due = ColumnRun { column: Column::SinceDue, limits_ns: Vec::new(), cells: cells.collect() };
            let sent = ColumnRun { column: Column::SinceSent, ..due.clone() };
            let outcomes = (0..).zip(&seconds).map(|(second, values)| {
                let failed = if route == 1 { failed } else { 0 };
                Outcomes { second, ok: values.len() as u64 - failed, failed }
            });
            TimingRun {
                name: ROUTES[route].name.into(),
                role: Role::Endpoint,
                columns: vec![due, sent],
                outcomes: outcomes.collect(),
                faults: Vec::new(),
            }
        })
        .collect();
    run
}
