//! The latency model on a virtual clock: no test here waits for anything.

use std::collections::BTreeMap;
use std::time::Duration;

use fixtures::profiles::{Capacity, Pool, Profile, Route, Scope, Seen, Stage};
use mock_server::latency::model::{Arrival, Model, Plan, Queues, RouteId};
use mock_server::latency::pools::{self, Moment, PoolSpec};
use mock_server::latency::quantile::{QuantileCurve, normal_cdf, normal_quantile};
use proptest::prelude::*;

pub(crate) const ROUTES: [&str; 2] = ["GET /api/events", "POST /api/events/{event_id}/rsvp"];
pub(crate) const LIST: RouteId = RouteId(0);
pub(crate) const RSVP: RouteId = RouteId(1);

pub(crate) fn route(stages: &[(&str, f64)]) -> Route {
    let stages = stages.iter().map(|(pool, hold_ms)| Stage { pool: (*pool).to_owned(), hold_ms: *hold_ms });
    Route {
        min: 4.0,
        p50: 30.0,
        p95: 120.0,
        p99: 310.0,
        p999: 900.0,
        cap: 2_500.0,
        seen: Seen::Unloaded,
        stages: stages.collect(),
        rows: None,
    }
}

pub(crate) fn pool(size: u32, queue: u32, acquire_timeout_ms: f64, scope: Scope) -> Pool {
    Pool { capacity: Capacity::Servers(size), queue, acquire_timeout_ms, scope }
}

pub(crate) fn profile(pools: &[(&str, Pool)], list: Route, rsvp: Route) -> Profile {
    Profile {
        name: "test".to_owned(),
        pools: pools.iter().map(|(name, pool)| ((*name).to_owned(), *pool)).collect(),
        routes: BTreeMap::from([(ROUTES[0].to_owned(), list), (ROUTES[1].to_owned(), rsvp)]),
        ..Profile::instant()
    }
}

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn admit(model: &Model, queues: &mut Queues, now: Moment, route: RouteId, key: &str) -> Plan {
    let ordinal = queues.next_ordinal(route);
    model.admit(queues, Arrival { now, route, ordinal, key })
}

#[test]
fn the_normal_quantile_is_right_to_nine_digits() {
    let table = [
        (0.5, 0.0),
        (0.95, 1.644_853_626_951_472_7),
        (0.99, 2.326_347_874_040_841),
        (0.001, -3.090_232_306_167_813_5),
    ];
    for (p, z) in table {
        assert!((normal_quantile(p) - z).abs() < 1e-9, "Φ⁻¹({p})");
        assert!((normal_cdf(z) - p).abs() < 1e-9, "Φ({z})");
    }
}

#[test]
fn the_curve_goes_through_every_stated_quantile() {
    let curve = QuantileCurve::of(&route(&[]));
    for (p, millis) in
        [(0.001, 4.0), (0.5, 30.0), (0.95, 120.0), (0.99, 310.0), (0.999, 900.0), (0.99999, 2_500.0)]
    {
        let exact = millis / 1e3;
        assert!((curve.quantile(p) / exact - 1.0).abs() < 1e-9, "p{p}");
        // At min and cap the distribution jumps: nothing is faster, nothing slower.
        let share = if p > 0.9999 { 1.0 } else { p };
        assert!((curve.cdf(exact * 1.000_000_001) - share).abs() < 1e-6, "cdf at p{p}");
    }
    assert!((curve.quantile(1e-9) - 0.004).abs() < 1e-12 && (curve.quantile(1.0 - 1e-9) - 2.5).abs() < 1e-9);
}

proptest! {
    #[test]
    fn the_curve_is_monotone_and_inverted_by_its_cdf(a in 0.002_f64..0.9999, b in 0.002_f64..0.9999) {
        let curve = QuantileCurve::of(&route(&[]));
        let (low, high) = (a.min(b), a.max(b));
        prop_assert!(curve.quantile(low) <= curve.quantile(high));
        prop_assert!((curve.cdf(curve.quantile(a)) - a).abs() < 1e-9);
    }
}

#[test]
fn planned_times_do_not_depend_on_who_else_is_served() {
    let model = Model::new(&profile(&[], route(&[]), route(&[])), 7, ROUTES);
    let mut alone = model.queues();
    let one: Vec<Duration> = (0..500).map(|i| admit(&model, &mut alone, ms(i), LIST, "").total()).collect();
    let mut mixed = model.queues();
    let mut other = Vec::new();
    for i in 0..500 {
        for _ in 0..i % 3 {
            admit(&model, &mut mixed, ms(i * 9), RSVP, "e");
        }
        other.push(admit(&model, &mut mixed, ms(i * 9), LIST, "").total());
    }
    assert_eq!(one, other);
    let elsewhere = Model::new(&profile(&[], route(&[]), route(&[])), 8, ROUTES);
    assert_ne!(model.unloaded(LIST, 0), elsewhere.unloaded(LIST, 0));
    assert_ne!(model.unloaded(LIST, 0), model.unloaded(RSVP, 0));
}

#[test]
fn holds_are_part_of_the_curves_time_and_waiting_comes_on_top() {
    let one = [("db", pool(1, 100, 60_000.0, Scope::Process))];
    let model = Model::new(&profile(&one, route(&[("db", 3.0)]), route(&[("db", 3.0)])), 42, ROUTES);
    let mut queues = model.queues();
    let first = admit(&model, &mut queues, ms(1_000), LIST, "");
    let second = admit(&model, &mut queues, ms(1_001), LIST, "");
    assert_eq!(first.total(), model.unloaded(LIST, 0));
    assert_eq!((first.queue, first.hold, first.effect_at), (ms(0), ms(3), ms(1_003)));
    assert_eq!((second.queue, second.effect_at), (ms(2), ms(1_006)));
    assert_eq!(second.total(), model.unloaded(LIST, 1) + ms(2));
}

#[test]
fn a_pool_is_shared_by_all_routes_and_a_lock_by_one_event() {
    let pools =
        [("db", pool(1, 100, 60_000.0, Scope::Process)), ("event", pool(1, 100, 60_000.0, Scope::Event))];
    let model = Model::new(&profile(&pools, route(&[("db", 2.0)]), route(&[("event", 2.0)])), 42, ROUTES);
    let mut queues = model.queues();
    admit(&model, &mut queues, ms(0), RSVP, "a");
    assert_eq!(admit(&model, &mut queues, ms(0), RSVP, "a").queue, ms(2));
    assert_eq!(admit(&model, &mut queues, ms(0), RSVP, "b").queue, ms(0));
    let model = Model::new(&profile(&pools, route(&[("db", 2.0)]), route(&[("db", 2.0)])), 42, ROUTES);
    let mut queues = model.queues();
    admit(&model, &mut queues, ms(0), LIST, "");
    assert_eq!(admit(&model, &mut queues, ms(0), RSVP, "a").queue, ms(2));
}

#[test]
fn a_full_queue_refuses_at_once_and_impatience_refuses_at_the_timeout() {
    let one = [("db", pool(1, 2, 5.0, Scope::Process))];
    let model = Model::new(&profile(&one, route(&[("db", 4.0)]), route(&[])), 42, ROUTES);
    let mut queues = model.queues();
    let plans: Vec<Plan> = (0..4).map(|_| admit(&model, &mut queues, ms(10), LIST, "")).collect();
    assert!(plans[0].refused.is_none() && plans[1].refused.is_none());
    // The third would wait 8 ms: it is told so after 5. The fourth finds two waiting: it is told at once.
    assert_eq!((plans[2].answer_at, plans[3].answer_at), (ms(15), ms(10)));
    for plan in &plans[2..] {
        let refusal = plan.refused.expect("it is refused");
        assert_eq!((refusal.pool, refusal.retry_after_seconds), (0, 1));
    }
    let occupancy = queues.occupancy(ms(12));
    assert_eq!((occupancy[0].held, occupancy[0].waiting), (1, 2));
    assert!(admit(&model, &mut queues, ms(18), LIST, "").refused.is_none());
}

#[test]
fn a_server_does_not_idle_for_one_who_has_not_come_yet() {
    let mut pool = pools::Pool::new(PoolSpec { servers: 1, queue: 9, acquire_timeout: ms(1_000) });
    let later = pool.book(ms(0), ms(50), ms(10)).expect("free");
    assert_eq!((later.start, later.end), (ms(50), ms(60)));
    // Ready earlier, it is served in the gap; too long for the gap, it waits its turn.
    assert_eq!(pool.book(ms(1), ms(1), ms(20)).expect("fits").start, ms(1));
    assert_eq!(pool.book(ms(2), ms(2), ms(40)).expect("waits").start, ms(60));
    assert_eq!(pool.book(ms(3), ms(3), ms(29)).expect("fits").start, ms(21));
}
