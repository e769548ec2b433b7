//! Servers that fail: what was begun is completed, or says what was done, and nothing is there twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::Method;
use seeder::error::Fault as Kind;

use super::clock::hurry;
use super::place::{Place, fault, small, tiny};
use super::server::{Asked, Fault};

fn creates(asked: &Asked) -> bool {
    asked.method == Method::POST && asked.path.ends_with("/rows")
}

/// Puts a small world in place against these faults; nothing may be left of them.
async fn survives(faults: impl FnMut(usize, &Asked) -> Option<Fault> + Send + 'static) -> Place {
    let place = Place::new().await;
    place.server.faults(faults);
    place.apply(small(1)).await.expect("it passes");
    place.holds_and_knows(small(1)).await;
    let asked = place.server.asked();
    place.server.heal();
    place.apply(small(1)).await.expect("nothing is left to do");
    assert!(place.server.asked().iter().all(|asked| !asked.writes()));
    assert!(asked.len() > 50);
    place
}

/// Every `n`th request that creates a row fails like this.
fn every(n: usize, fault: Fault) -> impl FnMut(usize, &Asked) -> Option<Fault> + Send + 'static {
    let mut count = 0;
    move |_, asked| {
        count += usize::from(creates(asked));
        (creates(asked) && count % n == 0).then_some(fault)
    }
}

#[tokio::test]
async fn storms_pass() {
    hurry();
    let (mut created, mut until) = (0, None);
    let failed = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&failed);
    survives(move |number, asked| {
        created += usize::from(creates(asked));
        if number == 0 || (creates(asked) && [9, 30, 60].contains(&created)) {
            until = Some(asked.at + Duration::from_secs(3));
        }
        let storm = until.is_some_and(|until| asked.at < until);
        count.fetch_add(storm.into(), Ordering::Relaxed);
        storm.then_some(Fault::Status(503))
    })
    .await;
    assert!(failed.load(Ordering::Relaxed) > 20, "only {failed:?} failed");
}

#[tokio::test]
async fn gateways_may_fail_now_and_then() {
    hurry();
    survives(|number, _| (number % 7 == 3).then_some(Fault::Status([500, 502, 504][number % 3]))).await;
}

#[tokio::test]
async fn a_500_after_the_effect_makes_nothing_twice() {
    hurry();
    survives(every(3, Fault::FailsAfter)).await;
}

#[tokio::test]
async fn silence_makes_nothing_twice() {
    hurry();
    survives(every(11, Fault::Silence { done: true })).await;
    survives(every(11, Fault::Silence { done: false })).await;
}

#[tokio::test]
async fn what_takes_effect_late_is_there_once_in_the_end() {
    hurry();
    survives(every(17, Fault::Late(30))).await;
}

#[tokio::test]
async fn cut_connections_make_nothing_twice() {
    hurry();
    survives(every(5, Fault::Cut { done: true })).await;
    survives(every(5, Fault::Cut { done: false })).await;
}

#[tokio::test]
async fn any_call_may_fail_once_with_or_without_its_effect() {
    hurry();
    for fault in
        [Fault::FailsAfter, Fault::Cut { done: true }, Fault::Silence { done: true }, Fault::Status(503)]
    {
        let place = Place::new().await;
        let mut seen = std::collections::HashSet::new();
        let mut once = move |asked: &Asked| {
            let kind = asked.path.split("row-").next().unwrap_or_default().to_owned();
            (seen.insert((asked.method.clone(), kind)) && !asked.path.ends_with("/login-json"))
                .then_some(fault)
        };
        place.server.faults(move |_, asked| once(asked));
        place.apply(tiny(1)).await.expect("it passes");
        place.holds_and_knows(tiny(1)).await;
        place.apply(tiny(2)).await.expect("it passes");
        place.holds_and_knows(tiny(2)).await;
        place.destroy().await.expect("it passes");
        assert!(place.server.held().tables.is_empty(), "{fault:?}");
        assert!(place.ledger.lines().await.is_empty(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_waited_for() {
    hurry();
    let place = Place::new().await;
    let slow = |asked: &Asked| asked.path.ends_with("events/vectors/batch");
    let mut first = true;
    place.server.faults(move |_, asked| {
        (slow(asked) && std::mem::take(&mut first)).then_some(Fault::SlowDown(429, 7))
    });
    place.apply(tiny(1)).await.expect("it passes");
    let at: Vec<_> = place.server.asked().into_iter().filter(slow).map(|asked| asked.at).collect();
    assert_eq!(at.len(), 2);
    assert!(at[1] - at[0] >= Duration::from_secs(7), "{:?}", at[1] - at[0]);
    // 429 says that nothing was done: no table is looked through for it.
    let mut first = true;
    place.server.faults(move |_, asked| {
        (creates(asked) && std::mem::take(&mut first)).then_some(Fault::SlowDown(429, 2))
    });
    place.apply(small(3)).await.expect("it passes");
    place.holds_and_knows(small(3)).await;
    assert!(
        place
            .server
            .asked()
            .iter()
            .all(|asked| asked.method != Method::GET || !asked.path.ends_with("/rows"))
    );
}

#[tokio::test]
async fn creates_wait_as_long_as_they_are_asked_to_even_if_nobody_knows_what_they_did() {
    hurry();
    let place = Place::new().await;
    let slow = |asked: &Asked| creates(asked) && asked.path.contains("/articles/");
    let mut first = None;
    place.server.faults(move |_, asked| {
        let first = slow(asked).then(|| *first.get_or_insert(asked.at))?;
        (asked.at < first + Duration::from_secs(5)).then_some(Fault::SlowDown(503, 5))
    });
    place.apply(small(1)).await.expect("it passes");
    place.holds_and_knows(small(1)).await;
    let at: Vec<_> = place.server.asked().into_iter().filter(slow).map(|asked| asked.at).collect();
    // Those on their way together are refused together; nobody comes back, and nobody new, before the time.
    assert!(at[8..].iter().all(|at_last| *at_last - at[0] >= Duration::from_secs(5)), "{at:?}");
}

#[tokio::test]
async fn whoever_asks_to_wait_for_an_hour_is_given_up() {
    hurry();
    let place = Place::new().await;
    place.server.faults(|_, asked| creates(asked).then_some(Fault::SlowDown(429, 3_600)));
    let error = place.apply(tiny(1)).await.expect_err("nobody waits that long");
    assert_eq!(fault(&error), Kind::Busy);
    assert!(
        error.to_string().contains("rate limit exceeded") && error.to_string().contains("3600 s"),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_as_often_as_it_ends() {
    hurry();
    let place = survives(|number, _| (number == 12 || number == 40).then_some(Fault::TokenEnds)).await;
    // One per run and one per end, however many calls met it at once.
    assert_eq!(place.server.logins() % 1_000, 4);
}

#[tokio::test]
async fn a_token_refused_twice_is_denied() {
    hurry();
    let place = Place::new().await;
    place.server.faults(|_, asked| creates(asked).then_some(Fault::Status(401)));
    let error = place.apply(tiny(1)).await.expect_err("it is not taken");
    assert_eq!(fault(&error), Kind::Denied);
    place.server.heal();
    place.apply(tiny(1)).await.expect("it goes on");
    place.holds_and_knows(tiny(1)).await;
}

#[tokio::test]
async fn a_refusal_is_told_in_the_servers_words_with_what_was_done() {
    hurry();
    let place = Place::new().await;
    let mut count = 0;
    place.server.faults(move |_, asked| {
        count += usize::from(creates(asked));
        (count > 10 && creates(asked)).then_some(Fault::Status(422))
    });
    let error = place.apply(small(1)).await.expect_err("it is refused");
    assert_eq!(fault(&error), Kind::Broken);
    let said = error.to_string();
    assert!(
        said.contains("creating documents in") && said.contains("422") && said.contains("not now"),
        "{said}"
    );
    assert!(
        said.contains("By then 14 collections, documents and vectors were created, 0 replaced and 0 removed"),
        "{said}"
    );
    let rows: usize = place.server.held().tables.values().map(|table| table.rows.len()).sum();
    assert_eq!(rows, 10);
    place.server.heal();
    place.apply(small(1)).await.expect("it goes on");
    place.holds_and_knows(small(1)).await;
}

#[tokio::test]
async fn an_unreadable_answer_ends_the_run_and_the_next_finds_what_it_made() {
    hurry();
    let place = Place::new().await;
    place.server.faults(|_, asked| creates(asked).then_some(Fault::Babbles));
    let error = place.apply(small(1)).await.expect_err("it makes no sense");
    assert_eq!(fault(&error), Kind::Broken);
    assert!(error.to_string().contains("cannot be read"), "{error}");
    place.server.heal();
    place.apply(small(1)).await.expect("it goes on");
    place.holds_and_knows(small(1)).await;
}

#[tokio::test]
async fn a_storm_that_does_not_end_is_given_up_and_the_next_run_completes() {
    hurry();
    for status in [500, 503] {
        let place = Place::new().await;
        place.server.faults(move |_, asked| creates(asked).then_some(Fault::Status(status)));
        let error = place.apply(tiny(1)).await.expect_err("it does not end");
        assert_eq!(fault(&error), if status == 500 { Kind::Broken } else { Kind::Busy });
        assert!(error.to_string().contains("Run the same command again"), "{error}");
        place.server.heal();
        place.apply(tiny(1)).await.expect("it goes on");
        place.holds_and_knows(tiny(1)).await;
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    hurry();
    let place = Place::new().await;
    let mut access = place.access();
    access.base_url = "http://127.0.0.1:1".to_owned();
    let error = place.open_with(&access).await.expect_err("nobody is there");
    assert_eq!(fault(&error), Kind::Unreachable);
    place.server.faults(|_, _| Some(Fault::Silence { done: false }));
    let error = place.open_with(&place.access()).await.expect_err("nobody answers");
    assert_eq!(fault(&error), Kind::Unreachable);
    assert!(error.to_string().contains("no answer within 10 s"), "{error}");
}
