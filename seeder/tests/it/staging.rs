//! Staging as a whole: every store filled, checked and emptied by the command a person types.

use std::process::Command;

use serde_json::Value;

use crate::command::{Ran, command, finish_from_async};
use crate::servers::{Database, RedisServer};
use crate::zerodb::server::{API_KEY, PROJECT, Server};

/// A world of a few dozen rows with every query's known answers in it.
const TINY: [&str; 5] =
    ["--users=60", "--instructors=20", "--events=20", "--content=120", "--subscriptions=3"];

/// An adopted database, a Redis and a `ZeroDB`.
struct Staging {
    database: Database,
    redis: RedisServer,
    zerodb: Server,
}

impl Staging {
    async fn adopted() -> Self {
        let staging = Self {
            database: Database::empty().await,
            redis: RedisServer::start(&[]),
            zerodb: Server::start().await,
        };
        let name = staging.database.name().to_owned();
        staging.seed("adopt", &["--database-name", &name]).await.succeeds();
        staging
    }

    fn command(&self, verb: &str, args: &[&str]) -> Command {
        let mut command = command(&[&[verb, "--environment=staging"], args].concat());
        command
            .env("STAGING_DATABASE_URL", self.database.url())
            .env("STAGING_REDIS_URL", self.redis.url())
            .env("ZERODB_API_BASE_URL", &self.zerodb.url)
            .env("ZERODB_PROJECT_ID", PROJECT)
            .env("ZERODB_API_KEY", API_KEY);
        command
    }

    async fn seed(&self, verb: &str, args: &[&str]) -> Ran {
        finish_from_async(self.command(verb, args)).await
    }
}

/// How many lines of an answer created, updated or deleted something, by store.
fn changed(answer: &Value, store: &str) -> u64 {
    let lines = answer["lines"].as_array().expect("lines").iter().filter(|line| line["store"] == store);
    lines
        .map(|line| {
            ["created", "updated", "deleted"].iter().filter_map(|word| line[word].as_u64()).sum::<u64>()
        })
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_configured_store_is_filled_checked_and_emptied() {
    let staging = Staging::adopted().await;
    let json = [&TINY[..], &["--json"]].concat();
    let text = staging.seed("plan", &TINY).await.succeeds();
    assert!(
        text.contains("Redis is warmed from the tables") && text.contains("Nothing was written."),
        "{text}"
    );

    let applied = staging.seed("apply", &json).await.json();
    for store in ["postgres", "redis", "zerodb"] {
        assert!(changed(&applied, store) > 0, "{store}: {applied}");
    }
    let text = staging.seed("verify", &TINY).await.succeeds();
    for store in ["postgres", "redis", "zerodb"] {
        assert!(text.contains(store), "{store}: {text}");
    }
    let again = staging.seed("apply", &json).await.json();
    for store in ["postgres", "redis", "zerodb"] {
        assert_eq!(changed(&again, store), 0, "{store}: {again}");
    }
    let plan = staging.seed("plan", &json).await.json();
    assert_eq!(["postgres", "redis", "zerodb"].map(|store| changed(&plan, store)), [0; 3], "{plan}");

    staging.seed("destroy", &["--yes"]).await.succeeds();
    assert!(staging.zerodb.held().tables.values().all(|table| table.rows.is_empty()));
    let keys: Vec<String> =
        redis::cmd("KEYS").arg("*").query_async(&mut staging.redis.connect().await).await.expect("keys");
    assert_eq!(keys, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_stores_that_are_named_are_touched() {
    let staging = Staging::adopted().await;
    let postgres = [&TINY[..], &["--stores=postgres"]].concat();
    staging.seed("apply", &postgres).await.succeeds();
    assert!(staging.zerodb.held().tables.is_empty());
    let redis = [&TINY[..], &["--stores=redis", "--json"]].concat();
    let applied = staging.seed("apply", &redis).await.json();
    assert_eq!((changed(&applied, "postgres"), changed(&applied, "zerodb")), (0, 0));
    assert!(changed(&applied, "redis") > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_before_a_store_failed_is_shown_and_a_re_run_completes() {
    let staging = Staging::adopted().await;
    let mut command = staging.command("apply", &TINY);
    command.env("ZERODB_API_KEY", "wrong");
    // A key that is not taken is found out before anything is written.
    finish_from_async(command).await.fails_with(3, &["ZeroDB", "Nothing was written"]);

    let read_only = RedisServer::start(&["--replicaof", "127.0.0.1", "1"]);
    let mut command = staging.command("apply", &TINY);
    command.env("STAGING_REDIS_URL", read_only.url());
    let ran = finish_from_async(command).await;
    ran.fails_with(3, &["done before the error", "postgres  users", "Redis"]);
    staging.seed("apply", &TINY).await.succeeds();
    staging.seed("verify", &TINY).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_and_zerodb_must_be_stagings_too() {
    let staging = Staging::adopted().await;
    for (variable, value, words) in [
        ("STAGING_REDIS_URL", "redis://cache.example.com", "not on its list"),
        ("STAGING_REDIS_URL", "redis://cache.staging.wwmaa.com", "use rediss://"),
        ("STAGING_REDIS_URL", "redis://prod.staging.wwmaa.com", "`prod` in its name"),
        ("ZERODB_API_BASE_URL", "https://zerodb.example.com", "not on its list"),
        ("ZERODB_PROJECT_ID", "wwmaa-production", "`prod` in its name"),
    ] {
        let mut command = staging.command("apply", &TINY);
        command.env(variable, value);
        finish_from_async(command).await.fails_with(3, &["staging is refused", words, "Nothing was written"]);
    }
    assert!(staging.zerodb.held().tables.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_zerodb_project_is_refused_by_every_verb_until_the_first_is_emptied() {
    let staging = Staging::adopted().await;
    staging.seed("apply", &TINY).await.succeeds();
    let held = staging.zerodb.held();
    for (verb, args) in [("plan", &TINY[..]), ("apply", &TINY), ("verify", &TINY), ("destroy", &["--yes"])] {
        let mut command = staging.command(verb, args);
        command.env("ZERODB_PROJECT_ID", "another");
        let parts = [PROJECT, "127.0.0.1/another", "Destroy them there first", "Nothing was written"];
        finish_from_async(command).await.fails_with(3, &parts);
    }
    assert_eq!(staging.zerodb.held(), held);
    staging.seed("destroy", &["--yes"]).await.succeeds();
    assert!(staging.zerodb.held().tables.is_empty());
}

#[cfg(not(feature = "stripe"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_without_stripe_says_so() {
    let staging = Staging::adopted().await;
    let asked = [&TINY[..], &["--stores=stripe"]].concat();
    staging
        .seed("apply", &asked)
        .await
        .fails_with(2, &["this build has no Stripe", "cargo seed --features stripe"]);
    let mut command = staging.command("plan", &TINY);
    command.env("STRIPE_SECRET_KEY", "sk_test_123");
    let ran = finish_from_async(command).await;
    assert!(ran.stderr.contains("Stripe is configured, but not in this build"), "{ran:?}");
    ran.succeeds();
}

#[cfg(feature = "stripe")]
mod stripe {
    use super::{Staging, TINY, changed};
    use crate::command::finish_from_async;
    use crate::stripe::server::{KEY, Server};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn paying_members_become_customers_once() {
        let (staging, stripe) = (Staging::adopted().await, Server::quick().await);
        let seed = |verb: &'static str, more: &[&str]| {
            let mut command = staging.command(verb, &[&["--stores=postgres,stripe"], more].concat());
            command.env("STRIPE_SECRET_KEY", KEY).env("STRIPE_API_BASE", &stripe.url);
            finish_from_async(command)
        };
        let json = [&TINY[..], &["--json"]].concat();
        let plan = seed("plan", &json).await.json();
        let calls = plan["stripe"]["calls"].as_u64().expect("a number of calls");
        seed("apply", &TINY).await.succeeds();
        assert_eq!(stripe.account().customers.len(), 3);
        assert!(stripe.calls().len() as u64 <= calls, "{} calls, {calls} were planned", stripe.calls().len());
        seed("verify", &TINY).await.succeeds();
        let before = stripe.calls().len();
        let again = seed("apply", &json).await.json();
        assert_eq!(changed(&again, "stripe"), 0);
        assert_eq!(stripe.calls().len(), before, "nothing was asked");
        seed("destroy", &["--yes"]).await.succeeds();
        assert_eq!(stripe.account().customers.len(), 0);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_live_key_is_refused_before_anything_is_written() {
        let staging = Staging::adopted().await;
        for key in ["sk_live_abc", "rk_live_abc"] {
            let mut command = staging.command("apply", &TINY);
            command.env("STRIPE_SECRET_KEY", key);
            let ran = finish_from_async(command).await;
            ran.fails_with(3, &["staging is refused", "a live one", "Nothing was written"]);
            assert!(!ran.stderr.contains(key), "{ran:?}");
        }
        assert!(staging.zerodb.held().tables.is_empty());
    }
}
