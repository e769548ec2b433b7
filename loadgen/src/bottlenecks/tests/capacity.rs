//! What moved with latency is told; what to do about it only where a capacity was known and reached.

use super::{
    BLOCKS,
    simulated::{START_MS, draws, endpoint, noise, resource, run, scenario, source},
};
use crate::{
    bottlenecks::{Bottlenecks, find},
    run::{Resource, ResourceKind, SourceKind, Unit},
};

/// Something that latency follows: two series of one noise, the use of a resource and a p95.
fn together(used: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<f64>) {
    let noise = noise(&mut draws(7), BLOCKS, 0.6);
    let latency = noise.iter().map(|noise| 50.0 * (0.4 * noise).exp()).collect();
    (noise.into_iter().map(used).collect(), latency)
}

fn found(latency: &[f64], resources: Vec<Resource>) -> Bottlenecks {
    found_in(SourceKind::Metrics, latency, resources)
}

fn found_in(kind: SourceKind, latency: &[f64], resources: Vec<Resource>) -> Bottlenecks {
    let measured = scenario("api-load", vec![endpoint("GET /a", latency)]);
    find(&run(vec![measured], vec![source(kind, resources)]))
}

#[test]
fn what_has_no_known_capacity_is_told_and_nothing_is_recommended() {
    // A processor that goes from a twentieth of a core to a tenth, and whatever else grows with load.
    let (used, latency) = together(|noise| (0.075 + 0.02 * noise).max(0.0));
    for (kind, unit) in [
        (ResourceKind::Cpu, Unit::Cores),
        (ResourceKind::Memory, Unit::Bytes),
        (ResourceKind::Pool, Unit::Count),
    ] {
        let it = Resource { unit, ..resource("idle", kind, None, &used) };
        let said = found(&latency, vec![it]);
        assert!(said.found[0].sentence.contains("; its capacity is not known; moved with"), "{said:#?}");
        assert_eq!(said.recommendations, Vec::new());
    }
}

#[test]
fn what_is_known_to_be_idle_is_not_even_told() {
    let (used, latency) = together(|noise| (0.075 + 0.02 * noise).max(0.0));
    let it = Resource { unit: Unit::Cores, ..resource("idle", ResourceKind::Cpu, Some(8.0), &used) };
    let said = found(&latency, vec![it]);
    assert!(said.found.is_empty() && said.recommendations.is_empty(), "{said:#?}");
}

#[test]
fn what_is_known_to_be_full_comes_before_what_may_be_idle() {
    let (used, latency) = together(|noise| (7.5 + 1.5 * noise).clamp(0.0, 10.0));
    let idle: Vec<f64> = latency.clone();
    let resources = vec![
        resource("idle", ResourceKind::Memory, None, &idle),
        resource("db", ResourceKind::Pool, Some(10.0), &used),
    ];
    let said = found(&latency, resources);
    let names: Vec<&str> = said.found.iter().map(|it| it.resource.as_str()).collect();
    assert_eq!(names, ["db", "idle"]);
    assert!(said.found[0].correlation <= said.found[1].correlation);
}

#[test]
fn a_processor_is_recommended_by_its_name_when_it_was_busy_for_long() {
    let cpu = |busy: usize| {
        let used: Vec<f64> = (0..BLOCKS).map(|block| if block < busy { 3.9 } else { 1.0 }).collect();
        Resource { unit: Unit::Cores, ..resource("cpu{id=\"7\"}", ResourceKind::Cpu, Some(4.0), &used) }
    };
    let of = |busy| found(&[50.0; BLOCKS], vec![cpu(busy)]).recommendations;
    // Fewer than a tenth of 60 readings.
    assert_eq!(of(5), Vec::new());
    let advice = of(6);
    assert_eq!(
        advice[0].title,
        "More processor, or more servers to share the work: cpu{id=\"7\"} of metrics at 127.0.0.1:8089 was nearly used up"
    );
    assert_eq!(
        advice[0].evidence,
        [
            "cpu{id=\"7\"}: 90 % or more in 10 % (6 of 60) of the readings during api-load, 3.90 cores of 4.00 cores at \
             most"
        ]
    );
}

#[test]
fn what_was_busy_before_the_scenario_is_not_blamed() {
    let mut cpu = resource("cpu", ResourceKind::Cpu, Some(1.0), &[0.2; BLOCKS]);
    cpu.points.extend((1..99).map(|second| (START_MS - second * 1_000, 1.0)));
    assert_eq!(found(&[50.0; BLOCKS], vec![cpu]).recommendations, Vec::new());
}

#[test]
fn a_redis_that_is_full_by_design_needs_no_memory() {
    let full = || resource("used_memory", ResourceKind::Memory, Some(100.0), &[99.0; BLOCKS]);
    assert_eq!(found_in(SourceKind::Redis, &[50.0; BLOCKS], vec![full()]).recommendations, Vec::new());
    // The same of something else does.
    assert_eq!(found(&[50.0; BLOCKS], vec![full()]).recommendations.len(), 1);
}

#[test]
fn a_pool_that_is_read_as_a_share_has_no_places_to_count() {
    let share = Resource {
        unit: Unit::Share,
        ..resource("pool{pool=\"db\"}", ResourceKind::Pool, Some(1.0), &[1.0; BLOCKS])
    };
    let waiting = resource("waiting{pool=\"db\"}", ResourceKind::Waiting, None, &[3.0; BLOCKS]);
    let advice = found(&[50.0; BLOCKS], vec![share, waiting]).recommendations;
    assert_eq!(advice[0].topic, "Connection pools");
    assert_eq!(advice[0].change, None);
    assert!(advice[0].evidence.iter().all(|sentence| !sentence.contains("Little")), "{:?}", advice[0]);
}

#[test]
fn littles_law_takes_both_means_over_the_same_time() {
    // Full in half of the readings and empty in the others, at 4 requests a second.
    let used: Vec<f64> = (0..BLOCKS).map(|block| if block % 2 == 0 { 10.0 } else { 0.0 }).collect();
    let pool = resource("db", ResourceKind::Pool, Some(10.0), &used);
    let advice = found(&[50.0; BLOCKS], vec![pool]).recommendations;
    let little = "Little's law over all of api-load: 4.0 requests a second, whatever their route, with 5 places taken on \
                  average is 1250.0 ms of a place for each request";
    assert!(advice[0].evidence.iter().any(|sentence| sentence == little), "{:?}", advice[0]);
}
