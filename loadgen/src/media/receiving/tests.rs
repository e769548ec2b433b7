use engine::{
    clock,
    curve::Curve,
    load::{Flow, Load},
    record::{Collector, Column, Ending, Plan, Registry},
    run::ScenarioRun,
};
use proptest::{collection::vec, prelude::*};

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
        let _ = dues.begin(source(name), TimeBase { timestamp: 0, at: epoch, clock_rate: 48_000 });
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

/// Milliseconds in which tracks carried packets and in which they were silent; packets that came and that were lost.
fn carried((run, series): &(ScenarioRun, MediaSeries)) -> [(u64, u64); 2] {
    [series.carried, series.received].map(|share| run.share(share).expect("declared").counts())
}

/// The publisher of this track sends so many packets.
fn sends(dues: &Dues, name: &str, packets: u64) {
    let sent = dues.sent(&source(name)).expect("it is published");
    (0..packets).for_each(|_| sent.one());
}

#[test]
fn a_track_that_stops_for_good_is_silent_until_the_end_and_what_is_sent_meanwhile_is_lost() {
    let all = booked(|receiving, dues, mid, start| {
        receiving.hear(mid, source("a"), 48_000, start);
        sends(dues, "a", 5);
        packets(receiving, mid, start, 0..5, 0);
        sends(dues, "a", 250);
        receiving.finish(start + ms(5_080));
    });
    assert_eq!(told(&all), (1, (1, 0)), "it did carry packets");
    assert_eq!(carried(&all), [(80, 5_000), (5, 250)]);
    let gap = all.0.timing_named("media_gap").expect("declared").distribution(Column::SinceDue);
    assert!(gap.max() >= Some(ms(4_900)), "{:?}", gap.max());
}

#[test]
fn a_publisher_who_sends_nothing_loses_nothing_and_is_silent_all_the_same() {
    let all = booked(|receiving, dues, mid, start| {
        receiving.hear(mid, source("a"), 48_000, start);
        sends(dues, "a", 5);
        packets(receiving, mid, start, 0..5, 0);
        receiving.finish(start + ms(5_080));
    });
    assert_eq!(carried(&all), [(80, 5_000), (5, 0)]);
}

#[test]
fn a_track_that_is_subscribed_to_and_never_carries_anything_is_not_active_and_all_of_it_is_lost() {
    let all = booked(|receiving, dues, mid, start| {
        sends(dues, "a", 7);
        receiving.hear(mid, source("a"), 48_000, start);
        sends(dues, "a", 150);
        receiving.finish(start + ms(3_000));
    });
    assert_eq!(told(&all), (0, (0, 1)));
    assert_eq!(carried(&all), [(0, 2_000), (0, 150)], "the first second is for setting up");
}

#[test]
fn a_track_that_takes_long_to_begin_is_silent_from_its_first_second_on() {
    let of = |first: u64| {
        carried(&booked(|receiving, _, mid, start| {
            receiving.hear(mid, source("a"), 48_000, start);
            packets(receiving, mid, start, 0..5, first);
            receiving.finish(start + ms(first + 100));
        }))[0]
    };
    assert_eq!((of(400), of(1_000), of(3_000)), ((100, 0), (100, 0), (100, 2_000)));
}

#[test]
fn what_is_sent_during_a_silence_that_no_number_can_bridge_is_lost() {
    let all = booked(|receiving, dues, mid, start| {
        receiving.hear(mid, source("a"), 48_000, start);
        sends(dues, "a", 5);
        packets(receiving, mid, start, 0..5, 0);
        sends(dues, "a", 10_000);
        packets(receiving, mid, start, 10_003..10_005, 200_080);
        receiving.finish(start + ms(200_120));
    });
    // The first after the silence is not believed before the next one follows.
    assert_eq!(carried(&all), [(100, 200_020), (6, 9_998)]);
    assert_eq!(told(&all), (1, (1, 0)));
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
    assert_eq!(carried(&all), [(180, 0), (5, 0)]);
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
        receiving.asks_for(source("a"), start);
        receiving.asks_for(source("b"), start);
        receiving.asks_for(source("a"), start + ms(2_000));
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
        receiving.asks_for(source("a"), start + ms(100));
        receiving.finish(start + ms(9_000));
    });
    assert_eq!(told(&all), (0, (0, 0)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whenever packets come, each moment of a track is carried or silent, by the silences between them.
    #[test]
    fn each_moment_is_carried_or_silent(
        first in 0_u64..3_000,
        steps in vec(1_u64..500, 0..40),
        rest in 0_u64..500,
    ) {
        let mut arrivals = vec![first];
        for step in &steps {
            arrivals.push(arrivals[arrivals.len() - 1] + step);
        }
        let end = arrivals[arrivals.len() - 1] + rest;
        let all = booked(|receiving, _, mid, start| {
            receiving.hear(mid, source("a"), 48_000, start);
            for (number, at) in (0_u16..).zip(&arrivals) {
                receiving.take(mid, (number, u32::from(number) * 960), start + ms(*at));
            }
            receiving.finish(start + ms(end));
        });
        let from = first.min(1_000);
        let silent = first - from + steps.iter().chain([&rest]).filter(|silent| **silent > 200).sum::<u64>();
        prop_assert_eq!(carried(&all)[0], (end - from - silent, silent));
    }
}
