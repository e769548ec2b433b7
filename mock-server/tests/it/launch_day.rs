//! Launch day's rates on a virtual clock: the shipped profiles keep what their comments say, waits included.

use std::collections::BTreeMap;
use std::time::Duration;

use fixtures::profiles::{BORDERLINE, BREACH, HEALTHY, parse};
use fixtures::{Counts, Size};
use mock_server::latency::model::{Arrival, Model, RouteId};

/// What is asked at the peak of page-load and, beside it, all of api-load, webhooks, search and registering, in
/// requests per second; and the limits of p95 and p99 in ms. 10 000 visitors with 7.5 s from page to page.
const ASKED: &[(&str, f64, u64, u64)] = &[
    ("GET /", 400.0, 2_000, 3_000),
    ("GET /events", 333.0, 2_000, 3_000),
    ("GET /instructors", 267.0, 2_000, 3_000),
    ("GET /search", 200.0, 2_000, 3_000),
    ("GET /dashboard", 133.0, 2_000, 3_000),
    ("GET /api/events", 333.0, 300, 500),
    ("GET /api/instructors", 267.0, 300, 500),
    ("GET /api/search", 200.0, 800, 1_200),
    ("GET /api/users/me/dashboard", 133.0, 300, 500),
    ("POST /api/auth/login", 35.0, 300, 500),
    ("POST /api/events/{event_id}/rsvp", 2.0, 800, 1_500),
    ("POST /api/webhooks/stripe", 10.0, 500, 1_000),
];
/// Before this, slow starts are over.
const FROM_S: f64 = 40.0;
const TO_S: f64 = 70.0;

struct Seen {
    /// Per route: answers, those over the limit of p95, those over that of p99.
    slow: BTreeMap<&'static str, (u64, u64, u64)>,
    /// Mean of servers held, per pool.
    held: BTreeMap<String, f64>,
    refused: u64,
}

/// Thirty seconds of launch day, one cron job among them.
fn launch_day(text: &str) -> Seen {
    let known: Vec<&str> = contract::measured_routes().collect();
    let model = Model::new(&parse(text, &known).expect("it parses"), 42, known.iter().copied());
    let mut queues = model.queues();
    let size = Size::default();
    queues.set_rows(Counts { event: size.events.into(), content: size.content.into(), ..Counts::default() });
    let mut due: Vec<(Duration, usize)> = Vec::new();
    for (place, (_, per_second, ..)) in ASKED.iter().enumerate() {
        let n = ((TO_S - FROM_S) * per_second) as u64;
        // Golden-section phases: evenly spread, and no two routes in step.
        let phase = (place as f64 * 0.618).fract();
        due.extend(
            (0..n).map(|i| (Duration::from_secs_f64(FROM_S + (i as f64 + phase) / per_second), place)),
        );
    }
    due.sort_unstable();
    let mut seen = Seen { slow: BTreeMap::new(), held: BTreeMap::new(), refused: 0 };
    let mut samples = 0.0;
    for (i, (now, place)) in due.iter().enumerate() {
        let (name, _, p95, p99) = ASKED[*place];
        let route = RouteId(known.iter().position(|route| *route == name).expect("it is measured"));
        // Looked at before it comes itself: arrivals see averages over time.
        if i % 50 == 0 {
            samples += 1.0;
            for (pool, occupancy) in model.pool_names().zip(queues.occupancy(*now)) {
                *seen.held.entry(pool.to_owned()).or_default() += occupancy.held as f64;
            }
        }
        let ordinal = queues.next_ordinal(route);
        let plan = model.admit(&mut queues, Arrival { now: *now, route, ordinal, key: "evt" });
        let slow = seen.slow.entry(name).or_default();
        slow.0 += 1;
        slow.1 += u64::from(plan.total() >= Duration::from_millis(p95));
        slow.2 += u64::from(plan.total() >= Duration::from_millis(p99));
        seen.refused += u64::from(plan.refused.is_some());
    }
    seen.held.values_mut().for_each(|held| *held /= samples);
    seen
}

#[test]
fn healthy_has_room_in_every_pool_and_goal() {
    let seen = launch_day(HEALTHY);
    assert_eq!(seen.refused, 0);
    for (pool, size) in [("db", 10.0), ("redis", 1.0), ("vector", 4.0), ("cpu", 2.0)] {
        let busy = seen.held[pool] / size;
        assert!((0.1..0.65).contains(&busy), "{pool} is {:.0} % busy", busy * 100.0);
    }
    for (route, (n, over_p95, over_p99)) in seen.slow {
        assert!((over_p95 as f64) < 0.02 * n as f64, "{route}: {over_p95} of {n}");
        assert!((over_p99 as f64) < 0.003 * n as f64, "{route}: {over_p99} of {n}");
    }
}

#[test]
fn borderline_stays_under_every_limit_waits_included() {
    let seen = launch_day(BORDERLINE);
    assert_eq!(seen.refused, 0);
    for (route, (n, over_p95, over_p99)) in seen.slow.into_iter().filter(|(_, (n, ..))| *n >= 1_000) {
        let sigmas = |share: f64| 3.0 * (share * (1.0 - share) / n as f64).sqrt();
        assert!((over_p95 as f64) < (0.045 + sigmas(0.045)) * n as f64, "{route}: {over_p95} of {n}");
        assert!((over_p99 as f64) < (0.006 + sigmas(0.006)) * n as f64, "{route}: {over_p99} of {n}");
    }
}

#[test]
fn breach_is_over_every_limit() {
    for (route, (n, over_p95, _)) in launch_day(BREACH).slow {
        assert!(over_p95 as f64 > 0.1 * n as f64, "{route}: {over_p95} of {n}");
    }
}
