use std::{collections::HashSet, time::Duration};

use engine::{
    clock::{self, Anchor},
    driver::Due,
    record::{FaultKind, Phases},
};
use proptest::prelude::*;

use super::{ids::*, kept::*, seen::Over, *};
use crate::run::{Kept, Traced};

fn wish(sample: f64) -> Wish {
    Wish { sample, ..Wish::default() }
}

fn ids(place: &str, sample: f64) -> Ids {
    Ids::new(Key::of("n1", "search-load", &[place]), wish(sample))
}

/// Traces that a worker would give `n` requests.
fn some(ids: &Ids, n: usize) -> Vec<Traceparent> {
    (0..n).map(|_| ids.next().expect("they are wanted")).collect()
}

#[test]
fn no_two_requests_of_a_run_share_an_id() {
    let workers = ["a", "b", "c"].map(|place| some(&ids(place, 0.5), 20_000)).concat();
    let traces: HashSet<u128> = workers.iter().map(|trace| trace.trace).collect();
    let spans: HashSet<u64> = workers.iter().map(|trace| trace.span).collect();
    assert_eq!((traces.len(), spans.len()), (60_000, 60_000));
    assert!(!traces.contains(&0) && !spans.contains(&0));
    let again = some(&ids("a", 0.5), 100);
    assert_eq!(again, workers[..100], "the same place in the same run has the same");
    let other_run = Ids::new(Key::of("n2", "search-load", &["a"]), wish(0.5));
    assert!(some(&other_run, 100).iter().all(|trace| !traces.contains(&trace.trace)));
}

#[test]
fn parts_of_a_key_do_not_run_into_each_other() {
    let one = Key::of("n", "ab", &["c"]).nth(0);
    assert_ne!(one, Key::of("n", "a", &["bc"]).nth(0));
    assert_ne!(one, Key::of("na", "b", &["c"]).nth(0));
}

#[test]
fn the_rate_is_kept() {
    for (rate, n) in [(0.01, 100_000), (0.2, 10_000), (0.9, 10_000)] {
        let sampled = some(&ids("a", rate), n).iter().filter(|trace| trace.sampled).count() as f64;
        let (mean, deviation) = (n as f64 * rate, (n as f64 * rate * (1.0 - rate)).sqrt());
        assert!((sampled - mean).abs() < 4.0 * deviation, "{sampled} of {n} at {rate}");
    }
    assert!(some(&ids("a", 0.0), 10_000).iter().all(|trace| !trace.sampled));
    assert!(some(&ids("a", 1.0), 10_000).iter().all(|trace| trace.sampled));
}

#[test]
fn without_traceparent_there_are_no_traces() {
    let ids = Ids::new(Key::of("n", "s", &["a"]), Wish { traceparent: false, sample: 1.0, slowest: 10 });
    assert_eq!(ids.next(), None);
}

/// A scenario's traces, kept by one worker that saw requests that took so long and failed so.
fn played(wish: Wish, requests: &[(&'static str, u64, Option<FaultKind>)]) -> Account {
    let tracing = Tracing::new(wish, "n1".into(), (0, "search-load"), None);
    let (tracer, epoch) = (tracing.tracer(0, Shard::ALL), clock::now());
    for (route, took_ms, fault) in requests {
        let due = Due { at: epoch, lateness: Duration::ZERO };
        let done = epoch + Duration::from_millis(*took_ms);
        let trace = tracer.next();
        let phases = Phases::default();
        let over = Over { trace, due, sent: epoch, done, phases, status: None, fault: fault.as_ref() };
        tracer.saw(route, &over, || Server { host: "127.0.0.1".into(), port: 80 });
    }
    drop(tracer);
    tracing.finish()
}

#[test]
fn the_slowest_of_each_route_are_kept_whatever_their_order() {
    let mut requests: Vec<_> = (0..500).map(|n| ("GET /a", n * 37 % 500, None)).collect();
    requests.extend([("GET /b", 3, None), ("GET /b", 1, None)]);
    let account = played(Wish { sample: 0.0, slowest: 3, ..Wish::default() }, &requests);
    let mut kept: Vec<_> =
        account.traces.iter().map(|t| (t.route.as_str(), t.took_ms as u64, t.why)).collect();
    kept.sort_by_key(|(route, took, _)| (*route, std::cmp::Reverse(*took)));
    let slow = |route, took| (route, took, Kept::Slowest);
    let all =
        [slow("GET /a", 499), slow("GET /a", 498), slow("GET /a", 497), slow("GET /b", 3), slow("GET /b", 1)];
    assert_eq!(kept, all);
    assert_eq!(account.note(), None);
}

#[test]
fn failed_requests_are_kept_up_to_a_bound_that_is_told() {
    let failed = |n: usize, kind: FaultKind| (0..n).map(move |_| ("GET /a", 1, Some(kind.clone())));
    let requests: Vec<_> =
        failed(FAILED_OF_A_KIND + 7, FaultKind::Status(503)).chain(failed(2, FaultKind::Timeout)).collect();
    let account = played(Wish { sample: 0.0, slowest: 0, ..Wish::default() }, &requests);
    let of =
        |kind: FaultKind| account.traces.iter().filter(|traced| traced.fault == Some(kind.clone())).count();
    assert_eq!((of(FaultKind::Status(503)), of(FaultKind::Timeout)), (100, 2));
    assert!(account.traces.iter().all(|traced| traced.why == Kept::Failed));
    let note = account.note().expect("some were left out");
    assert!(note.starts_with("Of 1009 failed requests, 7 left no trace behind"), "{note}");
}

#[test]
fn one_that_is_kept_for_several_reasons_is_named_once() {
    let account = played(wish(1.0), &[("GET /a", 5, Some(FaultKind::Timeout)), ("GET /a", 9, None)]);
    let whys: Vec<Kept> = account.traces.iter().map(|traced| traced.why).collect();
    assert_eq!(account.traces.len(), 2);
    assert!(whys.contains(&Kept::Failed) && whys.contains(&Kept::Slowest), "{whys:?}");
}

fn traced() -> impl Strategy<Value = Traced> {
    let why = prop_oneof![Just(Kept::Sampled), Just(Kept::Failed), Just(Kept::Slowest)];
    (0..400_u32, 0..30_usize, 0..1_000_u64, 0.0..5_000.0, why, 500..510_u16).prop_map(
        |(id, route, due_unix_ms, took_ms, why, status)| Traced {
            trace_id: format!("{id:032x}"),
            route: format!("GET /{route}"),
            due_unix_ms,
            took_ms,
            fault: (why == Kept::Failed).then_some(FaultKind::Status(status)),
            why,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_a_run_names_is_bounded_and_named_once(all in prop::collection::vec(traced(), 0..1_500)) {
        let named = bounded(all.clone(), 3);
        prop_assert!(named.len() <= NAMED);
        let ids: HashSet<&str> = named.iter().map(|traced| traced.trace_id.as_str()).collect();
        prop_assert_eq!(ids.len(), named.len());
        prop_assert!(named.is_sorted_by_key(|traced| (traced.due_unix_ms, traced.trace_id.clone())));
        prop_assert!(named.iter().all(|traced| all.contains(traced)));
        // Putting together what was put together changes nothing.
        prop_assert_eq!(bounded(named.clone(), 3), named);
    }
}

#[test]
fn the_time_of_day_follows_the_monotonic_clock() {
    let (anchor, now) = (Anchor::now(), clock::now());
    let [before, later] = [now, now + Duration::from_micros(1_500)].map(|at| anchor.unix_ns(at));
    assert_eq!(later - before, 1_500_000);
    let earlier = now.checked_sub(Duration::from_millis(2)).expect("the machine has been up for longer");
    assert_eq!(before - anchor.unix_ns(earlier), 2_000_000);
}
