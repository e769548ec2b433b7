//! The truth score: what the generator measured beside what a mock held.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use engine::{
    clock,
    driver::Due,
    record::{Collector, Ending, Plan, Registry, Sample},
    run::ScenarioRun,
};
use hdrhistogram::{
    Histogram,
    serialization::{Serializer, V2DeflateSerializer},
};
use loadgen::{
    books::{Latencies, RouteTruth},
    truth::{self, TruthScore},
};

const ROUTE: &str = "GET /api/search";

/// A run of one endpoint with answers that took this long.
fn measured(took_us: impl Iterator<Item = u64>) -> ScenarioRun {
    let mut registry = Registry::new();
    let id = registry.endpoint(ROUTE);
    let collector = Collector::start(Plan::new("scored", registry, Vec::new(), Vec::new()));
    let epoch = clock::now();
    let recorder = collector.tap().recorder(epoch);
    for us in took_us {
        let done = epoch + Duration::from_micros(us);
        recorder.timing(&[id], Sample::new(Due { at: epoch, lateness: Duration::ZERO }, epoch, done, Ok(())));
    }
    recorder.flush();
    let (started, ended) = (clock::wall(), clock::now());
    collector.finish(Ending {
        started,
        epoch,
        ended,
        interrupted: false,
        workers: 1,
        flows: vec![],
        lost: vec![],
    })
}

/// A mock's book of one route.
fn held(took_us: impl Iterator<Item = u64>) -> Vec<RouteTruth> {
    let mut histogram: Histogram<u64> = Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("bounds");
    took_us.for_each(|us| histogram.record(us).expect("within bounds"));
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&histogram, &mut bytes).expect("into memory");
    let all = Latencies {
        p50: histogram.value_at_quantile(0.5),
        p95: histogram.value_at_quantile(0.95),
        p99: histogram.value_at_quantile(0.99),
        max: histogram.max(),
        hdr: STANDARD.encode(bytes),
    };
    vec![RouteTruth { route: ROUTE.into(), count: histogram.len(), planned: all.clone(), held: all }]
}

fn score(measured_us: impl Iterator<Item = u64>, held_us: impl Iterator<Item = u64>) -> TruthScore {
    truth::score(&measured(measured_us), &held(held_us))
}

#[test]
fn what_agrees_within_three_milliseconds_or_five_per_cent_holds() {
    let took = || (1..=2_000).map(|i| 20_000 + i * 100);
    let score = score(took().map(|us| us + 2_500), took());
    assert!(score.scored() && score.misses().is_empty(), "{:?}", score.misses());
    assert_eq!(score.routes[0].quantiles.len(), 3);
}

#[test]
fn a_median_that_is_off_is_named() {
    let took = || (1..=2_000).map(|i| 20_000 + i * 10);
    let score = score(took().map(|us| us + 5_000), took());
    let misses = score.misses();
    assert_eq!(misses.len(), 3);
    assert!(misses[0].starts_with("GET /api/search: p50 measured 35.0 ms, held 30.0 ms"), "{}", misses[0]);
}

#[test]
fn a_p99_below_twenty_milliseconds_is_advisory() {
    let took = || (1..=2_000).map(|_| 4_000);
    // The slowest 2 % are measured 8 ms slower.
    let score = score((1..=2_000).map(|i| if i > 1_960 { 12_000 } else { 4_100 }), took());
    let p99 = score.routes[0].quantiles[2];
    assert!(!p99.holds() && !p99.decides);
    assert!(score.misses().is_empty());
}

#[test]
fn fewer_than_a_thousand_samples_are_not_scored() {
    let took = || (1..=999).map(|_| 4_000);
    assert!(!score(took(), took()).scored());
}
