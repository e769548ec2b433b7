//! Removing: exactly what the ledger owns, and what load left.

use super::{Local, SMALL};
use crate::command::finish_from_async;

const TABLES: [&str; 7] =
    ["users", "instructors", "events", "event_rsvps", "subscriptions", "content", "training_sessions"];

/// Rows that somebody else put there.
const OTHERS: &str = "
    INSERT INTO instructors (id, email, password_hash, first_name, last_name, style, rank, city, state, years_experience)
    VALUES (gen_random_uuid(), 'ana@example.test', 'x', 'Ana', 'Lee', 'judo', 'Black Belt', 'Portland', 'OR', 9);
    INSERT INTO users (id, email, password_hash, first_name, last_name)
    VALUES (gen_random_uuid(), 'colleague@example.test', 'x', 'Bo', 'Li');
    INSERT INTO training_sessions (id, title, capacity, starts_at) VALUES ('theirs', 'A class', 10, now());";

async fn counts(local: &Local) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in TABLES {
        counts.push(local.number(&format!("SELECT count(*) FROM {table}")).await);
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn destroy_leaves_the_counts_as_they_were_before() {
    let local = Local::filled().await;
    local.seed("destroy", &["--yes"]).await.succeeds();
    assert_eq!(counts(&local).await, [0; 7]);

    local.execute(OTHERS).await;
    let before = counts(&local).await;
    local.seed("apply", &SMALL).await.succeeds();
    let text = local.seed("destroy", &["--yes"]).await.succeeds();
    assert!(text.contains("only what was removed is gone; 3 rows of others stay"), "{text}");
    assert_eq!(counts(&local).await, before);
    assert_eq!(local.number("SELECT count(*) FROM wwmaa_seed.chunks").await, 0);
    assert_eq!(local.number("SELECT count(*) FROM wwmaa_seed.marker").await, 1, "it stays adopted");

    let again = local.seed("destroy", &["--yes", "--json"]).await.json();
    let deleted = again["lines"].as_array().expect("lines").iter().map(|line| line["deleted"].as_u64());
    assert_eq!(deleted.flatten().sum::<u64>(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_can_answer_removal_must_be_meant() {
    let local = Local::filled().await;
    local.seed("destroy", &[]).await.fails_with(2, &["say --yes", "Nothing was written"]);
    let without_yes =
        async |args: &[&str]| finish_from_async(local.command(&[&["apply"], args].concat())).await;
    without_yes(&["--clean"]).await.fails_with(2, &["say --yes", "Nothing was written"]);
    without_yes(&["--users=5"]).await.fails_with(2, &["another world", "say --yes", "Nothing was written"]);
    without_yes(&[&SMALL[..], &["--seed=9"]].concat()).await.fails_with(2, &["another world", "say --yes"]);
    local.seed("verify", &SMALL).await.succeeds();
    // What only grows takes nothing away.
    without_yes(&["--users=700", "--instructors=20", "--events=120", "--content=300"]).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_others_refer_to_stay_until_those_are_gone() {
    let local = Local::filled().await;
    local
        .execute(
            "INSERT INTO event_rsvps (id, event_id, email, first_name, last_name, status)
             VALUES (gen_random_uuid(), 'evt_load_test_001', 'loadtest+1@wwmaa.com', 'A', 'B', 'confirmed')",
        )
        .await;
    local
        .seed("destroy", &["--yes"])
        .await
        .fails_with(3, &["removing load_events", "event_rsvps", "seed reset-load", "the ledger knows which"]);
    assert_eq!(local.number("SELECT count(*) FROM event_rsvps WHERE email LIKE 'loadtest+%'").await, 1);
    assert_eq!(local.number("SELECT count(*) FROM events WHERE id = 'evt_load_test_001'").await, 1);
    local.seed("reset-load", &[]).await.succeeds();
    local.seed("destroy", &["--yes"]).await.succeeds();
    assert_eq!(counts(&local).await, [0; 7]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resetting_load_removes_bookings_of_load_addresses_only_and_counts_again() {
    let local = Local::filled().await;
    let before = local.fingerprint().await;
    local.seed("reset-load", &[]).await.succeeds();
    assert_eq!(local.fingerprint().await, before, "there was nothing to remove");
    local
        .execute(
            "INSERT INTO event_rsvps (id, event_id, email, first_name, last_name, status)
             SELECT gen_random_uuid(), 'evt_load_test_small', 'loadtest+' || n || '@wwmaa.com', 'A', 'B',
                    CASE WHEN n > 50 THEN 'waitlist' ELSE 'confirmed' END FROM generate_series(1, 60) n;
             INSERT INTO event_rsvps (id, event_id, email, first_name, last_name, status)
             VALUES (gen_random_uuid(), 'evt_load_test_small', 'colleague@example.test', 'C', 'D', 'confirmed');
             UPDATE events SET current_registrations = 51, waitlist_count = 10 WHERE id = 'evt_load_test_small'",
        )
        .await;
    let text = local.seed("reset-load", &[]).await.succeeds();
    assert!(text.contains("ready for the next run"), "{text}");
    assert_eq!(
        local.number("SELECT count(*) FROM event_rsvps WHERE event_id = 'evt_load_test_small'").await,
        1
    );
    let counted =
        "SELECT current_registrations * 100 + waitlist_count FROM events WHERE id = 'evt_load_test_small'";
    assert_eq!(local.number(counted).await, 100, "one seat taken, nobody waits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_another_version_wrote_is_left_to_it() {
    let local = Local::filled().await;
    local.execute("UPDATE wwmaa_seed.chunks SET ids = 'other' WHERE part = 'content'").await;
    local.seed("destroy", &["--yes"]).await.fails_with(3, &["removing content", "use the version that did"]);
    assert!(local.number("SELECT count(*) FROM content").await > 0);
    local.execute("UPDATE wwmaa_seed.chunks SET world = replace(world, '\"format_version\":1', '\"format_version\":9')").await;
    local.seed("destroy", &["--yes"]).await.fails_with(3, &["world format 9", "let that one remove"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_was_ever_seeded_nothing_is_made_in_order_to_be_removed() {
    let local = Local::empty().await;
    for (verb, args) in [("destroy", &["--yes"][..]), ("reset-load", &[])] {
        let text = local.seed(verb, args).await.succeeds();
        assert!(text.contains("never put anything here"), "{text}");
    }
    let made = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('wwmaa_seed', 'legacy')";
    assert_eq!(local.number(made).await, 0);
}
