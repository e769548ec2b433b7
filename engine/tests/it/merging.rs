//! Parts of a run put together are the run.

use std::time::Duration;

use engine::{
    clock::{self, Instant},
    curve::Curve,
    driver::{Due, Tally},
    goal::{self, Goal},
    histogram::Distribution,
    load::{Flow, Load},
    merge::{self, Unlike},
    record::{
        Collector, Ending, Fault, FaultKind, Live, LiveCounter, LiveSeries, Newest, Plan, Registry, Sample,
        Standing, Totals,
    },
    run::{Cell, CpuSecond, FlowRun, ScenarioRun},
    workers::WorkerLost,
};
use proptest::prelude::*;

use crate::stage::{ms, secs};

/// Something one worker saw.
#[derive(Clone, Debug)]
enum Event {
    Request { at_ms: u32, took_us: u64, fate: u16, endpoint: bool },
    Share { good: bool },
    Offence,
}

fn any_event() -> impl Strategy<Value = Event> {
    let took = prop_oneof![1_u64..1_000, 1_000_u64..400_000, 1_000_000_u64..20_000_000];
    prop_oneof![
        6 => (0_u32..6_000, took, 0_u16..100, any::<bool>())
            .prop_map(|(at_ms, took_us, fate, endpoint)| Event::Request { at_ms, took_us, fate, endpoint }),
        1 => any::<bool>().prop_map(|good| Event::Share { good }),
        1 => Just(Event::Offence),
    ]
}

fn flow() -> Flow {
    Flow::new("arrivals", Load::Arrivals(Curve::flat(10.0, 6.0)))
}

/// What one process makes of these events.
fn recorded(epoch: Instant, events: &[Event]) -> ScenarioRun {
    let mut registry = Registry::new();
    let (search, home) = (registry.endpoint("GET /api/search"), registry.endpoint("GET /"));
    let (share, offences) = (registry.share("good"), registry.counter("offences"));
    let goals = vec![
        Goal::sampled("p95", goal::p95(search).below(ms(100)), 10),
        Goal::sampled("p99", goal::p99(search).below(ms(200)), 10),
    ];
    let collector = Collector::start(Plan::new("parts", registry, goals, vec![flow()]));
    let recorder = collector.tap().recorder(epoch);
    for event in events {
        match *event {
            Event::Request { at_ms, took_us, fate, endpoint } => {
                let outcome = match fate {
                    0..10 => Err(Fault::timeout("nothing")),
                    // More kinds than are kept apart.
                    10..90 => Err(Fault::status(500 + fate, format!("after {took_us} µs"))),
                    _ => Ok(()),
                };
                let at = epoch + Duration::from_millis(at_ms.into());
                let due = Due { at, lateness: ms(1) };
                let sample = Sample::new(due, at, at + Duration::from_micros(took_us), outcome);
                recorder.timing(&[if endpoint { search } else { home }], sample);
            }
            Event::Share { good } => recorder.share(share, good),
            Event::Offence => recorder.counter(offences, || "seen".to_owned()),
        }
    }
    drop(recorder);
    let started = events.len() as u64;
    let tally = Tally { planned: 7, started, finished: started, peak_users: 2, ..Tally::default() };
    collector.finish(Ending {
        started: std::time::SystemTime::UNIX_EPOCH,
        epoch,
        ended: epoch,
        interrupted: false,
        workers: 1,
        flows: vec![FlowRun::new(&flow(), [tally])],
        lost: Vec::new(),
    })
}

/// A column's seconds, however many cells each is in: counts, exceedances, sum, extremes, every value.
fn seconds(cells: &[Cell]) -> Vec<(i64, u64, u64, Vec<u64>, u64, Distributed)> {
    let second = |same: &[Cell]| {
        let sum = |part: fn(&Cell) -> u64| same.iter().map(part).sum::<u64>();
        let over = (0..same[0].over.len()).map(|i| same.iter().map(|cell| cell.over[i]).sum()).collect();
        (
            same[0].second,
            sum(|cell| cell.count),
            sum(|cell| cell.unanswered),
            over,
            sum(|cell| cell.sum_ns),
            distributed(same),
        )
    };
    cells.chunk_by(|a, b| a.second == b.second).map(second).collect()
}

type Distributed = (Option<Duration>, Option<Duration>, Vec<(u64, u64)>);

fn distributed(cells: &[Cell]) -> Distributed {
    let all = Distribution::of(cells);
    let values = all.histogram().into_iter().flat_map(|histogram| histogram.iter_recorded());
    (all.min(), all.max(), values.map(|v| (v.value_iterated_to(), v.count_at_value())).collect())
}

/// Failures of a kind that both sides keep apart: which are lumped together depends on who came first.
fn failures(run: &ScenarioRun) -> u64 {
    run.timings.iter().flat_map(|timing| &timing.faults).map(|fault| fault.count).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn parts_put_together_are_the_whole(
        events in prop::collection::vec(any_event(), 0..150),
        places in prop::collection::vec(0_usize..3, 150),
    ) {
        let epoch = clock::now();
        let whole = recorded(epoch, &events);
        let part = |n: usize| {
            let mine = events.iter().zip(&places).filter(|(_, place)| **place == n);
            recorded(epoch, &mine.map(|(event, _)| event.clone()).collect::<Vec<_>>())
        };
        let mut merged = part(0);
        merge::add(&mut merged, part(1)).expect("parts of one run");
        merge::add(&mut merged, part(2)).expect("parts of one run");
        for (a, b) in whole.timings.iter().zip(&merged.timings) {
            prop_assert_eq!(&a.outcomes, &b.outcomes);
            prop_assert_eq!(a.columns.len(), b.columns.len());
            for (a, b) in a.columns.iter().zip(&b.columns) {
                prop_assert_eq!((a.column, &a.limits_ns), (b.column, &b.limits_ns));
                prop_assert_eq!(seconds(&a.cells), seconds(&b.cells));
            }
            prop_assert_eq!(a.faults.len(), b.faults.len());
            for fault in &b.faults {
                prop_assert_eq!(fault.count, fault.seconds.iter().map(|(_, n)| n).sum::<u64>());
                prop_assert!(fault.evidence.len() <= 5 && !fault.evidence.is_empty());
            }
        }
        prop_assert_eq!(failures(&whole), failures(&merged));
        prop_assert_eq!(whole.shares[0].counts(), merged.shares[0].counts());
        prop_assert_eq!(&whole.counters, &merged.counters);
        let (one, all) = (&whole.flows[0].tally, &merged.flows[0].tally);
        prop_assert_eq!((one.planned, one.started, one.finished), (all.planned, all.started, all.finished));
        prop_assert_eq!(all.planned, 60);
        prop_assert_eq!(merged.health.workers, 3);
        prop_assert_eq!(&whole.goals, &merged.goals);
    }
}

#[test]
fn kinds_beyond_those_kept_apart_are_counted_together() {
    let epoch = clock::now();
    let kinds = |from: u16, to: u16| {
        let request = |fate| Event::Request { at_ms: 0, took_us: 1, fate, endpoint: true };
        recorded(epoch, &(from..to).map(request).collect::<Vec<_>>())
    };
    let mut merged = kinds(10, 70);
    merge::add(&mut merged, kinds(70, 90)).expect("parts of one run");
    let faults = &merged.timings[0].faults;
    let further = faults.iter().find(|fault| fault.kind == FaultKind::Other("further kinds".into()));
    assert_eq!(further.map(|fault| (fault.count, fault.evidence.len())), Some((16, 5)));
    assert_eq!(faults.len(), 65);
}

#[test]
fn users_are_those_of_all_processes_second_by_second() {
    let epoch = clock::now();
    let (mut a, mut b) = (recorded(epoch, &[]), recorded(epoch, &[]));
    a.health.users = vec![(0, 1), (1, 4), (4, 2)];
    b.health.users = vec![(1, 10), (2, 20), (3, 20), (4, 5), (5, 5)];
    merge::add(&mut a, b).expect("parts of one run");
    assert_eq!(a.health.users, [(0, 1), (1, 14), (2, 24), (3, 24), (4, 7), (5, 5)]);
}

#[test]
fn processor_time_is_added_though_every_process_looks_at_moments_of_its_own() {
    let epoch = clock::now();
    let look = |second, length_s, cores| CpuSecond { second, length_s, cores };
    let (mut a, mut b) = (recorded(epoch, &[]), recorded(epoch, &[]));
    a.health.cpu = vec![look(0, 1.0, 0.5), look(1, 1.0, 0.5), look(2, 1.0, 0.5), look(3, 1.0, 0.5)];
    // Twice in second 1, then a little late: not at all in second 2.
    b.health.cpu = vec![look(1, 1.0, 0.25), look(1, 1.0, 0.75), look(3, 1.0, 1.0)];
    merge::add(&mut a, b).expect("parts of one run");
    let cores: Vec<(i64, f64)> = a.health.cpu.iter().map(|look| (look.second, look.cores)).collect();
    assert_eq!(cores, [(0, 0.5), (1, 1.0), (2, 1.5), (3, 1.5)]);
}

#[test]
fn a_run_is_as_long_as_its_longest_part_and_lost_what_each_has_lost() {
    let epoch = clock::now();
    let (mut a, mut b) = (recorded(epoch, &[]), recorded(epoch, &[]));
    let lost = |worker| WorkerLost { worker, message: "gone".into() };
    (a.duration, a.health.lost) = (secs(3.0), vec![lost(0)]);
    (b.duration, b.health.lost, b.interrupted) = (secs(4.0), vec![lost(3)], true);
    merge::add(&mut a, b).expect("parts of one run");
    assert_eq!((a.duration, a.interrupted), (secs(4.0), true));
    assert_eq!(a.health.lost, [lost(0), lost(3)]);
}

#[test]
fn what_are_not_parts_of_one_run_stay_apart() {
    let epoch = clock::now();
    let mut whole = recorded(epoch, &[Event::Offence]);
    let before = whole.clone();
    let refuse = |whole: &mut ScenarioRun, change: fn(&mut ScenarioRun)| {
        let mut other = recorded(epoch, &[Event::Offence]);
        change(&mut other);
        merge::add(whole, other).map_err(|Unlike { what }| what)
    };
    assert_eq!(refuse(&mut whole, |other| other.name = "another".into()), Err("names"));
    assert_eq!(refuse(&mut whole, |other| other.flows[0].flow.name = "another".into()), Err("flows"));
    assert_eq!(refuse(&mut whole, |other| drop(other.timings.pop())), Err("series"));
    assert_eq!(refuse(&mut whole, |other| other.shares[0].name = "another".into()), Err("shares"));
    assert_eq!(refuse(&mut whole, |other| other.counters.clear()), Err("counters"));
    assert_eq!(whole, before);
}

#[test]
fn how_parts_stand_adds_up_and_the_slowest_percentile_is_shown() {
    let part = |n: u64, p95| {
        let newest = Newest { rate: n, p95: Some(ms(p95)), ..Newest::default() };
        Live {
            second: 3,
            requests: n,
            failed: 1,
            started: n,
            users: n,
            newest,
            done: newest,
            lateness_p99: Some(ms(n)),
            cores: Some(0.5),
            series: vec![LiveSeries { name: "GET /".into(), endpoint: true, n, failed: 1, newest }],
            goals: vec![Standing { n, bad: 1 }],
            counters: vec![LiveCounter { name: "bytes".into(), total: n }],
            totals: Totals { dropped: n, ..Totals::default() },
        }
    };
    let silent = Live::default();
    let all = merge::live([&silent, &part(10, 70), &part(5, 90)]);
    let expected = Live { failed: 2, cores: Some(1.0), lateness_p99: Some(ms(10)), ..part(15, 90) };
    let series = vec![LiveSeries { failed: 2, ..expected.series[0].clone() }];
    assert_eq!(all, Live { series, goals: vec![Standing { n: 15, bad: 2 }], ..expected });
}
