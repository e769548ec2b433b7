//! Settings that lead to another account than the one the ledger is for.

use seeder::SeedError;
use seeder::progress::Progress;
use seeder::tally::Tally;

use super::server::{Fault, RESTRICTED_KEYS};
use super::{Site, total, world};

#[track_caller]
fn is_refused(error: &SeedError, from: &str, to: &str) {
    assert_eq!(error.exit_code(), 3);
    let told = error.to_string();
    for part in [
        &format!("at `{from}`"),
        &format!("to `{to}`"),
        "Destroy them there first, with the old settings",
        "Nothing was written",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[tokio::test]
async fn nothing_is_written_removed_or_verified_in_another_account() {
    let site = Site::new().await;
    let created = site.apply(world(40)).await.created;
    let count = site.ledger.count().await;
    assert_eq!(site.ledger.place().await.as_deref(), Some("127.0.0.1/acct_1Pgwwmaa"));
    site.server.account().id = "acct_other".to_owned();
    let before = site.server.calls().len();
    let refused = |error: &SeedError| is_refused(error, "127.0.0.1/acct_1Pgwwmaa", "127.0.0.1/acct_other");
    refused(&site.try_to_apply(world(80)).await.expect_err("it would write"));
    refused(&site.try_to_apply(world(20)).await.expect_err("it would remove"));
    refused(&site.store().await.verify(world(40)).await.expect_err("it would look"));
    refused(&site.store().await.destroy(&mut Progress::Quiet).await.expect_err("it would remove"));
    let asked = site.server.calls().split_off(before);
    assert!(asked.iter().all(|call| call.path == "/v1/account") && asked.len() == 4, "{asked:?}");
    assert_eq!(site.ledger.count().await, count);

    site.server.account().id = "acct_1Pgwwmaa".to_owned();
    assert_eq!(site.destroy().await.deleted, created);
    assert_eq!(site.ledger.place().await, None);
    site.server.account().id = "acct_other".to_owned();
    site.apply(world(40)).await;
    assert_eq!(site.ledger.place().await.as_deref(), Some("127.0.0.1/acct_other"));
}

#[tokio::test]
async fn another_host_is_not_even_asked() {
    let site = Site::new().await;
    site.apply(world(20)).await;
    let calls = site.server.calls().len();
    let url = site.server.url.replace("127.0.0.1", "localhost");
    let error = site.open(super::KEY, &url).await.expect_err("it is another host");
    is_refused(&error, "127.0.0.1/acct_1Pgwwmaa", "localhost");
    assert_eq!(site.server.calls().len(), calls);
}

#[tokio::test]
async fn planning_and_looking_record_no_place_and_the_account_is_asked_once() {
    let site = Site::new().await;
    site.plan(world(40)).await;
    site.failing(world(40)).await;
    assert_eq!(site.ledger.place().await, None);
    let before = site.server.calls().len();
    site.apply(world(40)).await;
    let asked = site.server.calls().split_off(before);
    assert_eq!(asked.iter().filter(|call| call.path == "/v1/account").count(), 1);
    assert_eq!(asked[0].path, "/v1/account");
}

#[tokio::test]
async fn one_opened_before_the_ledger_was_filled_elsewhere_sends_nothing() {
    let site = Site::new().await;
    let url = site.server.url.replace("127.0.0.1", "localhost");
    let mut late = site.open(super::KEY, &url).await.expect("the ledger is empty");
    site.apply(world(20)).await;
    let calls = site.server.calls().len();
    late.plan(world(20)).await.expect_err("a plan");
    late.verify(world(20)).await.expect_err("a look");
    late.apply(world(20), &mut Progress::Quiet).await.expect_err("applying");
    late.destroy(&mut Progress::Quiet).await.expect_err("removing");
    assert_eq!(site.server.calls().len(), calls);
}

#[tokio::test]
async fn a_restricted_key_that_may_not_read_the_account_stands_for_it() {
    let (site, [key, other]) = (Site::new().await, RESTRICTED_KEYS);
    for fault in [Fault::Forbidden, Fault::Unauthorized] {
        site.server.misbehave("GET /v1/account", 0, 2, fault);
        let mut store = site.open(key, &site.server.url).await.expect("a test key");
        let created = total(&store.apply(world(20), &mut Progress::Quiet).await.expect("it applies")).created;
        let place = site.ledger.place().await.expect("it is recorded");
        let digest = place.strip_prefix("127.0.0.1/key-").expect("a digest");
        assert!(digest.len() == 16 && !key.contains(digest), "{place}");
        let mut store = site.open(other, &site.server.url).await.expect("a test key");
        let error = store.destroy(&mut Progress::Quiet).await.expect_err("it may be another account");
        assert!(error.to_string().contains(&place) && !error.to_string().contains("nobody"), "{error}");
        site.server.misbehave("GET /v1/account", 0, 1, fault);
        let mut store = site.open(key, &site.server.url).await.expect("a test key");
        let lines = store.destroy(&mut Progress::Quiet).await.expect("it goes");
        assert_eq!(total(&lines), Tally { deleted: created, ..Tally::default() });
    }
}

#[tokio::test]
async fn a_full_key_that_is_not_taken_stands_for_nothing() {
    let site = Site::new().await;
    site.server.misbehave("GET /v1/account", 0, 1, Fault::Unauthorized);
    let error = site.try_to_apply(world(20)).await.expect_err("the key is refused");
    assert!(error.exit_code() == 3 && error.to_string().contains("Invalid API Key"), "{error}");
    assert_eq!((site.ledger.count().await, site.ledger.place().await), ((0, 0), None));
}
