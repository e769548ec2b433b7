//! A seeder that is killed at any moment: the next completes its work, and nothing is there twice.

use std::time::Duration;

use seeder::progress::Progress;
use serde_json::Value;

use super::server::{Fault, Server};
use super::{HURRIED, Manners, Site, world};

/// Slow enough that a moment can be hit.
async fn slow() -> Site {
    let server = Server::start(100_000, Duration::from_millis(10)).await;
    Site::at(server, Manners { between_calls: Duration::from_millis(3), ..HURRIED }).await
}

/// Applies until so much time has passed, then is gone in the middle of whatever it does.
async fn killed_after(site: &Site, time: Duration) {
    let mut store = site.store().await;
    let apply = async move { store.apply(world(60), &mut Progress::Quiet).await };
    let _ = tokio::time::timeout(time, apply).await;
}

#[tokio::test]
async fn killed_at_many_moments_it_ends_with_the_same() {
    for milliseconds in [5, 21, 34, 55, 89, 144, 233] {
        let site = slow().await;
        killed_after(&site, Duration::from_millis(milliseconds)).await;
        site.apply(world(60)).await;
        site.holds(world(60)).await;
    }
}

#[tokio::test]
async fn killed_again_and_again_it_comes_to_an_end() {
    let site = slow().await;
    for milliseconds in [40, 60, 50, 70, 45, 65] {
        killed_after(&site, Duration::from_millis(milliseconds)).await;
    }
    site.apply(world(60)).await;
    site.holds(world(60)).await;
}

#[tokio::test]
async fn after_a_day_keys_are_forgotten_and_what_exists_is_found_all_the_same() {
    for on in ["POST /v1/products", "POST /v1/prices", "POST /v1/customers", "POST /v1/subscriptions"] {
        let manners = Manners { tries: 1, ..HURRIED };
        let site = Site::at(Server::quick().await, manners).await;
        site.server.misbehave(on, 1, 1, Fault::CutAfter);
        site.try_to_apply(world(60)).await.expect_err("the connection was cut");
        let (_, unnamed) = site.ledger.count().await;
        assert!(unnamed > 0, "what was made has no name in the ledger");
        site.server.behave();
        site.server.forget_keys();
        let plan = site.plan(world(60)).await;
        let before = site.server.calls().len();
        site.apply(world(60)).await;
        assert!((site.server.calls().len() - before) as u64 <= plan.calls);
        site.holds(world(60)).await;
    }
}

#[tokio::test]
async fn what_a_killed_seeder_left_is_taken_away() {
    for milliseconds in [20, 60, 120, 200] {
        let site = slow().await;
        killed_after(&site, Duration::from_millis(milliseconds)).await;
        // What was on its way when the seeder died arrives all the same.
        site.server.idle().await;
        site.destroy().await;
        assert_eq!(site.ledger.count().await, (0, 0));
        let account = site.server.account();
        assert_eq!((account.customers.len(), account.running().len(), account.on_sale()), (0, 0, 0));
    }
}

#[tokio::test]
async fn a_key_first_used_with_other_parameters_is_passed_over() {
    let site = Site::at(Server::quick().await, Manners { tries: 1, ..HURRIED }).await;
    site.server.misbehave("POST /v1/customers", 1, 1, Fault::CutAfter);
    site.try_to_apply(world(60)).await.expect_err("the connection was cut");
    let unnamed = site.ledger.unnamed().await;
    let is_named = |object: &Value| !unnamed.iter().any(|key| object["metadata"]["seed_key"] == **key);
    site.server.account().customers.retain(is_named);
    // As if an older seeder had sent other parameters under the same keys.
    site.server.change_what_keys_were_used_with();
    site.apply(world(60)).await;
    site.holds(world(60)).await;
}
