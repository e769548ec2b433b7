//! What disturbs, on a virtual clock: USL, slow start, stalls, cron, data size, token buckets; and what every
//! plan keeps, whatever the profile.
#![expect(clippy::unchecked_time_subtraction, reason = "a test that goes below zero should fail")]

use std::time::Duration;

use fixtures::Counts;
use fixtures::profiles::{
    Capacity, Cron, Pool, Profile, Route, RowKind, Rows, Scope, SlowStart, Stalls, Usl,
};
use mock_server::latency::bucket::{Bucket, BucketSpec};
use mock_server::latency::calendar::{self, Calendar};
use mock_server::latency::disturbances::inflation;
use mock_server::latency::model::{Model, Plan};
use proptest::prelude::*;

use crate::latency::{LIST, ROUTES, RSVP, admit, ms, pool, profile, route};

const STALLS: Stalls = Stalls { mean_gap_s: 45.0, median_ms: 120.0, p95_ms: 300.0, cap_ms: 1_000.0 };

fn roomy(size: u32) -> [(&'static str, Pool); 1] {
    [("db", pool(size, 1_000, 600_000.0, Scope::Process))]
}

fn model(profile: &Profile) -> Model {
    Model::new(profile, 42, ROUTES)
}

#[test]
fn holds_grow_as_gunther_says_and_the_answer_with_them() {
    let usl = Usl { alpha: 0.02, beta: 0.0001 };
    assert!((inflation(usl, 1) - 1.0).abs() < 1e-12);
    assert!((inflation(usl, 10) - (1.0 + 0.02 * 9.0 + 0.0001 * 10.0 * 9.0)).abs() < 1e-12);
    let list = route(&[("db", 3.0)]);
    let model = model(&Profile { usl: Some(usl), ..profile(&roomy(3), list, route(&[])) });
    let mut queues = model.queues();
    let plans: Vec<Plan> = (0..5).map(|_| admit(&model, &mut queues, ms(0), LIST, "")).collect();
    for (ordinal, (plan, n)) in (0..).zip(plans.iter().zip([1, 2, 3, 3, 3])) {
        let hold = ms(3).mul_f64(inflation(usl, n));
        assert_eq!((plan.hold, plan.holds[0]), (hold, hold), "n = {n}");
        let longer = plan.hold - ms(3);
        assert_eq!(plan.total(), model.unloaded(LIST, ordinal) + longer + plan.queue);
    }
    assert!(plans[3].queue > ms(0), "three servers, three at once");
}

#[test]
fn a_slow_start_decays_to_nothing() {
    let slow = Some(SlowStart { factor: 4.0, seconds: 8.0 });
    let model = model(&Profile { slow_start: slow, ..profile(&roomy(9), route(&[("db", 3.0)]), route(&[])) });
    for (at, factor) in [(ms(0), 4.0), (ms(4_000), 2.5), (ms(8_000), 1.0), (ms(3_600_000), 1.0)] {
        let plan = admit(&model, &mut model.queues(), at, LIST, "");
        assert_eq!(plan.total(), model.unloaded(LIST, 0).mul_f64(factor), "at {at:?}");
        assert_eq!(plan.hold, ms(3), "holds stay");
    }
}

#[test]
fn data_adds_time_to_the_routes_that_look_at_it() {
    let rows = Some(Rows { of: RowKind::Event, base_ms: 2.0, per_1000_ms: 10.0 });
    let model = model(&profile(&roomy(9), Route { rows, ..route(&[("db", 3.0)]) }, route(&[])));
    let mut queues = model.queues();
    let of_nothing = admit(&model, &mut queues, ms(0), LIST, "");
    assert_eq!(of_nothing.total(), model.unloaded(LIST, 0) + ms(2));
    queues.set_rows(Counts { event: 500, member: 9_999, ..Counts::default() });
    let of_five_hundred = admit(&model, &mut queues, ms(10), LIST, "");
    assert_eq!(of_five_hundred.total(), model.unloaded(LIST, 1) + ms(7));
    assert_eq!(admit(&model, &mut queues, ms(20), RSVP, "e").total(), model.unloaded(RSVP, 0));
}

#[test]
fn a_cron_job_holds_its_servers_every_so_often() {
    let cron = vec![Cron { pool: "db".to_owned(), servers: 2, hold_s: 2.0, every_s: 60.0 }];
    let model = model(&Profile { cron, ..profile(&roomy(2), route(&[("db", 3.0)]), route(&[])) });
    let mut queues = model.queues();
    let mut wait = |at: u64| admit(&model, &mut queues, ms(at), LIST, "").queue;
    assert_eq!(wait(1_000), ms(0), "none at the start");
    assert_eq!(wait(60_500), ms(1_500));
    assert_eq!(wait(62_100), ms(0));
    // Nobody came for an hour: runs that are over are over, the one under way is not.
    assert_eq!(wait(3_660_001), ms(1_999));
    queues.run_cron(&model, ms(7_200_000));
    assert_eq!(queues.occupancy(ms(7_200_000))[0].held, 2);
}

/// Stalls until `until`, as the law says.
fn stalls_until(law: &calendar::Stalls, until: Duration) -> Vec<(Duration, Duration)> {
    let (mut from, mut stalls) = (Duration::ZERO, Vec::new());
    for k in 0.. {
        from += law.gap(k);
        if from > until {
            break;
        }
        stalls.push((from, from + law.length(k)));
        from += law.length(k);
    }
    stalls
}

#[test]
fn stalls_follow_their_law() {
    let law = calendar::Stalls::new(&STALLS, 42);
    let n = 20_000;
    let mean = (0..n).map(|k| law.gap(k).as_secs_f64()).sum::<f64>() / n as f64;
    assert!((mean / 45.0 - 1.0).abs() < 0.03, "{mean}");
    let mut lengths: Vec<Duration> = (0..n).map(|k| law.length(k)).collect();
    lengths.sort_unstable();
    let near = |share: f64, millis: f64| {
        let seen = lengths[(n as f64 * share) as usize].as_secs_f64() * 1e3;
        assert!((seen / millis - 1.0).abs() < 0.05, "p{share}: {seen}");
    };
    near(0.5, 120.0);
    near(0.95, 300.0);
    assert!(lengths[n as usize - 1] <= ms(1_000));
}

#[test]
fn the_calendar_is_the_same_whoever_asks_and_never_ends() {
    let law = calendar::Stalls::new(&STALLS, 42);
    let month = Duration::from_hours(30 * 24);
    let stalls = stalls_until(&law, month);
    assert!(stalls.len() > 50_000);
    let mut steps = Calendar::default();
    for (from, to) in &stalls[..200] {
        let mut leap = Calendar::default();
        let before = *from - Duration::from_nanos(1);
        for calendar in [&mut steps, &mut leap] {
            assert_eq!(calendar.end_of_stall(&law, before, before), before);
            assert_eq!(calendar.end_of_stall(&law, *from, *from), *to);
            assert_eq!(calendar.end_of_stall(&law, *from, *to), *to, "its end is no longer in it");
        }
    }
    let (from, to) = stalls[stalls.len() - 1];
    assert_eq!(Calendar::default().end_of_stall(&law, ms(0), from), to);
    assert_ne!(calendar::Stalls::new(&STALLS, 43).gap(0), law.gap(0));
}

#[test]
fn a_stall_keeps_who_arrives_in_it_and_what_falls_due_in_it() {
    let model = model(&Profile { stalls: Some(STALLS), ..profile(&[], route(&[]), route(&[])) });
    let law = calendar::Stalls::new(&STALLS, 42);
    let (from, to) = stalls_until(&law, Duration::from_mins(10))[0];
    let drawn = model.unloaded(LIST, 0);
    let arriving = |at| admit(&model, &mut model.queues(), at, LIST, "");
    let middle = from + (to - from) / 2;

    let inside = arriving(middle);
    assert_eq!((inside.effect_at, inside.stall), (to, to - middle));
    assert_eq!(inside.answer_at, to + drawn);
    let early = drawn.min(to - from) / 2;
    let due = arriving(from - drawn + early);
    assert_eq!((due.effect_at, due.answer_at), (from - drawn + early, to));
    assert_eq!(due.stall, to - from - early);
    for untouched in [from - drawn - ms(1), to] {
        assert_eq!((arriving(untouched).stall, arriving(untouched).total()), (ms(0), drawn));
    }
}

#[test]
fn tokens_come_at_their_rate_after_a_burst() {
    let spec = BucketSpec { rate_per_s: 25.0, burst: 3, queue: 2, acquire_timeout: ms(100) };
    let mut bucket = Bucket::new(spec);
    let mut ask = |at: u64| bucket.book(ms(at), ms(at), ms(5)).map(|grant| grant.start);
    // Three at once, then one every 40 ms; two may wait.
    assert_eq!([ask(0), ask(0), ask(0), ask(0), ask(0)].map(Result::unwrap), [0, 0, 0, 40, 80].map(ms));
    let denied = ask(1).expect_err("two wait already");
    assert_eq!((denied.at, denied.free_at), (ms(1), ms(120)));
    assert_eq!(ask(41), Ok(ms(120)));
    assert_eq!(ask(90), Ok(ms(160)));
    assert!(ask(90).is_err());
    // Left alone it fills up again.
    assert_eq!([ask(10_000), ask(10_000), ask(10_000)].map(Result::unwrap), [10_000; 3].map(ms));
}

#[test]
fn nobody_waits_longer_for_a_token_than_they_have_patience() {
    let spec = BucketSpec { rate_per_s: 25.0, burst: 1, queue: 9, acquire_timeout: ms(30) };
    let mut bucket = Bucket::new(spec);
    assert_eq!(bucket.book(ms(0), ms(0), ms(1)).map(|grant| grant.end), Ok(ms(1)));
    let denied = bucket.book(ms(5), ms(5), ms(1)).expect_err("35 ms are too long");
    assert_eq!((denied.at, denied.free_at), (ms(35), ms(40)));
    assert!(bucket.book(ms(10), ms(10), ms(1)).is_ok());
    assert!(!bucket.is_idle(ms(79)) && bucket.is_idle(ms(80)));
}

#[test]
fn a_pool_may_be_a_token_bucket_and_may_be_closed() {
    let tokens = Capacity::Tokens { rate_per_s: 10.0, burst: 1 };
    let stripe = [(
        "stripe",
        Pool { capacity: tokens, queue: 1, acquire_timeout_ms: 60_000.0, scope: Scope::Process },
    )];
    let model = model(&profile(&stripe, route(&[("stripe", 3.0)]), route(&[])));
    let mut queues = model.queues();
    let plans = [0, 1, 2].map(|at| admit(&model, &mut queues, ms(at), LIST, ""));
    assert_eq!((plans[0].queue, plans[1].queue), (ms(0), ms(99)));
    assert_eq!(plans[2].refused.map(|refusal| refusal.pool), Some(0));
    queues.seize(ms(1_000), 0, 1, ms(1_500));
    assert_eq!(admit(&model, &mut queues, ms(1_000), LIST, "").queue, ms(500));
}

#[test]
fn a_seized_pool_is_seized_for_every_event() {
    let lock = [("event", pool(1, 9, 60_000.0, Scope::Event))];
    let model = model(&profile(&lock, route(&[]), route(&[("event", 2.0)])));
    let mut queues = model.queues();
    admit(&model, &mut queues, ms(0), RSVP, "old");
    queues.seize(ms(10), 0, 1, ms(60));
    assert_eq!(admit(&model, &mut queues, ms(20), RSVP, "old").queue, ms(40));
    assert_eq!(admit(&model, &mut queues, ms(20), RSVP, "new").queue, ms(40));
    assert_eq!(admit(&model, &mut queues, ms(70), RSVP, "newer").queue, ms(0));
}

#[test]
fn what_is_given_back_is_free_at_once_and_bookings_behind_it_stay() {
    let two = [("db", pool(2, 9, 60_000.0, Scope::Process))];
    let model = model(&profile(&two, route(&[("db", 3.0)]), route(&[])));
    let mut queues = model.queues();
    queues.seize(ms(0), 0, 2, ms(1_000));
    let behind = admit(&model, &mut queues, ms(100), LIST, "");
    assert_eq!(behind.queue, ms(900));
    queues.release(ms(200));
    assert_eq!(queues.occupancy(ms(200))[0].held, 0);
    // One server is free before the booking, the other for good.
    let plans = [200, 200, 200].map(|at| admit(&model, &mut queues, ms(at), LIST, "").queue);
    assert_eq!(plans, [ms(0), ms(0), ms(3)]);
    assert_eq!(queues.occupancy(ms(1_001))[0].held, 1, "who booked keeps the booking");
}

#[test]
fn seizures_of_every_events_pool_add_up_and_are_given_back_together() {
    let lock = [("event", pool(2, 9, 60_000.0, Scope::Event))];
    let model = model(&profile(&lock, route(&[]), route(&[("event", 2.0)])));
    let mut queues = model.queues();
    queues.seize(ms(0), 0, 1, ms(900));
    queues.seize(ms(0), 0, 1, ms(50));
    assert_eq!(admit(&model, &mut queues, ms(10), RSVP, "a").queue, ms(40));
    assert_eq!(admit(&model, &mut queues, ms(50), RSVP, "b").queue, ms(0));
    assert_eq!(admit(&model, &mut queues, ms(50), RSVP, "b").queue, ms(2), "one server is still away");
    queues.release(ms(60));
    assert_eq!([0, 1].map(|_| admit(&model, &mut queues, ms(60), RSVP, "c").queue), [ms(0), ms(0)]);
}

#[test]
fn events_beyond_what_is_kept_share_one_pool() {
    let lock = [("event", pool(1, 9, 60_000.0, Scope::Event))];
    let model = model(&profile(&lock, route(&[]), route(&[("event", 2.0)])));
    let mut queues = model.queues();
    queues.seize(ms(0), 0, 1, ms(50));
    for event in 0..1_024 {
        admit(&model, &mut queues, ms(10), RSVP, &event.to_string());
    }
    assert_eq!(queues.occupancy(ms(10))[0].held, 1_024);
    let more = [0, 1].map(|more| admit(&model, &mut queues, ms(10), RSVP, &format!("more {more}")).queue);
    assert_eq!(more, [ms(40), ms(42)]);
    // Once the others are idle there is room again.
    let again = [0, 1].map(|more| admit(&model, &mut queues, ms(90), RSVP, &format!("again {more}")).queue);
    assert_eq!(again, [ms(0), ms(0)]);
}

/// Everything at once, and little of it.
fn disturbed() -> Profile {
    let pools = [
        ("db", pool(2, 3, 20.0, Scope::Process)),
        ("event", pool(1, 3, 15.0, Scope::Event)),
        (
            "stripe",
            Pool {
                capacity: Capacity::Tokens { rate_per_s: 100.0, burst: 5 },
                ..pool(1, 4, 50.0, Scope::Process)
            },
        ),
    ];
    let rows = Some(Rows { of: RowKind::Content, base_ms: 1.0, per_1000_ms: 1.0 });
    let list = Route { rows, ..route(&[("db", 2.0), ("stripe", 1.0)]) };
    Profile {
        usl: Some(Usl { alpha: 0.1, beta: 0.01 }),
        slow_start: Some(SlowStart { factor: 3.0, seconds: 0.5 }),
        stalls: Some(Stalls { mean_gap_s: 0.05, median_ms: 20.0, p95_ms: 60.0, cap_ms: 80.0 }),
        cron: vec![Cron { pool: "db".to_owned(), servers: 1, hold_s: 0.05, every_s: 0.2 }],
        ..profile(&pools, list, route(&[("db", 2.0), ("event", 2.0), ("db", 0.0)]))
    }
}

proptest! {
    #[test]
    fn every_plan_adds_up(
        seed: u64,
        arrivals in prop::collection::vec((0_u64..30_000, any::<bool>(), 0_u8..3, 0_u64..40), 1..80),
    ) {
        let model = Model::new(&disturbed(), seed, ROUTES);
        let mut queues = model.queues();
        let (mut now, mut drawn) = (Duration::ZERO, Vec::new());
        for (gap_us, list, event, added) in arrivals {
            now += Duration::from_micros(gap_us);
            let route = if list { LIST } else { RSVP };
            let ordinal = queues.next_ordinal(route);
            let key = ["a", "b", "c"][usize::from(event)];
            let arrival = mock_server::latency::model::Arrival { now, route, ordinal, key };
            let plan = model.admit_longer(&mut queues, arrival, ms(added));
            prop_assert!(plan.arrived <= plan.effect_at && plan.effect_at <= plan.answer_at);
            prop_assert_eq!(plan.arrived, now);
            prop_assert_eq!(plan.stall + plan.queue + plan.hold + plan.app + plan.added, plan.total());
            prop_assert_eq!(plan.holds.iter().sum::<Duration>(), plan.hold);
            prop_assert_eq!(plan.added, ms(added));
            // Whatever was planned, it does not leave in a stall.
            prop_assert_eq!(model.leave(&mut queues, now, plan), plan);
            drawn.push((route, ordinal, model.unloaded(route, ordinal)));
        }
        // Whoever asks in whatever order: the drawn times are the same.
        let again = Model::new(&disturbed(), seed, ROUTES);
        for (route, ordinal, time) in drawn.into_iter().rev() {
            prop_assert_eq!(again.unloaded(route, ordinal), time);
        }
    }

    #[test]
    fn the_same_arrivals_are_planned_alike(seed: u64, gaps in prop::collection::vec(0_u64..20_000, 1..60)) {
        let run = || {
            let model = Model::new(&disturbed(), seed, ROUTES);
            let mut queues = model.queues();
            let mut now = Duration::ZERO;
            let plan = |gap: &u64| {
                now += Duration::from_micros(*gap);
                admit(&model, &mut queues, now, RSVP, "e")
            };
            gaps.iter().map(plan).collect::<Vec<Plan>>()
        };
        prop_assert_eq!(run(), run());
    }
}
