//! What the account holds after applying, and after taking it away.

use seeder::tally::Tally;
use serde_json::Value;

use super::{Site, expected, world};

#[tokio::test]
async fn an_empty_account_is_filled_with_exactly_what_the_plan_says() {
    let (site, world) = (Site::new().await, world(60));
    let plan = site.plan(world).await;
    assert!(site.server.calls().is_empty(), "a plan sends nothing");
    assert_eq!(site.ledger.count().await, (0, 0), "a plan writes nothing");
    let lines = site.try_to_apply(world).await.expect("it applies");
    assert_eq!(lines, plan.lines);
    assert_eq!(site.server.calls().len() as u64, plan.calls);
    assert!((plan.minutes - plan.calls as f64 / 1200.0).abs() < 1e-9);
    site.holds(world).await;
}

#[tokio::test]
async fn the_second_time_nothing_is_sent() {
    let (site, world) = (Site::new().await, world(40));
    let created = site.apply(world).await.created;
    let calls = site.server.calls().len();
    assert_eq!(site.plan(world).await.calls, 0);
    assert_eq!(site.apply(world).await, Tally { unchanged: created, ..Tally::default() });
    assert_eq!(site.server.calls().len(), calls);
}

#[tokio::test]
async fn customers_carry_their_card_and_lead_back_to_the_database() {
    let (site, world) = (Site::new().await, world(60));
    site.apply(world).await;
    let account = site.server.account();
    for member in world.members() {
        let of_member = |customer: &&Value| customer["email"] == member.email;
        let customer = account.customers.iter().find(of_member);
        let Some(id) = &member.stripe_customer_id else {
            assert!(customer.is_none(), "{member:?} pays nothing");
            continue;
        };
        let customer = customer.expect("a paying member is a customer");
        assert_eq!(customer["metadata"]["wwmaa_customer_id"], **id);
        assert_eq!(
            customer["metadata"]["seed_key"],
            format!("customer/{:07}/{}", member.index, member.email)
        );
        assert_eq!(customer["name"], format!("{} {}", member.first_name, member.last_name));
        assert!(customer["invoice_settings"]["default_payment_method"].is_string());
    }
    let posts = site.server.calls().iter().filter(|call| call.path == "/v1/customers").count();
    assert_eq!(posts, expected(world).customers, "one call each");
}

#[tokio::test]
async fn subscriptions_bill_their_tier_and_end_as_the_world_says() {
    use contract::subscriptions::SubscriptionStatus::{Canceled, Expired};
    let (site, world) = (Site::new().await, world(120));
    site.apply(world).await;
    let account = site.server.account();
    let mut ending = 0;
    for subscription in world.subscriptions() {
        let customer = |c: &&Value| c["metadata"]["wwmaa_customer_id"] == *subscription.stripe_customer_id;
        let customer = account.customers.iter().find(customer).expect("they pay");
        let running: Vec<_> =
            account.running().into_iter().filter(|s| s["customer"] == customer["id"]).collect();
        if subscription.stripe_subscription_id.is_none() || subscription.status == Expired {
            assert!(running.is_empty(), "{subscription:?}");
            continue;
        }
        let price = &running[0]["items"]["data"][0]["price"];
        let lookup_key = format!("wwmaa_loadtest_{}", subscription.tier.as_str());
        assert_eq!(price["lookup_key"], lookup_key);
        let ends = subscription.cancel_at_period_end || subscription.status == Canceled;
        assert_eq!(running[0]["cancel_at_period_end"], ends);
        ending += usize::from(ends);
    }
    assert!(ending > 0);
}

#[tokio::test]
async fn prices_are_what_the_tiers_cost() {
    let site = Site::new().await;
    site.apply(world(0)).await;
    let account = site.server.account();
    let mut prices: Vec<_> = account
        .prices
        .iter()
        .map(|p| (p["lookup_key"].as_str(), p["unit_amount"].as_i64(), p["recurring"]["interval"].as_str()))
        .collect();
    prices.sort_unstable();
    assert_eq!(
        prices,
        [
            (Some("wwmaa_loadtest_basic"), Some(2900), Some("year")),
            (Some("wwmaa_loadtest_lifetime"), Some(14900), None),
            (Some("wwmaa_loadtest_premium"), Some(7900), Some("year")),
        ]
    );
}

#[tokio::test]
async fn destroying_takes_away_what_is_ours_and_nothing_else() {
    let (site, world) = (Site::new().await, world(40));
    let created = site.apply(world).await.created;
    let colleague =
        serde_json::json!({ "id": "cus_colleague", "livemode": false, "metadata": {}, "email": "a@b.c" });
    site.server.account().customers.push(colleague);
    assert_eq!(site.destroy().await, Tally { deleted: created, ..Tally::default() });
    assert_eq!(site.ledger.count().await, (0, 0));
    let account = site.server.account();
    assert_eq!(account.customers.len(), 1);
    assert_eq!((account.running().len(), account.on_sale()), (0, 0));
}

#[tokio::test]
async fn destroying_twice_or_after_somebody_else_did_is_fine() {
    let (site, world) = (Site::new().await, world(40));
    site.apply(world).await;
    site.server.account().customers.clear();
    site.server.account().subscriptions.clear();
    site.destroy().await;
    let calls = site.server.calls().len();
    assert_eq!(site.destroy().await, Tally::default());
    assert_eq!(site.server.calls().len(), calls);
}

#[tokio::test]
async fn applied_again_within_the_day_the_objects_are_new_and_the_archive_does_not_grow() {
    let (site, world) = (Site::new().await, world(40));
    for _ in 0..3 {
        site.apply(world).await;
        site.holds(world).await;
        site.destroy().await;
    }
    let account = site.server.account();
    assert_eq!((account.products.len(), account.prices.len()), (3, 3));
}

#[tokio::test]
async fn verify_finds_what_is_missing_and_what_is_there_twice() {
    let (site, world) = (Site::new().await, world(300));
    site.apply(world).await;
    site.holds(world).await;
    let removed = site.server.account().customers.remove(0);
    assert_eq!(site.failing(world).await, ["customers: all of the ledger are there"]);
    let mut twin = site.server.account().customers[0].clone();
    twin["id"] = "cus_twin".into();
    site.server.account().customers.extend([removed.clone(), twin]);
    assert_eq!(site.failing(world).await, ["customers: none is there twice"]);
    let mut unknown = removed;
    unknown["id"] = "cus_unknown".into();
    unknown["metadata"]["seed_key"] = "customer/9999999/x@example.com".into();
    site.server.account().customers.retain(|customer| customer["id"] != "cus_twin");
    site.server.account().customers.push(unknown);
    assert_eq!(site.failing(world).await, ["customers: no others carry a key"]);
    site.server.account().customers.retain(|customer| customer["id"] != "cus_unknown");
    site.server.account().customers[0]["metadata"] = serde_json::json!({});
    assert_eq!(site.failing(world).await, ["customers: all of the ledger are there"]);
}
