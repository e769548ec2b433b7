use engine::{
    curve::Curve,
    driver::Tally,
    gate::{self, Reason},
    goal::{self, Goal},
    histogram::Encoder,
    load::{Flow, Load},
    record::{Column, Phase, Registry},
    run::{ColumnRun, CpuSecond, FlowRun, ScenarioRun},
    workers::WorkerLost,
};

use crate::{stage::ms, verdicts::run_of};

fn sound() -> ScenarioRun {
    let mut run = run_of(&[(100, 0)]);
    let id = Registry::new().endpoint("GET /");
    run.goals = vec![
        Goal::sampled("p95", goal::p95(id).below(ms(300)), 100),
        Goal::sampled("p99", goal::p99(id).below(ms(500)), 100),
        // A phase goal is tighter and does not count.
        Goal::sampled("send", goal::p95(id).of(Column::Phase(Phase::Sending)).below(ms(10)), 100),
        Goal::sampled("TLS", goal::p95(id).below(ms(1)), 100).not_applicable("no TLS"),
    ];
    let flow = Flow::new("arrivals", Load::Arrivals(Curve::flat(10.0, 10.0)));
    let tally = Tally { planned: 100, started: 100, finished: 100, ..Tally::default() };
    run.flows = vec![FlowRun { flow, tally }];
    run
}

fn reasons(change: impl FnOnce(&mut ScenarioRun)) -> Vec<Reason> {
    let mut run = sound();
    change(&mut run);
    gate::check(&run)
}

fn lateness(late_ms: u64, of_a_hundred: usize) -> ColumnRun {
    let mut values = vec![100_000; 100 - of_a_hundred];
    values.resize(100, late_ms * 1_000_000);
    let cells = vec![Encoder::new().cell(0, &values, 0, &[])];
    ColumnRun { column: Column::Lateness, limits_ns: Vec::new(), cells }
}

#[test]
fn a_sound_run_is_valid() {
    assert_eq!(reasons(|_| ()), []);
}

#[test]
fn under_99_percent_of_the_planned_starts_is_invalid() {
    assert_eq!(reasons(|run| run.flows[0].tally.started = 99), []);
    let short = reasons(|run| run.flows[0].tally.started = 98);
    assert_eq!(short, [Reason::Shortfall { flow: "arrivals".into(), achieved: 98, planned: 100 }]);
}

#[test]
fn an_interruption_and_a_slow_target_are_no_shortfall() {
    let cut = |tally: &mut Tally| {
        tally.started = 40;
        tally.cut_short = 60;
    };
    assert_eq!(reasons(|run| cut(&mut run.flows[0].tally)), []);
    let held = |tally: &mut Tally| {
        tally.started = 40;
        tally.held_back = 60;
    };
    assert_eq!(reasons(|run| held(&mut run.flows[0].tally)), []);
}

#[test]
fn a_single_dropped_arrival_is_invalid() {
    let dropped = reasons(|run| run.flows[0].tally.dropped = 1);
    assert_eq!(dropped, [Reason::Dropped { flow: "arrivals".into(), dropped: 1 }]);
}

#[test]
fn lateness_is_held_against_a_tenth_of_the_tightest_limit() {
    // The tightest response-time limit that applies is 300 ms.
    assert_eq!(reasons(|run| run.health.starts = lateness(29, 5)), []);
    assert_eq!(reasons(|run| run.health.starts = lateness(500, 1)), [], "one in a hundred is beyond p99");
    let late = |reasons: &[Reason]| matches!(reasons, [Reason::Late { allowed, .. }] if *allowed == ms(30));
    assert!(late(&reasons(|run| run.health.starts = lateness(31, 5))));
    // Steps within a turn count as well: their lateness is in the samples.
    assert!(late(&reasons(|run| run.timings[0].columns.push(lateness(31, 5)))));
}

#[test]
fn a_busy_processor_is_invalid_after_five_seconds() {
    let looks = |cores: &[f64]| -> Vec<CpuSecond> {
        (1..).zip(cores).map(|(second, &cores)| CpuSecond { second, length_s: 1.0, cores }).collect()
    };
    // Two cores are allowed: 1.8 is 90 %.
    assert_eq!(reasons(|run| run.health.cpu = looks(&[1.9, 1.9, 1.9, 1.9, 0.5, 1.9, 1.9, 1.9, 1.9])), []);
    assert_eq!(reasons(|run| run.health.cpu = looks(&[1.8; 60])), []);
    let busy = reasons(|run| run.health.cpu = looks(&[0.5, 1.9, 1.9, 1.9, 1.9, 2.0, 0.5]));
    let [Reason::Cpu { cores, allowed, seconds }] = busy[..] else { panic!("{busy:?}") };
    assert!((cores - 1.92).abs() < 1e-9 && (allowed - 2.0).abs() < 1e-9 && (seconds - 5.0).abs() < 1e-9);
}

#[test]
fn a_lost_worker_and_a_panicking_user_are_invalid() {
    let lost = WorkerLost { worker: 1, message: "out of threads".into() };
    let found = reasons(|run| {
        run.health.lost.push(lost.clone());
        run.flows[0].tally.panicked = 2;
    });
    assert_eq!(
        found,
        [Reason::Worker(lost.clone()), Reason::UserPanicked { flow: "arrivals".into(), count: 2 }]
    );
}

#[test]
fn a_lost_worker_s_starts_are_still_planned() {
    let flow = Flow::new("arrivals", Load::Arrivals(Curve::flat(10.0, 10.0)));
    let half = Tally { planned: 50, started: 50, finished: 50, ..Tally::default() };
    let run = FlowRun::new(&flow, [half]);
    assert_eq!((run.tally.planned, run.tally.started), (100, 50));
    assert!(matches!(reasons(|whole| whole.flows = vec![run])[..], [Reason::Shortfall { .. }]));
}

#[test]
fn reasons_read_with_their_figures() {
    let text = [
        Reason::Shortfall { flow: "auth".into(), achieved: 98, planned: 100 },
        Reason::Late { p99: ms(31), allowed: ms(30) },
        Reason::Dropped { flow: "auth".into(), dropped: 3 },
        Reason::Cpu { cores: 1.92, allowed: 2.0, seconds: 5.0 },
        Reason::Worker(WorkerLost { worker: 1, message: "a defect".into() }),
        Reason::UserPanicked { flow: "auth".into(), count: 2 },
    ]
    .map(|reason| reason.to_string())
    .join("\n");
    expect_test::expect![[r"
        auth: 98 of 100 planned starts made (98.0 %; at least 99 % needed)
        the load generator was late itself: p99 31.0 ms; at most 30.0 ms (a tenth of the tightest limit) allowed
        auth: 3 arrivals dropped because too many were in flight
        the load generator kept 1.92 of its 2.00 cores busy for 5 s (at most 90 % for under 5 s allowed)
        worker 1 was lost: a defect
        auth: 2 virtual users panicked"]]
    .assert_eq(&text);
}
