//! A level is missed when it was held for long enough while scenarios ran, not for a burst and not beside them.

use super::{mark, ready};
use crate::{
    bottlenecks::tests::simulated::{START_MS, resource, source},
    readiness::{Line, Mark, walk},
    run::{Resource, ResourceKind, Run, SourceKind},
};

/// The checklist's line on processors, when the processor was used like this.
fn judged(change: impl FnOnce(&mut Resource, &mut Run)) -> Line {
    let mut run = ready();
    let mut evidence = run.evidence.take().expect("it was read");
    change(&mut evidence.sources[0].resources[0], &mut run);
    run.evidence = Some(evidence);
    mark(&walk(&run), "processors stay below").clone()
}

#[test]
fn one_reading_is_a_burst_and_says_how_it_was_judged() {
    let line = judged(|cpu, _| cpu.points[3].1 = 1.0);
    assert_eq!(line.mark, Mark::Met);
    assert_eq!(
        line.because,
        "90 % or more in 8.33 % (1 of 12) of the readings during search-load, its worst, 100 % at most; missed from \
         10 % of a scenario's readings on, if more than one"
    );
    // However few readings there are.
    let line = judged(|cpu, _| {
        cpu.points.truncate(2);
        cpu.points[1].1 = 1.0;
    });
    assert_eq!(line.mark, Mark::Met, "{line:?}");
    let line = judged(|cpu, _| cpu.points.truncate(1));
    assert_eq!(line.mark, Mark::NotMeasurable, "one reading says nothing of how long: {line:?}");
}

#[test]
fn a_pool_of_one_place_is_not_judged_by_how_busy_it_is() {
    let mut run = ready();
    let evidence = run.evidence.as_mut().expect("it was read");
    let busy = resource("held{pool=\"redis\"}", ResourceKind::Pool, Some(1.0), &[1.0; 12]);
    evidence.sources[0].resources.push(busy);
    assert!(walk(&run).iter().all(|line| !line.claim.contains("redis\"}")));
}

#[test]
fn what_happens_beside_the_scenarios_is_not_judged() {
    let line = judged(|cpu, _| {
        let before = (1..40).map(|second| (START_MS - second * 1_000, 1.0));
        let after = (0..40).map(|second| (START_MS + 60_000 + second * 1_000, 1.0));
        cpu.points.extend(before.chain(after));
    });
    assert_eq!(line.mark, Mark::Met, "{line:?}");
    assert!(line.because.contains("(0 of 12)"), "{line:?}");
    let line = judged(|cpu, _| cpu.points.iter_mut().for_each(|(at, _)| *at -= 600_000));
    assert_eq!(
        (line.mark, line.because.as_str()),
        (Mark::NotMeasurable, "it was not read, or once only, while a scenario ran")
    );
}

#[test]
fn the_worst_scenario_decides() {
    // A tenth of the run, and half of one scenario.
    let line = judged(|cpu, run| {
        for (place, measured) in (0..).zip(&mut run.scenarios) {
            measured.run.started_unix_ms += place * 60_000;
        }
        cpu.points = (0..360).map(|second| (START_MS + second * 1_000, 0.5)).collect();
        cpu.points[130..165].iter_mut().for_each(|(_, used)| *used = 0.95);
    });
    assert_eq!(line.mark, Mark::NotMet, "{line:?}");
    assert!(line.because.contains("(35 of 60) of the readings during webhooks-load"), "{line:?}");
}

#[test]
fn a_redis_may_be_full_of_what_it_can_evict() {
    let mut run = ready();
    let evidence = run.evidence.as_mut().expect("it was read");
    let full = |name: &str| resource(name, ResourceKind::Memory, Some(100.0), &[99.0; 12]);
    evidence.sources[2].resources.push(full("used_memory"));
    evidence.sources.push(source(SourceKind::Prometheus, vec![full("redis memory{instance=\"cache\"}")]));
    // The only line on memory is that of the machine's.
    assert_eq!(mark(&walk(&run), "memory stays below").mark, Mark::Met);
}
