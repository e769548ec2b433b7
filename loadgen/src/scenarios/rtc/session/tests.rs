//! Who was to hear what, and who did.

use engine::{
    clock,
    curve::Curve,
    load::{Flow, Load},
    record::{Collector, Ending, Plan, Registry},
};
use proptest::prelude::*;

use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Participants 0 and 1, there from the start.
fn two(start: Instant) -> Session {
    let mut session = Session::default();
    session.arrived(0, start);
    session.arrived(1, start);
    session
}

fn expected(session: &Session, who: u64) -> u64 {
    session
        .account()
        .receivers
        .iter()
        .find(|receiver| receiver.participant == who)
        .expect("was there")
        .expected
}

#[test]
fn nobody_is_expected_to_hear_themselves() {
    let start = clock::now();
    let mut session = two(start);
    session.said(0, "a".into(), start + s(1));
    assert_eq!((expected(&session, 0), expected(&session, 1)), (0, 1));
    // They do hear themselves: it is neither a latency nor anything missed.
    let heard = session.heard(0, "a", 1, "m1", start + s(1));
    assert_eq!(heard, Heard { latency: None, duplicate: false, out_of_order: false });
    assert_eq!(session.account().missed_in_all(), 1);
    assert_eq!(session.heard(1, "a", 1, "m1", start + s(2)).latency, Some(s(1)));
    assert_eq!(session.account().missed_in_all(), 0);
}

#[test]
fn what_was_said_while_somebody_was_away_or_not_yet_there_is_not_expected_of_them() {
    let start = clock::now();
    let mut session = Session::default();
    session.arrived(0, start);
    session.arrived(1, start + s(10));
    session.gone(1, start + s(20), false);
    session.arrived(1, start + s(30));
    for (id, at) in [("before", 9), ("on arriving", 10), ("there", 15), ("away", 25), ("back", 31)] {
        session.said(0, id.into(), start + s(at));
    }
    assert_eq!(expected(&session, 1), 3);
    let missed: Vec<String> = session.account().missed.into_iter().map(|missed| missed.message).collect();
    assert_eq!(missed, ["on arriving", "there", "back"]);
}

#[test]
fn whoever_leaves_within_a_second_of_a_message_need_not_have_heard_it() {
    let start = clock::now();
    let mut session = two(start);
    session.said(0, "just in time".into(), start + s(9));
    session.said(0, "too late".into(), start + s(9) + Duration::from_nanos(1));
    session.gone(1, start + s(10), true);
    assert_eq!(expected(&session, 1), 1);
    // Heard all the same, it makes up for nothing.
    session.heard(1, "too late", 2, "m2", start + s(10));
    assert_eq!(session.account().missed_in_all(), 1);
}

#[test]
fn whoever_loses_the_socket_was_to_hear_all_that_was_said_before() {
    let start = clock::now();
    let mut session = two(start);
    session.said(0, "just before".into(), start + s(10));
    session.said(0, "after".into(), start + s(10) + Duration::from_nanos(1));
    session.gone(1, start + s(10), false);
    assert_eq!(expected(&session, 1), 1);
    assert_eq!(session.account().missed_in_all(), 1);
}

#[test]
fn hearing_twice_and_out_of_order_is_booked_at_whoever_did() {
    let start = clock::now();
    let mut session = two(start);
    let mut hear = |who, id: &str, seq| session.heard(who, id, seq, &format!("m{id}"), start);
    assert!(!hear(0, "a", 1).duplicate && !hear(0, "b", 2).out_of_order);
    assert!(!hear(1, "b", 2).out_of_order, "whoever comes late begins where the session is");
    assert!(hear(1, "a", 1).out_of_order);
    assert!(hear(1, "a", 1).duplicate);
    assert!(hear(1, "c", 2).out_of_order, "another message in the place of b");
    let of = |who: usize| {
        let receiver = &session.account().receivers[who];
        (receiver.duplicates, receiver.out_of_order)
    };
    assert_eq!((of(0), of(1)), ((0, 0), (1, 2)));
}

#[test]
fn disorder_is_seen_after_a_duplicate_as_well() {
    let start = clock::now();
    let mut session = two(start);
    let mut hear = |id: &str, seq| session.heard(0, id, seq, &format!("m{id}"), start);
    assert!(!hear("c", 3).out_of_order && !hear("e", 5).out_of_order);
    let again = hear("c", 3);
    assert!(again.duplicate && !again.out_of_order);
    assert!(hear("d", 4).out_of_order, "5 was heard before");
    assert!(!hear("f", 6).out_of_order);
}

#[test]
fn a_message_that_nobody_here_said_is_expected_of_nobody() {
    let start = clock::now();
    let mut session = two(start);
    assert_eq!(session.heard(1, "another run's", 1, "m1", start).latency, None);
    assert!(session.heard(1, "another run's", 1, "m1", start).duplicate);
    assert_eq!(session.account().expected(), 0);
}

/// Somebody says `messages` things that none of `listeners` others hears.
fn unheard(listeners: u64, messages: usize) -> Session {
    let start = clock::now();
    let mut session = Session::default();
    (0..=listeners).for_each(|who| session.arrived(who, start));
    (0..messages).for_each(|n| session.said(0, format!("0-{n}"), start + s(1)));
    session
}

#[test]
fn what_is_kept_is_bounded_and_what_is_counted_is_not() {
    let account = unheard(60, 30).account();
    assert_eq!((account.missed.len(), account.missed_in_all()), (MISSES_KEPT, 60 * 30));
    let kept = account.receivers.iter().filter(|receiver| !receiver.missed_from.is_empty());
    assert_eq!(kept.count(), WORST_KEPT);
    assert_eq!(account.worst_first().len(), 60);
}

#[test]
fn settling_records_every_delivery_and_miss_and_what_the_sfu_counted_meanwhile() {
    let mut registry = Registry::new();
    let series = Series::declare(&mut registry);
    let flow = Flow::new("participants", Load::Arrivals(Curve::flat(1.0, 1.0)));
    let collector = Collector::start(Plan::new("rtc-load", registry, Vec::new(), vec![flow]));
    let epoch = clock::now();
    let recorder = collector.tap().recorder(epoch);
    let mut session = unheard(40, 30);
    session.heard(1, "0-3", 1, "m1", epoch);
    assert_eq!(session.settled(), None, "there is no account before");
    session.begins(MediaBooks { packets_in: 100, ..MediaBooks::default() });
    session.settle(Some(MediaBooks { packets_in: 130, ..MediaBooks::default() }), series, &recorder);
    recorder.flush();
    let ending = Ending {
        started: clock::wall(),
        epoch,
        ended: epoch + s(1),
        interrupted: false,
        workers: 1,
        flows: Vec::new(),
        lost: Vec::new(),
    };
    let run = collector.finish(ending);
    assert_eq!(run.share(series.delivered).expect("declared").counts(), (1, 1_199));
    let missed = run.counter(series.missed).expect("declared");
    assert_eq!(missed.total, 1_199);
    assert!(missed.evidence[0].starts_with("participant 1 never heard 0-0 of participant 0"), "{missed:?}");
    let sfu = session.settled().expect("it is settled").sfu;
    assert_eq!(sfu, Some(MediaBooks { packets_in: 30, ..MediaBooks::default() }));
}

/// What happened to one participant: comings and goings in tenths of a second, ascending.
fn stays() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::btree_set(0..100_u64, 0..6).prop_map(|times| times.into_iter().collect())
}

proptest! {
    /// The matrix against the definition, asked for each pair of a receiver and a message.
    #[test]
    fn the_matrix_is_what_a_count_by_hand_gives(
        people in prop::collection::vec(stays(), 1..6),
        said in prop::collection::vec((0..6_u64, 0..100_u64), 0..20),
        heard in prop::collection::vec(any::<bool>(), 120),
    ) {
        let start = clock::now();
        let at = |tenths: u64| start + Duration::from_millis(100 * tenths);
        let mut session = Session::default();
        for (who, times) in (0..).zip(&people) {
            for (place, time) in times.iter().enumerate() {
                if place % 2 == 0 { session.arrived(who, at(*time)) } else { session.gone(who, at(*time), true) }
            }
        }
        let hears = |who: usize, message: usize| heard[who * 20 + message];
        for (message, (by, time)) in said.iter().enumerate() {
            session.said(*by, message.to_string(), at(*time));
            for who in (0..people.len()).filter(|who| !people[*who].is_empty() && hears(*who, message)) {
                session.heard(who as u64, &message.to_string(), message as u64, "m", at(*time));
            }
        }
        let account = session.account();
        for receiver in &account.receivers {
            let who = receiver.participant as usize;
            let there = |time: u64| people[who].chunks(2).any(|stay| {
                stay[0] <= time && stay.get(1).is_none_or(|until| time + 10 <= *until)
            });
            let expected = |by: u64| {
                let all = said.iter().enumerate();
                all.filter(|(_, (sender, time))| *sender == by && by != who as u64 && there(*time))
                    .map(|(message, _)| message).collect::<Vec<_>>()
            };
            let cells: Vec<MissedFrom> = (0..6).map(|by| MissedFrom {
                sender: by,
                expected: expected(by).len() as u64,
                missed: expected(by).into_iter().filter(|message| !hears(who, *message)).count() as u64,
            }).collect();
            prop_assert_eq!(receiver.expected, cells.iter().map(|cell| cell.expected).sum::<u64>());
            prop_assert_eq!(receiver.missed(), cells.iter().map(|cell| cell.missed).sum::<u64>());
            let missed: Vec<MissedFrom> = cells.into_iter().filter(|cell| cell.missed > 0).collect();
            prop_assert_eq!(&receiver.missed_from, &missed);
        }
        let there = people.iter().filter(|times| !times.is_empty()).count();
        prop_assert_eq!(account.receivers.len(), there);
        prop_assert_eq!(account.missed.len() as u64, account.missed_in_all());
    }
}
