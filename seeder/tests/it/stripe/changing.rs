//! What becomes of objects when the world is another one.

use fixtures::World;

use super::server::{Fault, Server};
use super::{HURRIED, Manners, Site, total, world};

#[tokio::test]
async fn a_smaller_world_takes_the_rest_away_and_a_larger_one_brings_it_back() {
    let site = Site::new().await;
    site.apply(world(80)).await;
    let tally = site.apply(world(30)).await;
    assert!(tally.deleted > 0 && tally.created == 0 && tally.updated == 0, "{tally:?}");
    site.holds(world(30)).await;
    let tally = site.apply(world(80)).await;
    assert!(tally.created > 0 && tally.deleted == 0, "{tally:?}");
    site.holds(world(80)).await;
}

#[tokio::test]
async fn another_seed_changes_who_stays_and_is_planned_to_the_call() {
    let (site, first) = (Site::new().await, world(120));
    let second = World::new(8, first.size());
    site.apply(first).await;
    let plan = site.plan(second).await;
    let before = site.server.calls().len();
    let lines = site.try_to_apply(second).await.expect("it applies");
    assert_eq!(lines, plan.lines);
    let tally = total(&lines);
    assert!(tally.updated > 0 && tally.created > 0 && tally.deleted > 0, "{tally:?}");
    assert!((site.server.calls().len() - before) as u64 <= plan.calls);
    site.holds(second).await;
    let account = site.server.account();
    let billed = account.running().iter().all(|s| s["items"]["data"].as_array().map(Vec::len) == Some(1));
    assert!(billed, "a change of tier adds no second item");
    drop(account);
    are_called_as_in(&site, second);
}

#[tokio::test]
async fn back_and_forth_within_a_day_ends_where_it_began() {
    let (site, first) = (Site::new().await, world(60));
    let second = World::new(8, first.size());
    for world in [first, second, first, second, first] {
        site.apply(world).await;
        site.holds(world).await;
    }
}

#[tokio::test]
async fn a_newer_seeder_updates_everything_and_replaces_prices_of_other_amounts() {
    let (site, world) = (Site::new().await, world(60));
    let created = site.apply(world).await.created;
    site.ledger.age().await;
    for price in &mut site.server.account().prices {
        if price["lookup_key"] == "wwmaa_loadtest_basic" {
            price["unit_amount"] = 1900.into();
        }
    }
    let plan = site.plan(world).await;
    let before = site.server.calls().len();
    assert_eq!(site.apply(world).await.updated, created);
    assert!((site.server.calls().len() - before) as u64 <= plan.calls);
    site.holds(world).await;
    let account = site.server.account();
    assert_eq!(account.prices.len(), 4, "one is replaced, the others are kept");
    let is_current = |s: &&serde_json::Value| s["items"]["data"][0]["price"]["unit_amount"] != 1900;
    assert!(account.running().iter().all(is_current), "nobody is billed the old amount");
}

/// Every customer is called as this world says.
fn are_called_as_in(site: &Site, world: World) {
    let account = site.server.account();
    for member in world.members().filter(|member| member.stripe_customer_id.is_some()) {
        let customer = account.customers.iter().find(|customer| customer["email"] == member.email);
        let name = customer.and_then(|customer| customer["name"].as_str());
        assert_eq!(name, Some(format!("{} {}", member.first_name, member.last_name).as_str()));
    }
}

/// Applies a world until one of these calls is cut, after its effect.
async fn is_cut(site: &Site, world: World, on: &'static str) {
    site.server.misbehave(on, 0, 1, Fault::CutAfter);
    site.try_to_apply(world).await.expect_err("the connection was cut");
    site.server.behave();
}

#[tokio::test]
async fn cut_while_changing_back_and_forth_it_ends_as_the_last_world_says() {
    let site = Site::at(Server::quick().await, Manners { tries: 1, ..HURRIED }).await;
    let [first, second, third] = [7, 8, 9].map(|seed| World::new(seed, world(60).size()));
    site.apply(first).await;
    is_cut(&site, second, "POST /v1/customers/").await;
    is_cut(&site, third, "POST /v1/customers/").await;
    site.apply(second).await;
    site.holds(second).await;
    are_called_as_in(&site, second);
}

#[tokio::test]
async fn cut_while_making_and_then_while_changing_it_ends_as_the_last_world_says() {
    let site = Site::at(Server::quick().await, Manners { tries: 1, ..HURRIED }).await;
    let [first, second] = [7, 8].map(|seed| World::new(seed, world(60).size()));
    is_cut(&site, first, "POST /v1/customers").await;
    is_cut(&site, second, "POST /v1/customers/").await;
    site.apply(first).await;
    site.holds(first).await;
    are_called_as_in(&site, first);
}

#[tokio::test]
async fn who_was_taken_away_by_hand_is_made_again_once_they_change() {
    let (site, first) = (Site::new().await, world(60));
    site.apply(first).await;
    site.server.account().customers.clear();
    site.server.account().subscriptions.clear();
    let second = World::new(8, first.size());
    site.apply(second).await;
    site.holds(second).await;
}

#[tokio::test]
async fn a_price_of_others_under_our_key_is_left_alone_and_named() {
    let site = Site::new().await;
    let theirs = serde_json::json!({
        "id": "price_theirs", "active": true, "lookup_key": "wwmaa_loadtest_premium", "livemode": false, "metadata": {}
    });
    site.server.account().prices.push(theirs.clone());
    let error = site.try_to_apply(world(40)).await.expect_err("it is in the way").to_string();
    assert!(error.contains("price_theirs is in the place of price/premium"), "{error}");
    assert_eq!(site.server.account().prices[0], theirs);
    assert!(site.server.account().customers.is_empty());
}
