mod database;
mod levels;
mod missed;
mod told;

use std::time::Duration;

use engine::{
    goal::{self, Goal},
    record::Registry,
};

use super::*;
use crate::{
    books::{Audit, AuditCheck},
    bottlenecks::tests::simulated::{counter, endpoint, resource, run, scenario, share, source},
    preset::Preset,
    run::{
        Cache, Database, Headroom, Kept, Planning, Resource, ResourceKind, Source, SourceKind, Statement,
        Traced, Unit,
    },
    scenarios,
};

fn mark<'a>(lines: &'a [Line], claim: &str) -> &'a Line {
    let found: Vec<&Line> = lines.iter().filter(|line| line.claim.contains(claim)).collect();
    assert_eq!(found.len(), 1, "{claim}: {found:?}");
    found[0]
}

/// All six scenarios, each with goals it keeps, at `full` against staging, and everything read.
fn ready() -> Run {
    let ids = {
        let mut registry = Registry::new();
        (
            registry.endpoint("GET /a"),
            registry.share("forged"),
            registry.share("paid"),
            registry.counter("server_errors"),
        )
    };
    let (series, forged, paid, errors) = ids;
    let all = scenarios::ALL.map(|it| {
        let mut measured = scenario(it.name(), vec![endpoint("GET /a", &[20.0; 12])]);
        measured.run.shares =
            vec![share("webhook_forged_refused", 40, 0), share("payment_processing_success", 50, 0)];
        measured.run.counters = vec![counter("server_errors", 0)];
        measured.run.goals = vec![
            Goal::sampled("p95", goal::p95(series).below(Duration::from_millis(100)), 1_200),
            Goal::sampled("errors", goal::errors(series).below(0.05), 1_200),
            Goal::exact("bad signatures refused", goal::always(forged)).of_at_least(1),
            Goal::census("payments", goal::share(paid).above(0.9), 50),
            Goal::exact("no 5xx", goal::never(errors)),
        ];
        measured.traces = vec![Traced {
            trace_id: "0".repeat(32),
            route: "GET /a".into(),
            due_unix_ms: 1,
            took_ms: 1.0,
            fault: None,
            why: Kept::Slowest,
        }];
        measured
    });
    let mut run = run(all.into(), sources());
    (run.overall.errors_below, run.overall.planned_requests) = (0.01, 1_440);
    run.audit = Some(Audit { ok: true, checks: vec![check(true)] });
    let headroom = |name: &str| Headroom {
        scenario: name.into(),
        holds: 1.4,
        fails: Some(1.6),
        found_in: "limit_1".into(),
    };
    run.headroom = scenarios::ALL.map(|it| headroom(it.name())).into();
    run
}

fn check(ok: bool) -> AuditCheck {
    let offenders = if ok { Vec::new() } else { vec!["booking 7".to_owned()] };
    AuditCheck { name: "one_booking_each".into(), ok, checked: 9, detail: String::new(), offenders }
}

fn used(name: &str, kind: ResourceKind, share: f64) -> Resource {
    Resource { unit: Unit::Share, ..resource(name, kind, None, &[share; 12]) }
}

fn sources() -> Vec<Source> {
    let statement = Statement {
        query: "SELECT 1".into(),
        calls: 1,
        total_ms: 1.0,
        mean_ms: 1.0,
        rows: 1,
        blocks_hit: 1,
        blocks_read: 0,
        plan: Some("Result (cost 0, 1 rows)".into()),
    };
    let database = Database {
        cache_hit: Some(0.99),
        deadlocks: Some(0),
        temp_bytes: Some(0),
        statements: Some(vec![statement]),
        planning: Some(Planning { asked: 1, had: 1, refused: Vec::new() }),
        ..Database::default()
    };
    let held = resource("connections", ResourceKind::Connections, Some(100.0), &[20.0; 12]);
    let metrics = vec![
        used("cpu", ResourceKind::Cpu, 0.5),
        used("memory", ResourceKind::Memory, 0.6),
        resource("pool", ResourceKind::Pool, Some(10.0), &[4.0; 12]),
    ];
    vec![
        source(SourceKind::Metrics, metrics),
        Source { database: Some(database), ..source(SourceKind::Postgres, vec![held]) },
        Source {
            cache: Some(Cache { hits: 900, misses: 100, ..Cache::default() }),
            ..source(SourceKind::Redis, Vec::new())
        },
    ]
}

#[test]
fn a_run_that_shows_everything_leaves_only_what_people_answer() {
    let run = ready();
    let lines = walk(&run);
    let open: Vec<_> =
        lines.iter().filter(|line| line.mark != Mark::Met && line.section != "Operations").collect();
    // That percentiles agree with what the target did, only a mock can say.
    assert_eq!(open.len(), 1, "{open:#?}");
    assert_eq!(exit(&lines), Exit::Ok);
    assert!(headline(&run, &lines).starts_with("Whatever a run can show of readiness is met"));
    expect_test::expect_file!["tests/ready.md"].assert_eq(&markdown(&run, &lines));
}

#[test]
fn a_smoke_run_against_the_mock_proves_nothing_of_a_launch() {
    let mut run = ready();
    run.meta.preset = Preset::Smoke;
    run.meta.environment = "mock (wwmaa-mock 0.1.0)".into();
    run.meta.origin = "http://127.0.0.1:8089".into();
    let lines = walk(&run);
    assert_eq!(mark(&lines, "as written").mark, Mark::NotMet);
    assert_eq!(mark(&lines, "stand-in").mark, Mark::NotMet);
    assert_eq!(mark(&lines, "over TLS").mark, Mark::NotMeasurable);
    assert_eq!(exit(&lines), Exit::Failed);
    let said = headline(&run, &lines);
    assert!(
        said.starts_with("This run does not prove that anybody can launch: it was preset smoke against mock"),
        "{said}"
    );
}

#[test]
fn what_was_not_read_is_not_ticked() {
    let mut run = ready();
    (run.evidence, run.audit) = (None, None);
    run.headroom.clear();
    run.scenarios.iter_mut().for_each(|it| it.traces.clear());
    let lines = walk(&run);
    let read = ["Database", "Cache", "Resources", "Capacity", "Observability"];
    for line in lines.iter().filter(|line| read.contains(&line.section)) {
        assert_eq!(line.mark, Mark::NotMeasurable, "{line:?}");
        assert!(!line.because.is_empty());
    }
    // The books are critical, so that nothing is said to be ready.
    assert_eq!(exit(&lines), Exit::Inconclusive);
    assert!(headline(&run, &lines).starts_with("Nothing is missed, but"));
}

#[test]
fn a_goal_that_was_not_judged_ticks_nothing() {
    let mut run = ready();
    run.scenarios[0].run.goals[0].planned = 10;
    let lines = walk(&run);
    let line = mark(&lines, "search-load answers in time");
    assert_eq!(
        (line.mark, line.because.as_str()),
        (Mark::NotMeasurable, "0 of 1 goal held; p95: NOT JUDGED (10 of 59 needed)")
    );
}

#[test]
fn an_invalid_scenario_says_only_what_one_counterexample_says() {
    let mut run = ready();
    run.scenarios[2].run.shares[0] = share("webhook_forged_refused", 39, 1);
    run.scenarios[2].run.health.lost =
        vec![engine::workers::WorkerLost { worker: 0, message: "gone".into() }];
    let lines = walk(&run);
    assert_eq!(mark(&lines, "webhooks-load refuses").mark, Mark::NotMet);
    assert_eq!(mark(&lines, "webhooks-load takes Stripe's events").mark, Mark::NotMeasurable);
}

#[test]
fn scenarios_that_did_not_run_stay_on_the_list() {
    let run = run(Vec::new(), Vec::new());
    let lines = walk(&run);
    for it in scenarios::ALL {
        let line = lines.iter().find(|line| line.claim.starts_with(it.name())).expect("it is listed");
        assert_eq!((line.mark, line.is_launch_critical()), (Mark::NotMeasurable, true));
    }
    assert!(json(&run, &lines).contains("\"not_measurable\""));
}

#[test]
fn a_limit_that_nobody_searched_for_stays_on_the_list() {
    let mut run = ready();
    run.headroom.truncate(1);
    let lines = walk(&run);
    let of_capacity: Vec<&Line> = lines.iter().filter(|line| line.section == "Capacity").collect();
    let searchable = scenarios::ALL.into_iter().filter(|scenario| scenario.fixed().is_none()).count();
    assert_eq!(of_capacity.len(), searchable);
    assert!(searchable < scenarios::ALL.len(), "of some nobody can offer more");
    for line in of_capacity {
        let searched = line.claim.starts_with("search-load");
        assert_eq!(line.mark == Mark::Met, searched, "{line:?}");
        assert_eq!(line.because.contains("nobody searched"), !searched, "{line:?}");
    }
}
