use engine::{
    clock,
    curve::Curve,
    load::{Flow, Load},
    record::{Collector, Column, Ending, Plan, Registry},
    run::ScenarioRun,
};

use super::*;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn source(name: &str) -> Source {
    Source { session_id: "s".into(), track_name: name.into() }
}

/// What is booked of what happens to one section, from a start on, while these are published.
fn booked(happens: impl FnOnce(&mut Receiving, &Dues, Mid, Instant)) -> (ScenarioRun, MediaSeries) {
    let mut registry = Registry::new();
    let series = MediaSeries::declare(&mut registry);
    let flow = Flow::new("participants", Load::Arrivals(Curve::flat(1.0, 1.0)));
    let collector = Collector::start(Plan::new("rtc-load", registry, Vec::new(), vec![flow]));
    let epoch = clock::now();
    let recorder = collector.tap().recorder(epoch);
    let dues = Arc::new(Dues::default());
    for name in ["a", "b"] {
        dues.begin(source(name), TimeBase { timestamp: 0, at: epoch, clock_rate: 48_000 });
    }
    let mut receiving = Receiving::new(recorder.clone(), series, dues.clone());
    happens(&mut receiving, &dues, Mid::from("0"), epoch);
    recorder.flush();
    let ending = Ending {
        started: clock::wall(),
        epoch,
        ended: epoch + ms(1_000),
        interrupted: false,
        workers: 1,
        flows: Vec::new(),
        lost: Vec::new(),
    };
    (collector.finish(ending), series)
}

/// Packets 20 ms apart, the first of this number at this millisecond.
fn packets(receiving: &mut Receiving, mid: Mid, start: Instant, numbers: std::ops::Range<u16>, at: u64) {
    for (place, number) in numbers.enumerate() {
        let now = start + ms(at + 20 * place as u64);
        receiving.take(mid, (number, u32::from(number) * 960), now);
    }
}

/// Silences, and the tracks that carried packets of those subscribed to.
fn told((run, series): &(ScenarioRun, MediaSeries)) -> (u64, (u64, u64)) {
    let active = run.share(series.active).expect("declared").counts();
    (run.counter(series.gaps).expect("declared").total, active)
}

#[test]
fn a_track_that_stops_for_good_is_silent_until_the_end() {
    let all = booked(|receiving, _, mid, start| {
        receiving.hear(mid, source("a"), 48_000, start);
        packets(receiving, mid, start, 0..5, 0);
        receiving.finish(start + ms(5_080));
    });
    assert_eq!(told(&all), (1, (1, 0)));
    let gap = all.0.timing_named("media_gap").expect("declared").distribution(Column::SinceDue);
    assert!(gap.max() >= Some(ms(4_900)), "{:?}", gap.max());
}

#[test]
fn a_speaker_who_has_left_is_not_expected_to_speak() {
    let all = booked(|receiving, dues, mid, start| {
        receiving.hear(mid, source("a"), 48_000, start);
        packets(receiving, mid, start, 0..5, 0);
        dues.end(&source("a"), start + ms(180));
        receiving.close(mid, start + ms(5_000));
        receiving.hear(mid, source("b"), 48_000, start + ms(6_000));
        dues.end(&source("b"), start + ms(6_900));
        receiving.finish(start + ms(9_000));
    });
    assert_eq!(told(&all), (0, (1, 0)), "nor is one who left before they had a fair chance");
}

#[test]
fn changing_over_is_no_silence_whenever_the_answer_comes() {
    let all = booked(|receiving, dues, mid, start| {
        receiving.hear(mid, source("a"), 48_000, start);
        packets(receiving, mid, start, 0..5, 0);
        dues.end(&source("a"), start + ms(90));
        receiving.leave(mid, start + ms(400));
        packets(receiving, mid, start, 5..10, 450);
        receiving.hear(mid, source("b"), 48_000, start + ms(800));
        packets(receiving, mid, start, 10..15, 850);
        receiving.finish(start + ms(950));
    });
    assert_eq!(told(&all), (0, (2, 0)));
    let (run, series) = all;
    assert_eq!(run.share(series.received).expect("declared").counts(), (15, 0), "each is counted");
}

#[test]
fn a_second_without_packets_has_no_jitter() {
    let (run, _) = booked(|receiving, _, mid, start| {
        receiving.hear(mid, source("a"), 48_000, start);
        packets(receiving, mid, start, 0..5, 0);
        for second in 1..4 {
            receiving.settle(start + ms(1_000 * second));
        }
    });
    let jitter = run.timing_named("media_jitter").expect("declared").distribution(Column::SinceDue);
    assert_eq!(jitter.count(), 1);
}

#[test]
fn a_subscription_refused_for_good_is_one_track_that_is_not_active() {
    let all = booked(|receiving, _, mid, start| {
        receiving.refused(source("a"), start);
        receiving.refused(source("b"), start);
        receiving.refused(source("a"), start + ms(2_000));
        receiving.hear(mid, source("b"), 48_000, start + ms(2_000));
        packets(receiving, mid, start, 0..5, 2_000);
        receiving.finish(start + ms(2_100));
    });
    assert_eq!(told(&all), (0, (1, 1)));
}

#[test]
fn a_subscription_refused_because_its_speaker_leaves_is_none() {
    let all = booked(|receiving, dues, _, start| {
        dues.end(&source("a"), start);
        receiving.refused(source("a"), start + ms(100));
        receiving.finish(start + ms(9_000));
    });
    assert_eq!(told(&all), (0, (0, 0)));
}
