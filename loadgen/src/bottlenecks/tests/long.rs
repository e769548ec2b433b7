//! Long runs: blocks grow with them, so that they can be told of at all, and a report of them is made in moments.

use super::{
    BLOCKS,
    simulated::{BLOCK_S, START_MS, draws, endpoint, noise, resource, run, scenario, source},
};
use crate::{
    bottlenecks::find,
    run::{Resource, ResourceKind, SourceKind},
};

#[test]
fn eight_hours_are_cut_into_as_many_blocks_as_half_an_hour() {
    let blocks = 8 * 3_600 / BLOCK_S;
    // What moves does so over minutes.
    let noise = noise(&mut draws(11), blocks, 0.99);
    let latency: Vec<f64> = noise.iter().map(|noise| 100.0 * (0.5 * noise).exp()).collect();
    let taken = |noise: &f64| (7.5 + 2.0 * noise).clamp(0.0, 10.0);
    // A point is the mean of eight readings: see `probes::series`.
    let points = (0..3_600_u64)
        .map(|point| (START_MS + point * 8_000, taken(&noise[point as usize * 8 / BLOCK_S])))
        .collect();
    let pool = Resource { points, ..resource("db pool", ResourceKind::Pool, Some(10.0), &[]) };
    let said = find(&run(
        vec![scenario("search-load", vec![endpoint("GET /api/search", &latency)])],
        vec![source(SourceKind::Metrics, vec![pool])],
    ));
    let first = said.found.first().expect("it moved with latency");
    assert_eq!(first.resource, "db pool");
    assert!(first.sentence.contains("(blocks of 80 s;"), "{}", first.sentence);
}

#[test]
fn more_than_can_be_compared_is_left_out_aloud() {
    let noise = noise(&mut draws(7), BLOCKS, 0.6);
    let latency: Vec<f64> = noise.iter().map(|noise| 50.0 * (0.4 * noise).exp()).collect();
    let used: Vec<f64> = noise.iter().map(|noise| (7.5 + 1.5 * noise).clamp(0.0, 10.0)).collect();
    let pool = |number: usize| {
        // The last of them is the fullest.
        let capacity = if number == 39 { 9.5 } else { 10.0 };
        resource(&format!("pool {number}"), ResourceKind::Pool, Some(capacity), &used)
    };
    let said = find(&run(
        vec![scenario("api-load", vec![endpoint("GET /a", &latency)])],
        vec![source(SourceKind::Metrics, (0..40).map(pool).collect())],
    ));
    let left_out = "api-load: more routes rose or resources were high than are compared; 8 that did so least were left out.";
    assert!(said.summary.contains(left_out), "{}", said.summary);
    assert_eq!(said.found.len(), 32);
    assert!(said.found.iter().any(|it| it.resource == "pool 39"));
}
