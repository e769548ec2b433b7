//! A small run made by hand: every verdict there is, recorded by the engine's own collector.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use engine::{
    clock,
    curve::Curve,
    driver::{Due, Tally},
    goal::{self, Goal},
    load::{Flow, Load},
    record::{Collector, Column, Ending, Fault, Phase, Phases, Plan, Recorder, Registry, Sample, TimingId},
    run::{CpuSecond, FlowRun, ScenarioRun},
};
use loadgen::{
    books::{Audit, AuditCheck},
    faults::{FaultPlan, ScheduledFault},
    preset::Preset,
    run::{FORMAT, Machine, Measured, Meta, NotRun, Overall, Run},
    truth::{QuantileScore, RouteScore, TruthScore},
};

/// Text that would break a table, a document or a page that did not take care.
pub(super) const HOSTILE: &str = "<script>alert(\"1 & 2\")</script> | `a`\nb";

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// 600 searches over twelve seconds, `slow` of them over the limit, `failed` without the right answer; ten members
/// who sign in, all of them well.
pub(crate) fn search(slow: u64, failed: u64, lateness: Duration) -> ScenarioRun {
    let mut registry = Registry::new();
    let search = registry.endpoint("GET /api/search");
    let semantic = registry.group("semantic");
    let lcp = registry.value("lcp_metric");
    let signed_in = registry.share("auth_success");
    let duplicates = registry.counter("duplicate_bookings");
    let goals = vec![
        Goal::sampled("search p95", goal::p95(search).below(ms(1_200)), 600),
        Goal::sampled("semantic p95", goal::p95(semantic).below(ms(900)), 60),
        Goal::sampled("errors", goal::errors(search).below(0.001), 600),
        Goal::census("members sign in", goal::share(signed_in).above(0.95), 10),
        Goal::exact("no duplicates", goal::never(duplicates)),
        Goal::sampled("send p95", goal::p95(search).of(Column::Phase(Phase::Sending)).below(ms(10)), 600),
        Goal::sampled("TLS p95", goal::p95(search).of(Column::Phase(Phase::Tls)).below(ms(200)), 600)
            .not_applicable("no TLS | here"),
        Goal::sampled("LCP p95", goal::p95(lcp).below(ms(2_500)), 0).not_measured("no browser"),
    ];
    let flow = Flow::new("members", Load::Arrivals(Curve::flat(50.0, 12.0)));
    let collector = Collector::start(Plan::new("search-load", registry, goals, vec![flow.clone()]));
    let epoch = clock::now();
    let recorder = collector.tap().recorder(epoch);
    for n in 0..600 {
        let due = Due { at: epoch + ms(n * 20), lateness };
        // Spread over the whole time, so that neighbours do not depend on each other.
        let place = n * 7 % 600;
        let took = if place < slow { ms(1_500) } else { ms(40 + n % 10) };
        let outcome = if place < failed { Err(Fault::body("ranking", HOSTILE)) } else { Ok(()) };
        let ids: &[TimingId] = if n % 10 == 0 { &[search, semantic] } else { &[search] };
        recorder.timing(ids, Sample::new(due, due.at, due.at + took, outcome));
        let phases = Phases { sending: Some(ms(1)), waiting: Some(took), ..Phases::default() };
        recorder.phases(&[search], due, &phases);
    }
    recorder.shares(signed_in, 10, 0);
    recorder.flush();
    warm_up(&collector.tap().warm_up(epoch), search, epoch);
    let planned = flow.load.planned_starts();
    let tally = Tally { planned, started: planned, finished: planned, ..Tally::default() };
    finish(collector, epoch, vec![FlowRun::new(&flow, [tally])])
}

fn warm_up(recorder: &Recorder, search: TimingId, epoch: clock::Instant) {
    for n in 0..7 {
        let due = Due { at: epoch + ms(n), lateness: Duration::ZERO };
        recorder.timing(&[search], Sample::new(due, due.at, due.at + ms(333), Ok(())));
    }
    recorder.flush();
}

/// The run, with everything taken out of it that another machine or moment would have put there.
pub(super) fn finish(collector: Collector, epoch: clock::Instant, flows: Vec<FlowRun>) -> ScenarioRun {
    let (started, lost) = (SystemTime::UNIX_EPOCH, Vec::new());
    let ended = epoch + Duration::from_secs(12);
    let mut run =
        collector.finish(Ending { started, epoch, ended, interrupted: false, workers: 2, flows, lost });
    run.health.cores = 2.0;
    run.health.cpu = vec![CpuSecond { second: 1, length_s: 1.0, cores: 0.5 }];
    // What was recorded "now" rather than when it was due.
    run.shares.iter_mut().flat_map(|share| &mut share.seconds).for_each(|second| second.second = 0);
    run
}

/// A scenario of a report.
pub(crate) fn measured(run: ScenarioRun) -> Measured {
    Measured {
        title: "Members searching".into(),
        description: "Six hundred searches.".into(),
        planned_requests: 600,
        planned_digest: "d1".into(),
        run,
        truth: Some(TruthScore { routes: Vec::new() }),
        warm_up_requests: 7,
        warm_up_s: Some(2.5),
        notes: Vec::new(),
        ended_early: None,
        live: None,
        traces: Vec::new(),
        browsers: None,
    }
}

/// A truth score of one route: its median as measured, held being 40 ms.
pub(crate) fn scored(median_us: u64) -> TruthScore {
    let quantile = QuantileScore {
        percent: 50.0,
        measured_us: median_us,
        held_us: 40_000,
        tolerance_us: 3_000,
        decides: true,
    };
    let route = "GET /api/search".to_owned();
    TruthScore {
        routes: vec![RouteScore {
            route,
            measured_count: 1_000,
            held_count: 1_000,
            quantiles: vec![quantile],
        }],
    }
}

/// A run of these scenarios with sound books.
pub(crate) fn run(scenarios: Vec<Measured>) -> Run {
    let check = |name: &str| AuditCheck {
        name: name.into(),
        ok: true,
        checked: 1_234,
        detail: String::new(),
        offenders: Vec::new(),
    };
    Run {
        format: FORMAT,
        meta: Meta {
            id: "run_20270101_000000".into(),
            started: "2027-01-01T00:00:00Z".into(),
            seed: 42,
            world_seed: 42,
            preset: Preset::Smoke,
            time_scale: 1.0,
            load: 1.0,
            target: "mock".into(),
            origin: "http://127.0.0.1:8089".into(),
            environment: "mock (wwmaa-mock 0.1.0)".into(),
            nonce: "n".into(),
            planned_digest: "d0".into(),
            loadgen: "0.1.0".into(),
            machine: Machine {
                system: "linux x86_64".into(),
                cores: 2,
                workers: 2,
                open_files: Some(1_024),
                processes: 1,
                sources: Vec::new(),
            },
        },
        interrupted: false,
        baseline: Vec::new(),
        scenarios,
        not_run: Vec::new(),
        overall: Overall { errors_below: 0.001, planned_requests: 600 },
        audit: Some(Audit { ok: true, checks: vec![check("seats_within_capacity"), check("one_order")] }),
        faults: None,
        evidence: None,
        headroom: Vec::new(),
        notes: Vec::new(),
    }
}

/// All is well, as far as a small run can say.
pub(crate) fn good() -> Run {
    run(vec![measured(search(0, 0, Duration::ZERO))])
}

/// Everything that can go wrong at once: goals missed and undecided, a late generator, broken books, an
/// interruption, a scenario that was not run, text that wants to break out; and a baseline to compare with.
pub(crate) fn bad() -> Run {
    let mut late = search(30, 0, ms(500));
    late.name = "page-load".into();
    let mut failing = measured(search(90, 12, Duration::ZERO));
    failing.notes.push(HOSTILE.into());
    let mut run = run(vec![failing, measured(late)]);
    run.baseline.push(measured(search(0, 0, Duration::ZERO)));
    let why = format!("the target is gone {HOSTILE}");
    run.not_run.push(NotRun { name: "api-load".into(), why, left_out: false });
    run.notes.push(HOSTILE.into());
    run.faults = Some(plan(vec![fault("reset", HOSTILE, 3, true)]));
    run.interrupted = true;
    if let Some(audit) = &mut run.audit {
        audit.ok = false;
        audit.checks[1].ok = false;
        audit.checks[1].offenders = vec![HOSTILE.into(), "evt_load_test_small".into()];
    }
    run
}

/// A fault that struck requests to `strikes`.
pub(crate) fn fault(kind: &str, strikes: &str, struck: u64, unscored: bool) -> ScheduledFault {
    ScheduledFault {
        kind: kind.into(),
        strikes: strikes.into(),
        from_s: 5.0,
        for_s: Some(2.5),
        share: 0.05,
        settings: serde_json::json!({ "kind": kind }),
        met: 1_000,
        struck,
        unscored,
    }
}

/// A plan of these faults.
pub(crate) fn plan(faults: Vec<ScheduledFault>) -> FaultPlan {
    FaultPlan { toml: Some("seed = 7".into()), seed: Some(7), faults }
}

/// One file of a run's report.
pub(crate) fn file(run: &Run, name: &str) -> String {
    let files = loadgen::report::files(run);
    files.into_iter().find(|(file, _)| file == name).expect("the report has it").1
}

/// A page without its own three scripts, which are its last elements: data, library, and what draws.
pub(super) fn markup(page: &str) -> String {
    let (markup, scripts) = page.split_once("<script id=\"data\"").expect("its data");
    assert_eq!(scripts.matches("<script>").count(), 2, "what it runs");
    assert!(scripts.ends_with("</script></body></html>"));
    format!("{markup}</body></html>")
}

/// Writes a run's report and reads the run back.
pub(crate) fn there_and_back(run: &Run, dir: &Path) -> Run {
    loadgen::report::write_all(run, dir).expect("a directory to write to");
    assert!(fs::metadata(dir.join("report.html")).is_ok());
    Run::read(dir).expect("what was written")
}
