use std::time::Duration;

use super::*;
use crate::faults::kinds::ChatFault;
use crate::faults::{Known, parse};

const LOGIN: &str = "POST /api/auth/login";
const EVENTS: &str = "GET /api/events";

fn schedule(text: &str, now: Instant) -> Arc<Schedule> {
    let routes: Vec<&str> = contract::measured_routes().collect();
    let plan = parse(text, Known { routes: &routes, pools: &["db"] }).expect("a plan");
    Arc::new(Schedule::new(plan).started(now, Owner::default()))
}

/// Which of the first `n` requests are struck.
fn struck(schedule: &Schedule, route: &'static str, now: Instant, n: usize) -> Vec<usize> {
    (0..n).filter(|_| schedule.strike(Place::Request(route), now).is_some()).collect()
}

const SOME_RESETS: &str = r#"
seed = 7
[[fault]]
kind = "reset"
route = "POST /api/auth/login"
share = 0.05
"#;

#[test]
fn the_same_plan_strikes_the_same_ordinals() {
    let now = clock::now();
    let first = struck(&schedule(SOME_RESETS, now), LOGIN, now, 10_000);
    let later = now + Duration::from_hours(1);
    assert_eq!(struck(&schedule(SOME_RESETS, later), LOGIN, later, 10_000), first);
    let other = SOME_RESETS.replace("seed = 7", "seed = 8");
    assert_ne!(struck(&schedule(&other, now), LOGIN, now, 10_000), first);
    // Five in a hundred, give or take four standard deviations of a binomial distribution.
    assert!((413..=587).contains(&first.len()), "{}", first.len());
}

#[test]
fn a_fault_strikes_its_route_only_and_counts_what_it_met() {
    let now = clock::now();
    let schedule = schedule(SOME_RESETS, now);
    assert_eq!(struck(&schedule, EVENTS, now, 1_000), Vec::<usize>::new());
    assert_eq!(schedule.report(now).faults[0].met, 0);
    let hit = struck(&schedule, LOGIN, now, 1_000).len() as u64;
    let report = schedule.report(now);
    assert_eq!((report.faults[0].met, report.faults[0].struck), (1_000, hit));
}

#[test]
fn a_window_has_its_beginning_and_not_its_end() {
    let plan = "seed = 1\n[[fault]]\nkind = \"error\"\nstatus = 500\nfrom_s = 20\nfor_s = 10\n";
    let start = clock::now();
    let schedule = schedule(plan, start);
    let is_struck = |millis| {
        let now = start + Duration::from_millis(millis);
        schedule.strike(Place::Request(EVENTS), now).is_some()
    };
    assert_eq!(
        [0, 19_999, 20_000, 29_999, 30_000, 90_000].map(is_struck),
        [false, false, true, true, false, false]
    );
}

#[test]
fn a_new_start_begins_the_windows_and_the_ordinals_anew_and_keeps_the_counts() {
    let start = clock::now();
    let first = schedule(SOME_RESETS, start);
    let hit = struck(&first, LOGIN, start, 500);
    let again = first.started(start + Duration::from_mins(1), Owner::default());
    assert_eq!(struck(&again, LOGIN, start + Duration::from_mins(1), 500), hit);
    assert_eq!(again.report(start).faults[0].met, 1_000);
    let stopped = again.stopped();
    assert_eq!(struck(&stopped, LOGIN, start, 500), Vec::<usize>::new());
    assert_eq!(stopped.report(start).faults[0].met, 1_000);
}

#[test]
fn a_stall_lasts_until_its_window_closes() {
    let plan = "seed = 1\n[[fault]]\nkind = \"stall\"\nfrom_s = 5\nfor_s = 2\n";
    let start = clock::now();
    let schedule = schedule(plan, start);
    let blow = schedule.strike(Place::Request(EVENTS), start + Duration::from_millis(5_500));
    assert_eq!(blow.expect("it strikes").longer, Duration::from_millis(1_500));
}

#[test]
fn latency_varies_by_its_jitter() {
    let plan = "seed = 1\n[[fault]]\nkind = \"latency\"\nms = 100\njitter_ms = 50\n";
    let now = clock::now();
    let schedule = schedule(plan, now);
    let strike = || schedule.strike(Place::Request(EVENTS), now).expect("it strikes").longer;
    let longer: Vec<Duration> = (0..1_000).map(|_| strike()).collect();
    let (low, high) = (Duration::from_millis(50), Duration::from_millis(150));
    assert!(longer.iter().all(|longer| (low..=high).contains(longer)));
    let mean = longer.iter().sum::<Duration>() / 1_000;
    assert!(mean.abs_diff(Duration::from_millis(100)) < Duration::from_millis(4), "{mean:?}");
}

#[test]
fn a_brown_out_takes_its_servers_once_in_a_start() {
    let plan =
        "seed = 1\n[[fault]]\nkind = \"brown-out\"\npool = \"db\"\nservers = 8\nfrom_s = 5\nfor_s = 10\n";
    let start = clock::now();
    let schedule = schedule(plan, start);
    let at = |seconds| schedule.strike(Place::Request(EVENTS), start + Duration::from_secs(seconds));
    assert_eq!(at(4), None);
    let seized = at(6).expect("it strikes").seized;
    assert_eq!(
        (seized[0].pool.as_str(), seized[0].servers, seized[0].lasting),
        ("db", 8, Duration::from_secs(9))
    );
    assert_eq!(at(7), None);
}

#[test]
fn sockets_are_cut_whether_they_open_before_or_in_the_window() {
    let plan = "seed = 1\n[[fault]]\nkind = \"ws-cut\"\nfrom_s = 20\nfor_s = 10\n";
    let start = clock::now();
    let schedule = schedule(plan, start);
    let cut = |seconds| {
        let cut = schedule.socket_cut(start + Duration::from_secs(seconds))?;
        Some((cut.at - start).as_secs())
    };
    assert_eq!([0, 20, 25, 30].map(cut), [Some(20), Some(20), Some(25), None]);
}

#[test]
fn chat_and_the_webhook_store_have_faults_of_their_own() {
    let plan = "seed = 1\n[[fault]]\nkind = \"chat-lost\"\n[[fault]]\nkind = \"webhook-store-fails\"\n";
    let now = clock::now();
    let schedule = schedule(plan, now);
    assert_eq!(schedule.strike(Place::Chat, now).and_then(|blow| blow.chat), Some(ChatFault::Lost));
    assert!(schedule.strike(Place::WebhookStore, now).is_some_and(|blow| blow.store_fails));
    assert_eq!(schedule.strike(Place::Request(EVENTS), now), None);
}
