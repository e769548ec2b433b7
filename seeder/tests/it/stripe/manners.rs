//! How Stripe is asked, seen from its side, at the pace it is owed.

use std::time::{Duration, Instant};

use super::server::Server;
use super::{Manners, Site, world};

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how long it really took")]
async fn stripe_sees_no_more_than_twenty_calls_a_second() {
    let server = Server::start(25, Duration::from_millis(100)).await;
    let site = Site::at(server, Manners::default()).await;
    let plan = site.plan(world(150)).await;
    let began = Instant::now();
    site.apply(world(150)).await;
    let took = began.elapsed();
    assert_eq!(site.server.calls().len() as u64, plan.calls, "none was refused and sent again");
    // However late a call arrives, each was sent fifty milliseconds after the one before.
    let least = Duration::from_millis(50) * (plan.calls as u32 - 1);
    assert!(took >= least, "{} calls in {took:?}", plan.calls);
}

#[tokio::test]
async fn eight_at_a_time_even_when_there_is_no_pace() {
    let server = Server::start(100_000, Duration::from_millis(50)).await;
    let site = Site::at(server, super::HURRIED).await;
    site.apply(world(60)).await;
    assert_eq!(site.server.most_under_way(), 8);
}

#[tokio::test]
async fn every_call_that_makes_something_has_a_key_of_its_own() {
    let site = Site::new().await;
    site.apply(world(60)).await;
    let calls = site.server.calls();
    let keys: Vec<_> =
        calls.iter().filter(|call| call.method == "POST").map(|call| call.key.clone()).collect();
    assert!(keys.iter().all(Option::is_some));
    let distinct: std::collections::HashSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len());
    assert!(calls.iter().filter(|call| call.method != "POST").all(|call| call.key.is_none()));
}
