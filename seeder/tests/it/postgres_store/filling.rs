//! Putting a world in place: once, again, and another one over it.

use std::collections::BTreeMap;

use fixtures::{DEFAULT_SEED, Size, World};
use serde_json::Value;

use super::{Local, SMALL};
use crate::applying;

fn small() -> World {
    World::new(
        DEFAULT_SEED,
        Size { members: 600, instructors: 20, events: 120, content: 300, ..Size::default() },
    )
}

/// What became of each table, from the answer of a verb.
pub(crate) fn tallies(answer: &Value) -> BTreeMap<String, [u64; 4]> {
    let count = |line: &Value, word: &str| line[word].as_u64().expect("a count");
    answer["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| {
            let counts = ["created", "updated", "unchanged", "deleted"].map(|word| count(line, word));
            (line["table"].as_str().expect("a table").to_owned(), counts)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_command_fills_an_empty_database_and_verify_agrees() {
    let local = Local::empty().await;
    let answer = local.seed("apply", &[&SMALL[..], &["--json"]].concat()).await.json();
    let counts = small().counts();
    let tallies = tallies(&answer);
    assert_eq!(tallies["users"], [counts.member, 0, 0, 0]);
    assert_eq!(tallies["event_rsvps"], [counts.rsvp, 0, 0, 0]);
    assert_eq!(tallies["training_sessions"], [counts.session, 0, 0, 0]);
    assert_eq!(local.number("SELECT count(*) FROM event_rsvps").await, counts.rsvp.cast_signed());

    let table = local.seed("verify", &SMALL).await.succeeds();
    assert!(table.contains("It holds exactly this world") && !table.contains("DIFFERS"), "{table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_writes_nothing() {
    let local = Local::filled().await;
    let before = local.fingerprint().await;
    let answer = local.seed("apply", &[&SMALL[..], &["--json"]].concat()).await.json();
    for (table, [created, updated, unchanged, deleted]) in tallies(&answer) {
        assert_eq!([created, updated, deleted], [0, 0, 0], "{table}");
        assert!(unchanged > 0, "{table}");
    }
    assert_eq!(local.fingerprint().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_seed_gives_the_same_digests_in_two_databases_and_in_the_mock() {
    let json = [&SMALL[..], &["--json"]].concat();
    let (one, two) = (Local::filled().await, Local::filled().await);
    let digests = one.seed("verify", &json).await.json()["digests"].clone();
    assert_eq!(digests, two.seed("verify", &json).await.json()["digests"]);
    assert_eq!(digests, serde_json::json!(small().digests()));

    let url = applying::mock().await;
    applying::seed(&url, "apply", &SMALL).await.succeeds();
    assert_eq!(digests, applying::seed(&url, "verify", &json).await.json()["digests"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_rows_that_say_something_else_are_written() {
    let local = Local::filled().await;
    local.execute("UPDATE users SET first_name = 'Somebody' WHERE email = 'loadtest_user_7@wwmaa.com'").await;
    local.execute("DELETE FROM content WHERE id = (SELECT min(id::text)::uuid FROM content)").await;
    let plan = local.seed("plan", &[&SMALL[..], &["--json"]].concat()).await.json();
    let applied = local.seed("apply", &[&SMALL[..], &["--json"]].concat()).await.json();
    assert_eq!(tallies(&plan), tallies(&applied), "the plan said what would be done");
    let members = small().counts().member;
    assert_eq!(tallies(&applied)["users"], [0, 1, members - 1, 0]);
    assert_eq!(tallies(&applied)["content"], [1, 0, 299, 0]);
    local.seed("verify", &SMALL).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_writes_nothing_and_an_empty_database_has_all_to_come() {
    let local = Local::empty().await;
    let plan = local.seed("plan", &[&SMALL[..], &["--json"]].concat()).await.json();
    assert_eq!(tallies(&plan)["users"], [small().counts().member, 0, 0, 0]);
    assert_eq!(local.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'wwmaa_seed'").await, 0);
    local.seed("apply", &SMALL).await.succeeds();
    let before = local.fingerprint().await;
    let text = local.seed("plan", &SMALL).await.succeeds();
    assert!(text.contains("Nothing was written."), "{text}");
    assert_eq!(local.fingerprint().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_larger_world_keeps_the_rows_it_shares_and_a_smaller_one_gives_the_others_back() {
    let local = Local::filled().await;
    let larger = ["--users=900", "--instructors=20", "--events=130", "--content=300"];
    let answer = local.seed("apply", &[&larger[..], &["--json"]].concat()).await.json();
    let users = tallies(&answer)["users"];
    assert_eq!(users, [330, 0, 660, 0]);
    local.seed("verify", &larger).await.succeeds();
    local.seed("verify", &SMALL).await.fails_with(99, &[]);

    let answer = local.seed("apply", &[&SMALL[..], &["--json"]].concat()).await.json();
    assert_eq!(tallies(&answer)["users"], [0, 0, 660, 330]);
    local.seed("verify", &SMALL).await.succeeds();
    let others = "SELECT count(DISTINCT world) FROM wwmaa_seed.chunks";
    assert_eq!(local.number(others).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_seed_is_another_world() {
    let local = Local::filled().await;
    let other = [&SMALL[..], &["--seed=7"]].concat();
    local.seed("apply", &other).await.succeeds();
    local.seed("verify", &other).await.succeeds();
    local.seed("verify", &SMALL).await.fails_with(99, &[]);
    let clean = [&SMALL[..], &["--clean", "--yes"]].concat();
    local.seed("apply", &clean).await.succeeds();
    local.seed("verify", &SMALL).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wanted_numbers_are_kept() {
    let local = Local::empty().await;
    let wanted = [&SMALL[..], &["--subscriptions=50", "--rsvps=6000"]].concat();
    local.seed("apply", &wanted).await.succeeds();
    assert_eq!(local.number("SELECT count(*) FROM subscriptions").await, 50);
    let rsvps = local.number("SELECT count(*) FROM event_rsvps").await;
    assert!((5_000..7_000).contains(&rsvps), "{rsvps} RSVPs");
    local.seed("verify", &wanted).await.succeeds();
}

#[test]
fn the_password_of_every_account_opens_its_hash() {
    assert!(bcrypt::verify(fixtures::PASSWORD, fixtures::PASSWORD_BCRYPT).expect("a hash"));
    assert!(!bcrypt::verify("test_password_124", fixtures::PASSWORD_BCRYPT).expect("a hash"));
}
