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

const MEDIA: &str = "seed = 1\n[[fault]]\nkind = \"media\"\n";

/// Who of a thousand participants is struck on the way down.
fn who(schedule: &Schedule, now: Instant) -> Vec<usize> {
    let is_struck = |n: &usize| schedule.weather(&format!("user-{n}"), Direction::Down, now).is_some();
    (0..1_000).filter(is_struck).collect()
}

#[test]
fn a_share_of_the_participants_has_bad_weather_and_it_is_always_the_same_ones() {
    let start = clock::now();
    let plan = format!("{MEDIA}loss = 0.02\nshare = 0.2\nfrom_s = 5\nfor_s = 10\n");
    let schedule = schedule(&plan, start);
    assert_eq!(who(&schedule, start), Vec::<usize>::new());
    assert_eq!(schedule.report(start).faults[0].met, 0, "before its window it meets nobody");
    let first = who(&schedule, start + Duration::from_secs(5));
    // A fifth, give or take four standard deviations of a binomial distribution.
    assert!((149..=251).contains(&first.len()), "{}", first.len());
    assert_eq!(who(&schedule, start + Duration::from_secs(14)), first);
    let report = schedule.report(start);
    assert_eq!((report.faults[0].met, report.faults[0].struck), (1_000, first.len() as u64));
    let again = schedule.started(start, Owner::default());
    assert_eq!(who(&again, start + Duration::from_secs(5)), first);
    assert_eq!(again.report(start).faults[0].met, 2_000, "each start opens another window");
}

#[test]
fn weather_has_a_direction_and_may_be_one_participants_own() {
    let now = clock::now();
    let weather = Weather { loss: 0.5, delay: Duration::from_millis(80), jitter: Duration::from_millis(20) };
    let asked = [("ann", Direction::Up), ("ann", Direction::Down), ("bob", Direction::Up)];
    for (narrowed, expected) in [
        ("user = \"ann\"", [None, Some(weather), None]),
        ("direction = \"down\"", [None, Some(weather), None]),
        ("direction = \"up\"", [Some(weather), None, Some(weather)]),
        ("direction = \"both\"\nuser = \"bob\"", [None, None, Some(weather)]),
    ] {
        let plan = format!("{MEDIA}loss = 0.5\ndelay_ms = 80\njitter_ms = 20\n{narrowed}\n");
        let schedule = schedule(&plan, now);
        assert_eq!(asked.map(|(user, way)| schedule.weather(user, way, now)), expected, "{narrowed}");
    }
}

#[test]
fn faults_of_media_add_up() {
    let now = clock::now();
    let second = "[[fault]]\nkind = \"media\"\nloss = 0.5\ndelay_ms = 5\n";
    let schedule = schedule(&format!("{MEDIA}loss = 0.2\ndelay_ms = 80\njitter_ms = 20\n{second}"), now);
    let both = schedule.weather("ann", Direction::Down, now).expect("both strike");
    assert!((both.loss - 0.6).abs() < 1e-12, "of five, four are left, and half of those: {}", both.loss);
    assert_eq!((both.delay, both.jitter), (Duration::from_millis(85), Duration::from_millis(20)));
}

#[test]
fn nobody_is_there_while_the_server_is_down() {
    let start = clock::now();
    let schedule = schedule("seed = 1\n[[fault]]\nkind = \"down\"\nfrom_s = 20\nfor_s = 5\n", start);
    let at = |seconds| start + Duration::from_secs(seconds);
    let is_gone = |place, now| schedule.strike(place, now).is_some_and(|blow| blow.is_gone);
    let is_cut_off = |now| {
        let weather = schedule.weather("ann", Direction::Up, now);
        let dead = weather.map(|weather| weather == Weather::DEAD);
        (is_gone(Place::Request(EVENTS), now), is_gone(Place::Answer, now), dead)
    };
    let (up, down) = ((false, false, None), (true, true, Some(true)));
    assert_eq!([19, 20, 24, 25].map(at).map(is_cut_off), [up, down, down, up]);
    let cut = |seconds| Some((schedule.socket_cut(at(seconds))?.at - start).as_secs());
    assert_eq!([0, 22, 25].map(cut), [Some(20), Some(22), None]);
    assert_eq!(schedule.strike(Place::Chat, at(20)), None, "there is nobody to chat with");
    assert!(schedule.aims_at(Place::Answer) && !schedule.stopped().aims_at(Place::Answer));
}
