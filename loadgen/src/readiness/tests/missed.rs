//! Each line of the checklist can be missed, and is when its evidence says so.

use super::{check, mark, ready};
use crate::{
    books::Audit,
    bottlenecks::tests::simulated::{endpoint, share},
    faults::{FaultPlan, ScheduledFault},
    readiness::{Exit, Mark, exit, walk},
    run::{Database, MissingIndex, Run, Source},
};

#[test]
fn each_line_can_be_missed() {
    type Spoil = fn(&mut Run);
    fn source_of(run: &mut Run, place: usize) -> &mut Source {
        &mut run.evidence.as_mut().expect("it was read").sources[place]
    }
    fn database(run: &mut Run) -> &mut Database {
        source_of(run, 1).database.as_mut().expect("it was read")
    }
    let cases: [(&str, Spoil); 22] = [
        ("as written", |run| run.meta.time_scale = 0.5),
        ("stand-in", |run| run.meta.environment = "local".into()),
        ("all six scenarios", |run| run.interrupted = true),
        ("load generator did", |run| {
            let lost = engine::workers::WorkerLost { worker: 0, message: "gone".into() };
            run.scenarios[5].run.health.lost = vec![lost];
        }),
        ("not told to go wrong", |run| run.faults = Some(fault_plan())),
        ("search-load answers in time", |run| {
            run.scenarios[0].run.timings = vec![endpoint("GET /a", &[200.0; 12])];
        }),
        ("search-load keeps its share of errors", |run| {
            run.scenarios[0].run.timings[0].outcomes.iter_mut().for_each(|second| second.failed = 5);
        }),
        ("webhooks-load refuses", |run| {
            run.scenarios[2].run.shares[0] = share("webhook_forged_refused", 39, 1);
        }),
        ("event-rsvp-load takes payments", |run| {
            run.scenarios[3].run.shares[1] = share("payment_processing_success", 40, 10);
        }),
        ("page-load answers without a server error", |run| run.scenarios[4].run.counters[0].total = 1),
        ("own books", |run| run.audit = Some(Audit { ok: false, checks: vec![check(true), check(false)] })),
        ("over TLS", |run| run.meta.origin = "http://staging.wwmaa.com".into()),
        ("search-load carries more", |run| run.headroom[0].holds = 1.0),
        ("is found in its cache", |run| database(run).cache_hit = Some(0.9)),
        ("no index is missing", |run| {
            database(run).missing = vec![MissingIndex {
                table: "public.events".into(),
                columns: vec!["status".into()],
                query: String::new(),
                calls: 1,
                total_ms: 1.0,
                sequential_scans: 1,
                rows_scanned: 1,
            }];
        }),
        ("100 ms on average", |run| database(run).statements.as_mut().expect("seen")[0].mean_ms = 100.0),
        ("no deadlock", |run| database(run).deadlocks = Some(1)),
        ("connections stay below", |run| {
            source_of(run, 1).resources[0].points[6..8].iter_mut().for_each(|(_, held)| *held = 80.0);
        }),
        ("find something", |run| source_of(run, 2).cache.as_mut().expect("read").misses = 900),
        ("loses no key", |run| source_of(run, 2).cache.as_mut().expect("read").evicted = 1),
        ("processors stay below", |run| {
            source_of(run, 0).resources[0].points[3..5].iter_mut().for_each(|(_, used)| *used = 0.9);
        }),
        ("pools stay below", |run| {
            source_of(run, 0).resources[2].points.iter_mut().for_each(|(_, taken)| *taken = 10.0);
        }),
    ];
    for (claim, spoil) in cases {
        let mut run = ready();
        assert_eq!(mark(&walk(&run), claim).mark, Mark::Met, "{claim}");
        spoil(&mut run);
        let lines = walk(&run);
        assert_eq!(mark(&lines, claim).mark, Mark::NotMet, "{claim}");
        assert_eq!(exit(&lines), Exit::Failed, "{claim}");
    }
}

/// One fault, which struck.
fn fault_plan() -> FaultPlan {
    let fault = ScheduledFault {
        kind: "reset".into(),
        strikes: "every route".into(),
        from_s: 0.0,
        for_s: None,
        share: 1.0,
        settings: serde_json::Value::Null,
        met: 9,
        struck: 7,
        unscored: false,
    };
    FaultPlan { toml: None, seed: None, faults: vec![fault] }
}
