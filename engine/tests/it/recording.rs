//! What goes in comes out: exactly, per second, and the same from however many workers.

use std::time::Duration;

use engine::{
    clock::{self, Instant},
    curve::Curve,
    driver::{self, Due, Turn},
    ends::Ends,
    goal::{self, Goal},
    histogram::{Distribution, Encoder},
    load::{Flow, Load, Shard},
    record::{
        Collector, Column, Ending, Fault, FaultKind, Live, Phase, Phases, Plan, Recorder, Registry, Sample,
        TimingId,
    },
    run::{Cell, FlowRun, ScenarioRun},
    verdict,
};
use proptest::prelude::*;

use crate::stage::{Books, Does, local, ms, secs};

/// A sample due `at_s` after the epoch that took `took`, sent when due.
fn sample(epoch: Instant, at_s: f64, took: Duration, outcome: Result<(), Fault>) -> Sample {
    let at = epoch + secs(at_s);
    Sample::new(Due { at, lateness: ms(1) }, at, at + took, outcome)
}

fn search() -> (Registry, TimingId, Vec<Goal>) {
    let mut registry = Registry::new();
    let id = registry.endpoint("GET /api/search");
    let goals = vec![
        Goal::sampled("p95", goal::p95(id).below(ms(100)), 1_000),
        Goal::sampled("p99", goal::p99(id).below(ms(200)), 1_000),
        Goal::sampled("sent p95", goal::p95(id).of(Column::SinceSent).below(ms(100)), 1_000),
    ];
    (registry, id, goals)
}

#[test]
fn a_value_that_equals_its_limit_is_over_it() {
    let (registry, id, goals) = search();
    let books = Books::open(registry, goals, Vec::new());
    for nanos in [99_999_999, 100_000_000, 100_000_001, 200_000_000] {
        let took = Duration::from_nanos(nanos);
        books.recorder.timing(&[id], sample(books.epoch, 0.0, took, Ok(())));
    }
    let run = books.close(Vec::new());
    let column = run.timings[0].column(Column::SinceDue).expect("it has values");
    assert_eq!(column.limits_ns, [100_000_000, 200_000_000]);
    assert_eq!(column.cells[0].over, [3, 1]);
    assert_eq!((column.cells[0].min_ns, column.cells[0].max_ns), (99_999_999, 200_000_000));
}

#[test]
fn a_request_belongs_to_the_second_it_was_due_in() {
    let (registry, id, goals) = search();
    let books = Books::open(registry, goals, Vec::new());
    // The second one is answered long after its second was closed, and after later ones.
    books.recorder.timing(&[id], sample(books.epoch, 3.2, ms(50), Ok(())));
    books.recorder.timing(&[id], sample(books.epoch, 60.0, ms(50), Ok(())));
    books.recorder.timing(&[id], sample(books.epoch, 3.9, secs(70.0), Ok(())));
    let run = books.close(Vec::new());
    let timing = &run.timings[0];
    let seconds: Vec<(i64, u64)> = timing.outcomes.iter().map(|o| (o.second, o.ok)).collect();
    assert_eq!(seconds, [(3, 2), (60, 1)]);
    let cells = &timing.column(Column::SinceDue).expect("it has values").cells;
    let seconds: Vec<(i64, u64)> = cells.iter().map(|cell| (cell.second, cell.count)).collect();
    assert!(seconds == [(3, 2), (60, 1)] || seconds == [(3, 1), (3, 1), (60, 1)], "{seconds:?}");
}

#[test]
fn three_columns_tell_target_queue_and_generator_apart() {
    let mut registry = Registry::new();
    let (search, all) = (registry.endpoint("GET /api/search"), registry.group("all"));
    let books = Books::open(registry, Vec::new(), Vec::new());
    let at = books.epoch;
    let (sent, done) = (at + ms(30), at + ms(80));
    books.recorder.timing(&[search, all], Sample::new(Due { at, lateness: ms(2) }, sent, done, Ok(())));
    let run = books.close(Vec::new());
    let only = |timing: usize, column| run.timings[timing].distribution(column).max();
    assert_eq!(only(0, Column::SinceDue), Some(ms(80)));
    assert_eq!(only(0, Column::SinceSent), Some(ms(50)));
    assert_eq!(only(0, Column::Lateness), Some(ms(2)));
    assert_eq!((only(1, Column::SinceDue), only(1, Column::Lateness)), (Some(ms(80)), None));
    assert_eq!(run.requests(), (1, 0), "a group's samples are no further requests");
}

#[test]
fn failures_are_counted_by_kind_with_a_few_as_evidence() {
    let (registry, id, goals) = search();
    let books = Books::open(registry, goals, Vec::new());
    let fail = |at, took, fault| books.recorder.timing(&[id], sample(books.epoch, at, took, Err(fault)));
    for n in 0..100 {
        fail(f64::from(n) / 10.0, ms(20), Fault::status(503, format!("answer {n}")));
    }
    fail(1.0, secs(10.0), Fault::timeout("nothing for 10 s"));
    fail(1.0, ms(1), Fault::refused("x".repeat(100_000)));
    let run = books.close(Vec::new());
    let faults = &run.timings[0].faults;
    let kinds: Vec<(FaultKind, u64)> = faults.iter().map(|fault| (fault.kind.clone(), fault.count)).collect();
    assert_eq!(kinds, [(FaultKind::Refused, 1), (FaultKind::Timeout, 1), (FaultKind::Status(503), 100)]);
    assert_eq!(faults[2].evidence, ["answer 0", "answer 1", "answer 2", "answer 3", "answer 4"]);
    assert_eq!((faults[2].seconds.len(), faults[2].seconds[0]), (10, (0, 10)));
    assert!(faults[0].evidence[0].chars().count() < 500);
    assert_eq!(run.timings[0].counts(), (0, 102));
}

#[test]
fn kinds_without_end_are_counted_together() {
    let (registry, id, goals) = search();
    let books = Books::open(registry, goals, Vec::new());
    for status in 0..200 {
        books.recorder.timing(&[id], sample(books.epoch, 0.0, ms(1), Err(Fault::status(status, ""))));
    }
    let run = books.close(Vec::new());
    let faults = &run.timings[0].faults;
    assert!(faults.len() <= 65);
    assert_eq!(faults.iter().map(|fault| fault.count).sum::<u64>(), 200);
}

#[test]
fn no_answer_is_slower_than_every_answer() {
    let (registry, id, goals) = search();
    let books = Books::open(registry, goals, Vec::new());
    for n in 0..90 {
        books.recorder.timing(&[id], sample(books.epoch, f64::from(n) / 10.0, ms(10), Ok(())));
    }
    for n in 0..10 {
        // Refused in no time at all: fast, and worth nothing to whoever waits.
        let refused = Err(Fault::refused("port closed"));
        books.recorder.timing(&[id], sample(books.epoch, f64::from(n), Duration::from_micros(100), refused));
    }
    let run = books.close(Vec::new());
    let since_due = run.timings[0].distribution(Column::SinceDue);
    assert_eq!((since_due.count(), since_due.unanswered()), (90, 10));
    assert_eq!(since_due.percentile(50.0).value, Some(ms(10)));
    assert_eq!(since_due.percentile(95.0).value, None);
    let judged = verdict::judge_goal(&run, &run.goals[0]);
    assert_eq!((judged.n, judged.bad), (100, 10));
}

#[test]
fn phases_values_shares_and_counters_are_kept() {
    let mut registry = Registry::new();
    let id = registry.endpoint("GET /");
    let (chat, seen, twice) =
        (registry.value("chat"), registry.share("delivered"), registry.counter("duplicates"));
    let sent = registry.counter("data_sent");
    let books = Books::open(registry, Vec::new(), Vec::new());
    let phases = Phases { waiting: Some(ms(7)), receiving: Some(ms(1)), ..Phases::default() };
    books.recorder.phases(&[id], Due { at: books.epoch, lateness: ms(0) }, &phases);
    books.recorder.phase(id, Phase::Connecting, ms(3));
    books.recorder.value(chat, ms(42));
    books.recorder.share(seen, true);
    books.recorder.shares(seen, 98, 1);
    for n in 0..9 {
        books.recorder.counter(twice, || format!("message {n}"));
    }
    books.recorder.add(sent, 4_096);
    let run = books.close(Vec::new());
    let phase = |phase| run.timings[id.index()].distribution(Column::Phase(phase)).max();
    assert_eq!(
        (phase(Phase::Waiting), phase(Phase::Connecting), phase(Phase::Tls)),
        (Some(ms(7)), Some(ms(3)), None)
    );
    assert_eq!(run.timings[chat.index()].distribution(Column::SinceDue).max(), Some(ms(42)));
    assert_eq!(run.share(seen).expect("declared").counts(), (99, 1));
    let twice = run.counter(twice).expect("declared");
    assert_eq!((twice.total, twice.evidence.len()), (9, 5));
    assert_eq!(run.counter(sent).expect("declared").total, 4_096);
}

#[test]
fn warm_up_is_labelled_and_not_counted() {
    let (registry, id, goals) = search();
    let books = Books::open(registry, goals, Vec::new());
    let warm = books.tap().warm_up(books.epoch);
    warm.timing(&[id], sample(books.epoch, 0.0, secs(3.0), Ok(())));
    drop(warm);
    books.recorder.timing(&[id], sample(books.epoch, 0.0, ms(10), Ok(())));
    let run = books.close(Vec::new());
    assert_eq!(run.timings[0].distribution(Column::SinceDue).max(), Some(ms(10)));
    assert_eq!(run.warm_up[0].distribution(Column::SinceDue).max(), Some(secs(3.0)));
    assert_eq!((run.requests(), run.warm_up.len()), ((1, 0), 1));
}

#[test]
fn a_name_is_declared_once() {
    let mut registry = Registry::new();
    let (a, b) = (registry.endpoint("GET /"), registry.endpoint("GET /"));
    assert_eq!((a, registry.find_timing("GET /"), registry.timing_name(a)), (b, Some(a), "GET /"));
    assert_ne!(registry.group("all"), a);
}

#[test]
fn a_run_survives_being_written_and_read() {
    let (registry, id, goals) = search();
    let flow = Flow::new("one", Load::Arrivals(Curve::flat(1.0, 4.0)));
    let books = Books::open(registry, goals, vec![flow.clone()]);
    for n in 0..4 {
        books
            .recorder
            .timing(&[id], sample(books.epoch, f64::from(n), ms(10), Err(Fault::body("results", "[]"))));
    }
    let run = books.close(vec![FlowRun::new(&flow, [])]);
    let text = serde_json::to_string(&run).expect("plain data");
    let read: ScenarioRun = serde_json::from_str(&text).expect("what was written");
    assert_eq!(read, run);
    assert_eq!(read.timings[0].distribution(Column::SinceDue).count(), 4);
}

#[test]
fn the_shape_of_a_second_on_disk() {
    let cell = Encoder::new().cell(7, &[1_000_000, 2_500_400, 2_500_600], 1, &[2_000_000]);
    let mut json = serde_json::to_value(&cell).expect("plain data");
    let hdr = json["hdr"].take();
    expect_test::expect![[r#"
        {"count":3,"hdr":null,"max_ns":2500600,"min_ns":1000000,"over":[3],"second":7,"sum_ns":6001000,"unanswered":1}"#]]
    .assert_eq(&json.to_string());
    assert!(hdr.as_str().expect("base64").len() < 120, "a second of few values costs little: {hdr}");
}

#[test]
fn values_beyond_the_bounds_are_put_at_the_bound_and_said_so() {
    let cell = Encoder::new().cell(0, &[4_000_000_000_000], 0, &[]);
    assert_eq!((cell.count, cell.clamped), (1, 1));
    assert_eq!(Distribution::of([&cell]).max(), Some(secs(4_000.0)));
}

#[test]
fn a_damaged_histogram_does_not_make_its_values_vanish() {
    let mut cell = Encoder::new().cell(0, &[1_000; 10], 0, &[]);
    cell.hdr = "not a histogram".into();
    let all = Distribution::of([&cell]);
    assert_eq!((all.count(), all.unanswered()), (0, 10));
}

/// A target that freezes: whatever comes between 20 s and 25 s is answered at 25 s, and everything
/// else in 50 ms. Percentiles since due tell the truth; so they do for paced users, who could not
/// even ask.
async fn freeze(load: Load) -> ScenarioRun {
    let mut registry = Registry::new();
    let id = registry.endpoint("GET /");
    let goals = vec![Goal::sampled("p95", goal::p95(id).below(secs(1.0)), 1_000)];
    let flow = Flow::new("users", load);
    let books = Books::open(registry, goals, vec![flow.clone()]);
    let (epoch, recorder) = (books.epoch, books.recorder.clone());
    let make = move |_| {
        let recorder = recorder.clone();
        Does(move |turn: Turn| {
            let recorder = recorder.clone();
            async move {
                let sent = clock::now();
                let frozen = epoch + secs(20.0) <= sent && sent < epoch + secs(25.0);
                clock::sleep_until(if frozen { epoch + secs(25.0) } else { sent + ms(50) }).await;
                recorder.timing(&[id], Sample::new(turn.due, sent, clock::now(), Ok(())));
            }
        })
    };
    let tally = local(driver::drive(&flow, Shard::ALL, epoch, &Ends::new(), &books.recorder, make)).await;
    books.close(vec![FlowRun::new(&flow, [tally])])
}

#[tokio::test(start_paused = true)]
async fn a_freeze_is_not_omitted() {
    let open = freeze(Load::Arrivals(Curve::flat(350.0, 60.0))).await;
    let paced = freeze(Load::Paced { users: Curve::flat(10.0, 60.0), every: ms(500) }).await;
    for run in [open, paced] {
        let (since_due, since_sent) =
            (run.timings[0].distribution(Column::SinceDue), run.timings[0].distribution(Column::SinceSent));
        // 5 of 60 s are frozen: one in twelve waits up to 5 s, and p95 lies well inside that.
        let p95 = since_due.percentile(95.0).value.expect("all were answered");
        assert!(p95 > secs(1.5) && p95 < secs(3.5), "{p95:?}");
        assert!(since_due.max() > Some(secs(4.9)) && since_sent.max() <= Some(secs(5.1)));
        assert_eq!(verdict::judge(&run).invalid, [], "the generator did all it should");
        // One freeze is one event, however many it held up: the design effect says so, and more than
        // one minute is needed to call it. What it is not is a pass.
        let judged = verdict::judge_goal(&run, &run.goals[0]);
        assert!(judged.share() > Some(0.05) && judged.design_effect.factor() > 2.0, "{judged:?}");
        assert_ne!(judged.verdict, verdict::Verdict::Pass);
        assert!(
            run.timings[0].distribution(Column::Lateness).max() < Some(ms(2)),
            "not the generator's delay"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_frozen_target_makes_paced_users_late_since_due_only() {
    let run = freeze(Load::Paced { users: Curve::flat(10.0, 60.0), every: ms(500) }).await;
    let sent_p95 = run.timings[0].distribution(Column::SinceSent).percentile(95.0).value;
    assert_eq!(sent_p95.map(|p95| p95.as_millis()), Some(50), "what a tool that waits would report");
}

#[tokio::test(start_paused = true)]
async fn starts_and_users_are_kept_per_second() {
    let flow = Flow::new("visitors", Load::Visitors(Curve::flat(3.0, 10.0)));
    let books = Books::open(Registry::new(), Vec::new(), Vec::new());
    let make = |_| {
        Does(|turn: Turn| async move {
            let _ = turn.ends.think(secs(30.0)).await;
        })
    };
    let shard = Shard::ALL;
    let tally = local(driver::drive(&flow, shard, books.epoch, &Ends::new(), &books.recorder, make)).await;
    let run = books.close(vec![FlowRun::new(&flow, [tally])]);
    assert_eq!(run.health.starts.distribution().count(), 3);
    assert_eq!((run.health.users.first(), run.health.users.last()), (Some(&(0, 3)), Some(&(10, 3))));
    assert_eq!(run.health.users.len(), 11);
}

#[test]
fn a_line_can_be_shown_while_it_runs() {
    let (registry, id, goals) = search();
    let collector = Collector::start(Plan::new("live", registry, goals, Vec::new()));
    let epoch = clock::now();
    let recorder = collector.tap().recorder(epoch);
    recorder.timing(&[id], sample(epoch, 0.5, ms(10), Ok(())));
    recorder.flush();
    drop(recorder);
    let live = collector.live();
    assert!(live.requests <= 1, "what has arrived so far: {live:?}");
    let ending = Ending {
        started: std::time::SystemTime::UNIX_EPOCH,
        epoch,
        ended: epoch,
        interrupted: false,
        workers: 1,
        flows: Vec::new(),
        lost: Vec::new(),
    };
    assert_eq!(collector.finish(ending).requests(), (1, 0));
}

/// How a scenario stands once it has heard of these: due at so many seconds, how long it took, how it ended.
fn stands_after(samples: &[(f64, Duration, Result<(), Fault>)]) -> Live {
    let (registry, id, goals) = search();
    let collector = Collector::start(Plan::new("live", registry, goals, Vec::new()));
    let epoch = clock::now();
    let recorder = collector.tap().recorder(epoch);
    for (at_s, took, outcome) in samples {
        recorder.timing(&[id], sample(epoch, *at_s, *took, outcome.clone()));
    }
    recorder.flush();
    loop {
        let live = collector.live();
        if live.requests == samples.len() as u64 {
            return live;
        }
        std::thread::yield_now();
    }
}

#[test]
fn live_figures_wait_for_answers_that_take_their_time() {
    let live = stands_after(&[(0.5, ms(1_800), Ok(())), (2.5, ms(10), Ok(()))]);
    assert_eq!((live.second, live.newest.rate, live.newest.p95), (2, 1, Some(ms(1_800))));
}

#[test]
fn what_was_done_just_now_shows_however_long_it_took() {
    let none = Err(Fault::timeout("none"));
    let live = stands_after(&[(0.5, ms(7_000), Ok(())), (0.6, ms(7_100), none)]);
    assert_eq!((live.second, live.newest.rate, live.done.rate), (7, 0, 2), "seven seconds late, but there");
    assert_eq!(live.done.p50, Some(ms(7_000)));
    assert!(live.done.p99 > Some(secs(600.0)), "what has no answer is slower than everything");
}

/// One event of a scenario, on whichever worker.
#[derive(Clone, Debug)]
struct Event {
    at_ms: u32,
    took_us: u64,
    fate: u8,
    endpoint: bool,
}

fn any_event() -> impl Strategy<Value = Event> {
    (
        0_u32..6_000,
        prop_oneof![1_u64..1_000, 1_000_u64..400_000, 1_000_000_u64..20_000_000],
        0_u8..10,
        any::<bool>(),
    )
        .prop_map(|(at_ms, took_us, fate, endpoint)| Event { at_ms, took_us, fate, endpoint })
}

/// Records every event on the worker `place` says; gives the run.
fn recorded(events: &[Event], epoch: Instant, workers: usize, place: impl Fn(usize) -> usize) -> ScenarioRun {
    let (mut registry, id, goals) = search();
    let (other, share) = (registry.endpoint("GET /"), registry.share("good"));
    let collector = Collector::start(Plan::new("merge", registry, goals, Vec::new()));
    let recorders: Vec<Recorder> = (0..workers).map(|_| collector.tap().recorder(epoch)).collect();
    for (n, event) in events.iter().enumerate() {
        let recorder = &recorders[place(n)];
        let outcome = match event.fate {
            0 => Err(Fault::timeout("")),
            1 => Err(Fault::status(500, "")),
            _ => Ok(()),
        };
        recorder.shares(share, u64::from(outcome.is_ok()), u64::from(outcome.is_err()));
        let took = Duration::from_micros(event.took_us);
        let ids = if event.endpoint { [id] } else { [other] };
        recorder.timing(&ids, sample(epoch, f64::from(event.at_ms) / 1e3, took, outcome));
    }
    drop(recorders);
    let ending = Ending {
        started: std::time::SystemTime::UNIX_EPOCH,
        epoch,
        ended: epoch,
        interrupted: false,
        workers: workers as u64,
        flows: Vec::new(),
        lost: Vec::new(),
    };
    collector.finish(ending)
}

/// One second of a column, however many cells it is in.
#[derive(Debug, PartialEq)]
struct Merged {
    second: i64,
    answered: u64,
    unanswered: u64,
    over: Vec<u64>,
    sum_ns: u64,
    min: Option<Duration>,
    max: Option<Duration>,
    /// Every value of the histogram and how often it was seen.
    values: Vec<(u64, u64)>,
}

/// All cells of a second as one, since late ones may be apart.
fn merged(cells: &[Cell]) -> Vec<Merged> {
    let second = |same: &[Cell]| {
        let sum = |part: fn(&Cell) -> u64| same.iter().map(part).sum::<u64>();
        let all = Distribution::of(same);
        let recorded = all.histogram().into_iter().flat_map(|histogram| histogram.iter_recorded());
        Merged {
            second: same[0].second,
            answered: sum(|cell| cell.count),
            unanswered: sum(|cell| cell.unanswered),
            over: (0..same[0].over.len()).map(|i| same.iter().map(|cell| cell.over[i]).sum()).collect(),
            sum_ns: sum(|cell| cell.sum_ns),
            min: all.min(),
            max: all.max(),
            values: recorded.map(|value| (value.value_iterated_to(), value.count_at_value())).collect(),
        }
    };
    cells.chunk_by(|a, b| a.second == b.second).map(second).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn merging_workers_is_recording_on_one(
        events in prop::collection::vec(any_event(), 0..120),
        places in prop::collection::vec(0_usize..3, 300),
    ) {
        let epoch = clock::now();
        let one = recorded(&events, epoch, 1, |_| 0);
        let three = recorded(&events, epoch, 3, |n| places[n]);
        for (a, b) in one.timings.iter().zip(&three.timings) {
            prop_assert_eq!(&a.outcomes, &b.outcomes);
            prop_assert_eq!(a.columns.len(), b.columns.len());
            for (a, b) in a.columns.iter().zip(&b.columns) {
                prop_assert_eq!((a.column, &a.limits_ns), (b.column, &b.limits_ns));
                prop_assert_eq!(merged(&a.cells), merged(&b.cells));
            }
            prop_assert_eq!(a.faults.len(), b.faults.len());
            for (a, b) in a.faults.iter().zip(&b.faults) {
                prop_assert_eq!((&a.kind, a.count, &a.seconds), (&b.kind, b.count, &b.seconds));
            }
        }
        prop_assert_eq!(one.shares[0].counts(), three.shares[0].counts());
        prop_assert_eq!(one.requests().0, events.len() as u64);
    }

    #[test]
    fn a_distribution_is_its_values(mut values in prop::collection::vec(0_u64..30_000_000_000, 1..400)) {
        let cells: Vec<Cell> = {
            let mut encoder = Encoder::new();
            (0..).zip(values.chunks(37)).map(|(s, chunk)| encoder.cell(s, chunk, 0, &[1_000_000])).collect()
        };
        let all = Distribution::of(&cells);
        values.sort_unstable();
        prop_assert_eq!(all.count(), values.len() as u64);
        prop_assert_eq!(all.min(), values.first().map(|&ns| Duration::from_nanos(ns)));
        prop_assert_eq!(all.max(), values.last().map(|&ns| Duration::from_nanos(ns)));
        let sum: u64 = values.iter().sum();
        prop_assert_eq!(all.mean(), Some(Duration::from_nanos(sum / values.len() as u64)));
        let over = values.iter().filter(|&&ns| ns >= 1_000_000).count() as u64;
        prop_assert_eq!(cells.iter().map(|cell| cell.over[0]).sum::<u64>(), over);
        for percent in [50.0, 95.0, 99.0] {
            let rank = (percent / 100.0 * values.len() as f64 - 1e-9).ceil().max(1.0) as usize;
            let (exact, shown) = (values[rank - 1] as f64, all.percentile(percent).value.expect("it has values"));
            // Three digits, and microseconds.
            prop_assert!((shown.as_nanos() as f64 - exact).abs() <= exact * 1e-3 + 1_000.0, "{shown:?} for {exact} ns");
        }
    }
}
