//! What is refused before anything is sent: keys and addresses that do not prove what they are.

use seeder::stores::stripe::Stripe;
use seeder::{Environment, SeedError};

use super::ledger::Ledger;
use super::server::KEY;
use super::{Site, world};

async fn refusal(environment: Environment, key: &str, base_url: Option<&str>) -> SeedError {
    let ledger = Ledger::new().await;
    let objects = ledger.objects().await;
    Stripe::open(environment, key, base_url, objects).await.expect_err("it is refused")
}

#[tokio::test]
async fn live_keys_are_refused_everywhere() {
    for environment in [Environment::Local, Environment::Staging, Environment::Mock] {
        for key in ["sk_live_4eC39HqLyjWDarjtT1zdp7dc", "rk_live_51H"] {
            let error = refusal(environment, key, Some("http://127.0.0.1:1")).await;
            assert_eq!(error.exit_code(), 3);
            let told = error.to_string();
            assert!(told.contains("live") && told.contains("Nothing was written"), "{told}");
            assert!(!told.contains(key), "{told}");
        }
    }
}

#[tokio::test]
async fn what_is_no_test_key_is_refused() {
    for key in ["", "pk_test_1", "whsec_1", "sk_test", "SK_TEST_1", " sk_test_1", "sk_test_1\nx"] {
        assert_eq!(refusal(Environment::Staging, key, None).await.exit_code(), 3, "{key}");
    }
}

#[tokio::test]
async fn only_listed_hosts_are_asked() {
    let stripe = "https://api.stripe.com";
    let refused = [
        (Environment::Local, stripe),
        (Environment::Mock, stripe),
        (Environment::Mock, "http://127.0.0.1:1"),
        (Environment::Staging, "https://api.stripe.com.evil.example"),
        (Environment::Staging, "https://evil.example"),
        (Environment::Staging, "https://10.0.0.1"),
        (Environment::Staging, "https://127.0.0.1/prod"),
    ];
    for (environment, url) in refused {
        assert!(matches!(refusal(environment, KEY, Some(url)).await, SeedError::Unproven { .. }), "{url}");
    }
    // The key would be on its way in clear, or to somewhere else than it looks.
    for url in ["http://api.stripe.com", "ftp://api.stripe.com", "https://user@api.stripe.com", "nonsense"] {
        assert_eq!(refusal(Environment::Staging, KEY, Some(url)).await.exit_code(), 2, "{url}");
    }
}

#[tokio::test]
async fn what_may_be_a_secret_in_an_address_is_not_repeated() {
    for url in [
        "https://me:hunter2@api.stripe.com",
        "https://hunter2@127.0.0.1/",
        "https://api.stripe.com/?key=hunter2",
        "https://api.stripe.com/#hunter2",
        "ftp://me:hunter2@api.stripe.com",
        "http://me:hunter2@",
        "me:hunter2@api.stripe.com",
        "//me:hunter2@api.stripe.com",
    ] {
        let error = refusal(Environment::Staging, KEY, Some(url)).await;
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}: {error}");
    }
    let told =
        refusal(Environment::Staging, KEY, Some("https://me:hunter2@api.stripe.com")).await.to_string();
    assert!(told.contains("`https://api.stripe.com`: it must be no more"), "{told}");
}

#[tokio::test]
async fn an_object_in_live_mode_is_no_answer() {
    let site = Site::new().await;
    site.apply(world(20)).await;
    site.server.account().products[0]["livemode"] = true.into();
    let error = site.store().await.verify(world(20)).await.expect_err("it is about real money").to_string();
    assert!(error.contains("is an object in live mode"), "{error}");
}

#[tokio::test]
async fn it_says_where_it_is_and_never_the_key() {
    let ledger = Ledger::new().await;
    let store =
        Stripe::open(Environment::Staging, KEY, None, ledger.objects().await).await.expect("a test key");
    assert_eq!(store.describe(), "Stripe at api.stripe.com, test mode");
    assert!(!format!("{store:?}").contains("4eC39"));
}
