//! What `verify` finds: each lie by itself.

use super::{Local, SMALL};

/// Tells a lie in a database of its own and asserts that it is found.
async fn found(local: &Local, lie: &str, words: &[&str]) {
    local.execute(lie).await;
    let ran = local.seed("verify", &SMALL).await;
    assert_eq!(ran.code, 99, "{lie}: {ran:#?}");
    for word in words {
        assert!(ran.stdout.contains(word), "{lie}: `{word}` is not said: {}", ran.stdout);
    }
    // And told in so many words which rule it breaks: as many fail as are named.
    local.seed("apply", &SMALL).await.succeeds();
    local.seed("verify", &SMALL).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_differ_are_counted_and_apply_mends_them() {
    let local = Local::filled().await;
    found(&local, "UPDATE users SET phone = NULL WHERE email = 'loadtest_user_3@wwmaa.com'", &["DIFFERS"])
        .await;
    found(
        &local,
        "UPDATE users SET status = 'banned' WHERE email = 'loadtest_user_3@wwmaa.com'",
        &["DIFFERS"],
    )
    .await;
    let signs = "UPDATE event_rsvps SET waitlist_position = -waitlist_position";
    found(&local, signs, &["DIFFERS"]).await;
    found(&local, "UPDATE events SET title = 'x' WHERE id = 'evt_load_test_001'", &["DIFFERS"]).await;
    found(&local, "DELETE FROM content WHERE type = 'guide'", &["DIFFERS"]).await;
    found(
        &local,
        "UPDATE instructors SET password_hash = 'x' WHERE email = 'loadtest_instructor_3@wwmaa.com'",
        &["FAILS      postgres  every seeded account opens with the password of the load test: not so 1 times"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_rules_are_named() {
    let local = Local::filled().await;
    let seats = "UPDATE events SET capacity = 1 WHERE id = (SELECT event_id FROM event_rsvps WHERE status = 'attended' LIMIT 1)";
    found(&local, seats, &["FAILS      postgres  seats were within capacity at every moment"]).await;
    let counts = "UPDATE events SET current_registrations = current_registrations + 1 WHERE status = 'draft'";
    found(&local, counts, &["FAILS      postgres  events say how many seats are taken"]).await;
    let queue = "UPDATE event_rsvps SET waitlist_position = waitlist_position + 1 WHERE status = 'waitlist'";
    found(&local, queue, &["FAILS      postgres  those who wait are numbered in the order of asking"]).await;
    let order = "WITH p AS (SELECT id, event_id, promoted_at,
                             row_number() OVER (PARTITION BY event_id ORDER BY created_at) AS n FROM event_rsvps
                             WHERE promoted_at IS NOT NULL AND canceled_at IS NULL)
                 UPDATE event_rsvps r SET promoted_at = b.promoted_at + interval '1 second'
                 FROM p a, p b WHERE r.id = a.id AND a.n = 1 AND b.n = 2 AND a.event_id = b.event_id";
    found(&local, order, &["FAILS      postgres  the waitlist is first in, first out"]).await;
    let paid = "UPDATE event_rsvps SET amount = amount + 1 WHERE amount IS NOT NULL";
    found(&local, paid, &["FAILS      postgres  exactly those who had a seat of a paid event paid"]).await;
    let tier = "UPDATE users SET tier = 'free' WHERE tier = 'lifetime'";
    found(&local, tier, &["FAILS      postgres  exactly those who pay have a subscription"]).await;
    let joined = "UPDATE users SET created_at = now() WHERE email = 'loadtest_user_0@wwmaa.com'";
    found(&local, joined, &["FAILS      postgres  nobody booked before they joined"]).await;
    let customer = "UPDATE subscriptions SET stripe_customer_id = 'cus_other' WHERE status = 'active'";
    found(&local, customer, &["FAILS      postgres  a subscription is of its member's Stripe customer"])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dangling_references_are_found_where_no_constraint_forbids_them() {
    let local = Local::filled().await;
    local
        .execute(
            "ALTER TABLE event_rsvps DROP CONSTRAINT event_rsvps_event_id_fkey, DROP CONSTRAINT event_rsvps_user_id_fkey;
             ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_user_id_fkey;
             ALTER TABLE events DROP CONSTRAINT events_instructor_id_fkey;
             ALTER TABLE content DROP CONSTRAINT content_instructor_id_fkey;
             ALTER TABLE training_sessions DROP CONSTRAINT training_sessions_instructor_id_fkey",
        )
        .await;
    let nobody = "gen_random_uuid()";
    found(
        &local,
        "UPDATE event_rsvps SET event_id = 'none' || id WHERE amount > 0",
        &["FAILS      postgres  every booking is of an event"],
    )
    .await;
    found(
        &local,
        &format!("UPDATE event_rsvps SET user_id = {nobody} WHERE status = 'no_show'"),
        &["FAILS      postgres  every booking of a member is of one there is"],
    )
    .await;
    found(
        &local,
        &format!("UPDATE subscriptions SET user_id = {nobody} WHERE tier = 'basic'"),
        &["FAILS      postgres  every subscription is a user's"],
    )
    .await;
    for (table, rule) in [
        ("events", "whoever teaches an event is an instructor"),
        ("content", "whoever wrote an item is an instructor"),
        ("training_sessions", "whoever teaches a session is an instructor"),
    ] {
        let lie = format!("UPDATE {table} SET instructor_id = {nobody} WHERE instructor_id IS NOT NULL");
        found(&local, &lie, &[&format!("FAILS      postgres  {rule}")]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_world_is_not_judged_by_its_shape_and_a_bent_one_is() {
    let small = Local::filled().await;
    let text = small.seed("verify", &SMALL).await.succeeds();
    assert!(text.contains("not judged postgres  popularity of events follows Zipf's law: "), "{text}");

    let size = ["--users=2500", "--instructors=60", "--events=260", "--content=50"];
    let local = Local::empty().await;
    local.seed("apply", &size).await.succeeds();
    let text = local.seed("verify", &size).await.succeeds();
    for shape in
        ["15 % of members are premium", "follows Zipf's law: slope -", "opening burst and a last rush: "]
    {
        assert!(text.contains(shape), "{shape}: {text}");
    }
    assert!(!text.contains("not judged"), "{text}");
    local.execute("DELETE FROM event_rsvps r USING events e WHERE e.id = r.event_id AND e.event_type = 'tournament'").await;
    local.execute("UPDATE event_rsvps SET created_at = created_at - interval '9 days' * random()").await;
    local.execute("UPDATE users SET tier = 'premium' WHERE tier = 'basic'").await;
    let ran = local.seed("verify", &size).await;
    assert_eq!(ran.code, 99);
    for shape in [
        "25 % of members are basic",
        "popularity of events follows Zipf's law",
        "bookings come in an opening burst",
    ] {
        assert!(ran.stdout.contains(&format!("FAILS      postgres  {shape}")), "{shape}: {}", ran.stdout);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_world_of_many_events_has_the_same_shape() {
    let local = Local::empty().await;
    let many = ["--users=30000", "--instructors=100", "--events=5000", "--content=10", "--rsvps=150000"];
    local.seed("apply", &many).await.succeeds();
    let text = local.seed("verify", &many).await.succeeds();
    assert!(text.contains("holds      postgres  popularity of events follows Zipf's law"), "{text}");
}
