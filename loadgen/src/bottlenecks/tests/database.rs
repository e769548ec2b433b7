//! What a database says of few blocks is no advice, and its statements are held against all that was sent.

use super::{
    catalogue::ailing_run,
    simulated::{endpoint, run, scenario, source},
};
use crate::{
    bottlenecks::find,
    run::{Database, Source, SourceKind},
};

#[test]
fn a_cache_that_was_just_filled_needs_no_memory() {
    let of = |blocks: Option<u64>| {
        let cold = Database { cache_hit: Some(0.5), blocks, ..Database::default() };
        let postgres = Source { database: Some(cold), ..source(SourceKind::Postgres, Vec::new()) };
        find(&run(vec![scenario("api-load", vec![endpoint("GET /a", &[20.0; 12])])], vec![postgres]))
    };
    assert_eq!(of(Some(9_999)).recommendations, Vec::new());
    assert_eq!(of(None).recommendations, Vec::new());
    let advice = of(Some(10_000)).recommendations;
    assert!(advice[0].evidence[0].starts_with("50 % of the 10 000 blocks that postgres at "), "{advice:?}");
}

#[test]
fn statements_are_held_against_the_requests_of_warm_ups_and_of_the_baseline_too() {
    let told = |run: &crate::run::Run| {
        let all = find(run).recommendations;
        let repeated = all.into_iter().filter(|it| it.topic == "Repeated statements");
        repeated.flat_map(|it| it.evidence).collect::<Vec<_>>()
    };
    let mut run = ailing_run();
    // 720 of the scenarios, 80 of warm-ups, 240 of the baseline.
    run.scenarios[0].warm_up_requests = 80;
    run.baseline = vec![scenario("baseline", vec![endpoint("GET /a", &[20.0; 12])])];
    let said = told(&run);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("ran 9 876 times while this run sent 1 040 requests"), "{said:?}");
    assert!(said[0].contains(": 9.5 times each"), "{said:?}");
}
