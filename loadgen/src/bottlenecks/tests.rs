mod capacity;
mod catalogue;
mod database;
mod guide;
mod long;
mod proof;
pub(crate) mod simulated;

use self::simulated::{draws, endpoint, noise, normal, resource, run, scenario, source};
use super::*;
use crate::run::{ResourceKind, SourceKind};

/// Blocks of a simulated scenario: five minutes.
const BLOCKS: usize = 60;

/// Six resources that have nothing to do with anything, most of them high at times.
fn decoys(draws: &mut rand_chacha::ChaCha8Rng) -> Vec<crate::run::Resource> {
    let kinds = [
        ResourceKind::Pool,
        ResourceKind::Cpu,
        ResourceKind::Connections,
        ResourceKind::Waiting,
        ResourceKind::Active,
        ResourceKind::Memory,
    ];
    let one = |(place, kind): (usize, ResourceKind)| {
        let used: Vec<f64> =
            noise(draws, BLOCKS, 0.8).iter().map(|noise| (12.0 + 3.0 * noise).max(0.0)).collect();
        resource(&format!("decoy {place}"), kind, (place % 2 == 0).then_some(18.0), &used)
    };
    kinds.into_iter().enumerate().map(one).collect()
}

/// Latency that rises and falls for reasons of its own.
fn restless(draws: &mut rand_chacha::ChaCha8Rng) -> Vec<f64> {
    noise(draws, BLOCKS, 0.8).iter().map(|noise| 100.0 * (0.4 * noise).exp()).collect()
}

#[test]
fn noise_is_hardly_ever_taken_for_a_bottleneck() {
    let claims = |seed: u64| {
        let mut draws = draws(seed);
        let scenarios = ["search-load", "api-load"].map(|name| {
            scenario(
                name,
                vec![endpoint("GET /a", &restless(&mut draws)), endpoint("GET /b", &restless(&mut draws))],
            )
        });
        let run = run(scenarios.into(), vec![source(SourceKind::Metrics, decoys(&mut draws))]);
        !find(&run).found.is_empty()
    };
    let wrong = (0..100).filter(|seed| claims(*seed)).count();
    assert!(wrong <= 5, "{wrong} of 100 runs of noise");
}

/// A pool of ten beside the decoys, and latency that suffers when it is full. What is wanted of it goes as `wanted` says.
fn saturated(seed: u64, wanted: impl Fn(f64) -> f64) -> Bottlenecks {
    let mut draws = draws(1_000 + seed);
    let wanted: Vec<f64> = (0..BLOCKS)
        .map(|block| wanted(block as f64 / BLOCKS as f64) + 0.6 * normal(&mut draws))
        .map(|wanted| wanted.max(0.0))
        .collect();
    let taken: Vec<f64> = wanted.iter().map(|wanted| wanted.min(10.0)).collect();
    let waits: Vec<f64> = noise(&mut draws, BLOCKS, 0.3)
        .iter()
        .zip(&wanted)
        .map(|(noise, wanted)| 100.0 * (0.1 * noise + 0.35 * (wanted - 7.0).max(0.0)).exp())
        .collect();
    let calm: Vec<f64> =
        noise(&mut draws, BLOCKS, 0.3).iter().map(|noise| 80.0 * (0.05 * noise).exp()).collect();
    let mut resources = decoys(&mut draws);
    resources.insert(3, resource("db pool", ResourceKind::Pool, Some(10.0), &taken));
    let timings = vec![endpoint("GET /api/calm", &calm), endpoint("GET /api/search", &waits)];
    find(&run(vec![scenario("search-load", timings)], vec![source(SourceKind::Metrics, resources)]))
}

fn names_the_pool(bottlenecks: &Bottlenecks) -> bool {
    let first = bottlenecks.found.first();
    first.is_some_and(|it| it.resource == "db pool" && it.series == "GET /api/search" && it.correlation > 0.5)
}

#[test]
fn a_pool_that_is_full_from_some_moment_on_is_named() {
    let right = |seed| names_the_pool(&saturated(seed, |t| if t > 0.4 { 11.0 } else { 5.0 }));
    let right = (0..100).filter(|seed| right(*seed)).count();
    assert!(right >= 95, "{right} of 100");
}

#[test]
fn a_pool_that_is_full_now_and_then_is_named() {
    let right = |seed| {
        names_the_pool(&saturated(seed, |t| {
            if (0.2..0.3).contains(&t) || (0.5..0.75).contains(&t) { 11.0 } else { 5.0 }
        }))
    };
    let right = (0..100).filter(|seed| right(*seed)).count();
    assert!(right >= 95, "{right} of 100");
}

#[test]
fn what_is_found_is_told_with_its_figures() {
    let found = saturated(3, |t| if t > 0.4 { 11.0 } else { 5.0 });
    expect_test::expect_file!["tests/found.txt"]
        .assert_eq(&format!("{}\n{:#?}\n", found.summary, found.found));
}

#[test]
fn a_lead_is_told() {
    let mut draws = draws(7);
    let used: Vec<f64> = noise(&mut draws, BLOCKS, 0.6).iter().map(|noise| 7.0 + 2.0 * noise).collect();
    let late: Vec<f64> = (0..BLOCKS).map(|block| 20.0 * used[block.saturating_sub(1)].max(1.0)).collect();
    let resources = vec![resource("workers", ResourceKind::Pool, Some(10.0), &used)];
    let run = run(
        vec![scenario("api-load", vec![endpoint("GET /a", &late)])],
        vec![source(SourceKind::Metrics, resources)],
    );
    let found = find(&run).found;
    assert!((found[0].lead_s - 5.0).abs() < f64::EPSILON, "{found:?}");
    assert!(found[0].sentence.contains("5 s ahead of it"), "{}", found[0].sentence);
}

#[test]
fn throughput_is_no_bottleneck_and_a_hit_rate_that_falls_is() {
    let hit: Vec<f64> = (0..BLOCKS).map(|block| 0.95 - 0.6 * ((block as f64) * 0.4).sin().abs()).collect();
    let slow: Vec<f64> = hit.iter().map(|hit| 400.0 * (1.1 - hit)).collect();
    // As its readers give it.
    let mut cache = resource("hit rate", ResourceKind::CacheHit, Some(1.0), &hit);
    cache.unit = crate::run::Unit::Share;
    let resources = vec![cache, resource("requests", ResourceKind::Throughput, None, &slow)];
    let run = run(
        vec![scenario("api-load", vec![endpoint("GET /a", &slow)])],
        vec![source(SourceKind::Redis, resources)],
    );
    let found = find(&run).found;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].sentence.starts_with("hit rate of redis at 127.0.0.1:6379: missed"),
        "{}",
        found[0].sentence
    );
}

#[test]
fn a_resource_that_is_always_full_is_said_to_be() {
    let slow = restless(&mut draws(4));
    let resources = vec![resource("db pool", ResourceKind::Pool, Some(10.0), &[10.0; BLOCKS])];
    let run = run(
        vec![scenario("api-load", vec![endpoint("GET /a", &slow)])],
        vec![source(SourceKind::Metrics, resources)],
    );
    let bottlenecks = find(&run);
    assert!(bottlenecks.found.is_empty());
    let said = "Full throughout api-load: db pool of metrics at 127.0.0.1:8089: full (10 of 10), 80 % or more from 0 s on.";
    assert!(bottlenecks.summary.contains(said), "{}", bottlenecks.summary);
    assert_eq!(bottlenecks.recommendations[0].topic, "Connection pools");
}

#[test]
fn what_cannot_be_said_is_said_to_be_so() {
    let quiet = [50.0; BLOCKS];
    let loud = restless(&mut draws(4));
    let pool = |values: &[f64]| resource("db pool", ResourceKind::Pool, Some(10.0), values);
    let of = |latency: &[f64], resources| {
        let measured = vec![scenario("api-load", vec![endpoint("GET /a", latency)])];
        find(&run(measured, vec![source(SourceKind::Metrics, resources)])).summary
    };
    let idle = [1.0; BLOCKS];
    let summaries = [
        find(&run(vec![scenario("api-load", vec![endpoint("GET /a", &loud)])], Vec::new())).summary,
        of(&loud, Vec::new()),
        of(&loud[..3], vec![pool(&idle)]),
        of(&quiet, vec![pool(&idle)]),
        of(&loud, vec![pool(&idle)]),
        of(&loud, vec![pool(&idle[..9])]),
    ];
    expect_test::expect_file!["tests/silent.txt"].assert_eq(&(summaries.join("\n\n") + "\n"));
}

#[test]
fn an_empty_run_has_something_to_say_and_nothing_to_recommend() {
    let bottlenecks = find(&run(Vec::new(), Vec::new()));
    assert!(!bottlenecks.summary.is_empty());
    assert!(bottlenecks.found.is_empty() && bottlenecks.recommendations.is_empty());
}
