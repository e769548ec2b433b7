//! Recommendations come from what was observed, with its figures, and from nothing else.

use engine::record::FaultKind;
use proptest::prelude::*;

use super::simulated::{counter, endpoint, failing, resource, run, scenario, share, source};
use crate::{
    bottlenecks::{Recommendation, find, topics},
    run::{
        Cache, Database, MissingIndex, ResourceKind, Run, SlowCommand, Source, SourceKind, Statement,
        TableUse, Unit, Wait,
    },
};

fn statement(query: &str, calls: u64, mean_ms: f64, rows: u64) -> Statement {
    Statement {
        query: query.into(),
        calls,
        total_ms: mean_ms * calls as f64,
        mean_ms,
        rows,
        blocks_hit: 0,
        blocks_read: 0,
        plan: None,
    }
}

/// A Postgres that has everything wrong with it.
fn ailing() -> Database {
    Database {
        version: "15.7".into(),
        settings: vec![("shared_buffers".into(), "128MB".into()), ("work_mem".into(), "4MB".into())],
        cache_hit: Some(0.871),
        blocks: Some(2_000_000),
        deadlocks: Some(3),
        temp_bytes: Some(48 << 20),
        planning: None,
        statements: Some(vec![
            statement("SELECT * FROM event_rsvps WHERE event_id = $1 AND status = $2", 4_321, 120.5, 17_284),
            statement("SELECT * FROM content ORDER BY published_at", 12, 4.0, 60_000),
            statement("SELECT first_name FROM instructors WHERE id = $1", 9_876, 0.1, 9_876),
        ]),
        tables: vec![TableUse {
            table: "public.content".into(),
            rows: 5_000,
            bytes: 1 << 20,
            sequential_scans: 777,
            rows_scanned: 3_885_000,
            index_scans: 2,
        }],
        waits: vec![
            Wait { event: "Lock: transactionid".into(), samples: 90 },
            Wait { event: "IO: DataFileRead".into(), samples: 110 },
            Wait { event: "Client: ClientRead".into(), samples: 500 },
        ],
        samples: 1_000,
        missing: vec![MissingIndex {
            table: "public.event_rsvps".into(),
            columns: vec!["event_id".into(), "\"Status\"".into()],
            query: "SELECT * FROM event_rsvps WHERE event_id = $1 AND \"Status\" = $2".into(),
            calls: 4_321,
            total_ms: 520_680.5,
            sequential_scans: 4_321,
            rows_scanned: 193_000_000,
        }],
    }
}

fn ailing_cache() -> Cache {
    Cache {
        version: "7.2.5".into(),
        hits: 600,
        misses: 400,
        evicted: 23,
        rejected: 5,
        memory_limit: Some(64 << 20),
        slow: vec![SlowCommand { at: 1, command: "ZUNIONSTORE".into(), took_us: 31_337 }],
    }
}

/// A run in which everything went wrong that the catalogue knows of, but for what takes goals or browsers.
pub(super) fn ailing_run() -> Run {
    let slow = [300.0; 12];
    let search = failing(endpoint("GET /api/search", &slow), FaultKind::Status(429), 17);
    let search = failing(search, FaultKind::Timeout, 19);
    let mut live = scenario("rtc-load", vec![endpoint("POST /join", &slow)]);
    live.run.shares = vec![share("ws_connection_success", 45, 5), share("message_delivery_success", 970, 30)];
    live.run.counters = vec![counter("ws_connection_drops", 6)];
    let assets = endpoint("GET /static/js/main.js", &slow);
    let scenarios = vec![scenario("search-load", vec![search]), live, scenario("page-load", vec![assets])];

    let mut cpu = resource("cpu", ResourceKind::Cpu, None, &[0.97; 12]);
    cpu.unit = Unit::Share;
    let metrics = vec![
        resource("pool_in_use{pool=\"db\"}", ResourceKind::Pool, Some(10.0), &[10.0; 12]),
        resource("pool_waiting{pool=\"db\"}", ResourceKind::Waiting, None, &[0.0, 4.0, 14.0, 2.0]),
        cpu,
    ];
    let held = resource("connections", ResourceKind::Connections, Some(100.0), &[93.0; 12]);
    let postgres = Source { database: Some(ailing()), ..source(SourceKind::Postgres, vec![held]) };
    let redis = Source { cache: Some(ailing_cache()), ..source(SourceKind::Redis, Vec::new()) };
    run(scenarios, vec![source(SourceKind::Metrics, metrics), postgres, redis])
}

fn of<'a>(all: &'a [Recommendation], topic: &str) -> Vec<&'a Recommendation> {
    all.iter().filter(|it| it.topic == topic).collect()
}

#[test]
fn what_was_observed_is_recommended_with_its_figures() {
    let all = find(&ailing_run()).recommendations;
    let told = |it: &Recommendation| {
        let change = it.change.as_ref().map_or_else(String::new, |change| format!("change: {change}\n"));
        format!("## {}: {}\n- {}\n{change}{}\n", it.topic, it.title, it.evidence.join("\n- "), it.proof)
    };
    let told: Vec<String> = all.iter().map(told).collect();
    expect_test::expect_file!["recommended.txt"].assert_eq(&told.join("\n"));
    // What takes goals, phases or browsers is tried below.
    let here: Vec<&str> = topics()
        .into_iter()
        .filter(|topic| !["Load generator", "Search", "Connections and TLS"].contains(topic))
        .collect();
    for topic in here {
        assert!(!of(&all, topic).is_empty(), "nothing of {topic}");
    }
}

#[test]
fn a_missing_index_comes_with_the_statement_that_makes_it() {
    let all = find(&ailing_run()).recommendations;
    let index = of(&all, "Database indexes")[0];
    assert_eq!(index.title, "Index public.event_rsvps (event_id, \"Status\")");
    let sql = "CREATE INDEX CONCURRENTLY ON public.event_rsvps (event_id, \"Status\");";
    assert_eq!(index.change.as_deref(), Some(sql));
    assert!(
        index.evidence[0].contains("4 321 times") && index.evidence[1].contains("193 000 000 rows"),
        "{index:?}"
    );
}

#[test]
fn a_pool_comes_with_the_places_it_takes() {
    let all = find(&ailing_run()).recommendations;
    let pool = of(&all, "Connection pools")[0];
    assert_eq!(
        pool.change.as_deref(),
        Some("At least 24 places, by the most that were taken and waited for at once.")
    );
}

#[test]
fn a_run_without_a_fault_gets_no_advice() {
    let well = Database {
        cache_hit: Some(0.999),
        samples: 100,
        statements: Some(vec![statement("SELECT 1", 9, 0.1, 9)]),
        ..Database::default()
    };
    let held = resource("connections", ResourceKind::Connections, Some(100.0), &[7.0; 12]);
    let postgres = Source { database: Some(well), ..source(SourceKind::Postgres, vec![held]) };
    let cache = Cache { hits: 99, misses: 1, ..Cache::default() };
    let redis = Source { cache: Some(cache), ..source(SourceKind::Redis, Vec::new()) };
    let quick = scenario("search-load", vec![endpoint("GET /api/search", &[20.0; 12])]);
    let found = find(&run(vec![quick], vec![postgres, redis]));
    assert_eq!(found.recommendations, Vec::new());
}

#[test]
fn connections_that_take_long_are_told() {
    let mut slow = endpoint("GET /api/search", &[150.0; 12]);
    slow.columns[1].column = engine::record::Column::Phase(engine::record::Phase::Connecting);
    let all = find(&run(vec![scenario("search-load", vec![slow])], Vec::new())).recommendations;
    let evidence = &of(&all, "Connections and TLS")[0].evidence;
    assert_eq!(evidence, &["GET /api/search: p95 of connecting 150 ms (240 connections in search-load)"]);
}

#[test]
fn a_generator_that_fell_short_comes_first() {
    let mut run = ailing_run();
    run.scenarios[0].run.health.lost =
        vec![engine::workers::WorkerLost { worker: 1, message: "it panicked".to_owned() }];
    let all = find(&run).recommendations;
    assert_eq!(all[0].topic, "Load generator");
    assert!(all[0].evidence[0].starts_with("search-load is INVALID"), "{:?}", all[0]);
}

proptest! {
    // Each case makes a whole report of it.
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever a database says, advice has evidence, and the figures in it are the database's.
    #[test]
    fn every_recommendation_has_evidence_of_this_run(
        calls in 1u64..999,
        scans in 1u64..999,
        hit in 0.0..1.0f64,
        temp in 0u64..(1 << 30),
        deadlocks in 0u64..5,
        waits in 0u64..1_000,
    ) {
        let mut database = ailing();
        database.missing[0].calls = calls;
        database.missing[0].sequential_scans = scans;
        database.cache_hit = Some(hit);
        (database.temp_bytes, database.deadlocks) = (Some(temp), Some(deadlocks));
        database.waits[0].samples = waits;
        let mut run = ailing_run();
        if let Some(evidence) = &mut run.evidence {
            evidence.sources[1].database = Some(database);
        }
        let all = find(&run).recommendations;
        for it in &all {
            prop_assert!(topics().contains(&it.topic));
            prop_assert!(!it.evidence.is_empty() && it.evidence.iter().all(|sentence| !sentence.is_empty()));
            prop_assert!(it.proof.contains("loadgen run ") && it.proof.contains("loadgen compare results/run_20270101_120000 "));
        }
        let index = of(&all, "Database indexes")[0];
        let figures = [format!(" {calls} time"), format!(" {scans} time")];
        prop_assert!(index.evidence[0].contains(&figures[0]));
        prop_assert!(index.evidence[1].contains(&figures[1]));
        let locks = of(&all, "Lock waits");
        prop_assert_eq!(locks.is_empty(), waits < 50 && deadlocks == 0);
        let memory = of(&all, "Database memory");
        prop_assert_eq!(memory.len(), usize::from(hit < 0.99) + usize::from(temp >= 16 << 20));
    }
}

#[test]
fn a_largest_picture_that_is_fetched_for_long_is_told() {
    use crate::{
        browser::{Device, Throttle},
        run::{BrowserAccount, Canary, Ended, Lcp, PageView, Parts, Seen},
    };
    let seen = |number: u64, at_ms: f64| Seen {
        number,
        at_s: 1.0,
        page: "home".into(),
        device: Device::Phone,
        returning: false,
        signed_in: false,
        view: PageView {
            ended: Ended::Settled,
            lcp: Some(Lcp {
                at_ms,
                element: "img.hero".into(),
                url: None,
                size: 1,
                parts: Parts {
                    ttfb_ms: 0.1 * at_ms,
                    load_delay_ms: 0.2 * at_ms,
                    load_time_ms: 0.5 * at_ms,
                    render_delay_ms: 0.2 * at_ms,
                },
                earlier: 0,
            }),
            fcp_ms: None,
            ttfb_ms: None,
            load_ms: None,
            cls: 0.0,
            status: Some(200),
            requests: 5,
            bytes: 1,
            failed: Vec::new(),
            failed_count: 0,
            kept_in: Vec::new(),
            at: None,
            withheld: Vec::new(),
            console: Vec::new(),
            console_errors: 0,
        },
    };
    let mut page = scenario("page-load", vec![endpoint("GET /", &[20.0; 12])]);
    page.browsers = Some(BrowserAccount {
        product: "Chrome/1".into(),
        visitors: 1,
        throttle: Throttle::None,
        visits: vec![seen(0, 3_000.0), seen(1, 900.0), seen(2, 5_000.0), seen(3, 800.0)],
        further: 0,
        films: Vec::new(),
        canary: Canary::default(),
        lost: 0,
        troubles: Vec::new(),
    });
    let all = find(&run(vec![page], Vec::new())).recommendations;
    let evidence = &of(&all, "Static assets")[0].evidence;
    assert_eq!(evidence[0], "LCP was 2500 ms or later in 50 % (2 of 4)");
    assert!(evidence[1].starts_with("70 % of that time"), "{evidence:?}");
}
