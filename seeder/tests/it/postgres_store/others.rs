//! Rows of others beside the seeder's: never overwritten, never taken along, counted where they count.

use super::{Local, SMALL};
use crate::postgres_store::filling::tallies;

/// A booking of a colleague's on a seeded event that has seats left.
const COLLEAGUE: &str = "
    INSERT INTO users (id, email, password_hash, first_name, last_name)
    VALUES ('11111111-1111-4111-8111-111111111111', 'colleague@example.test', 'x', 'Bo', 'Li');
    INSERT INTO event_rsvps (id, event_id, user_id, email, first_name, last_name, status)
    SELECT gen_random_uuid(), id, '11111111-1111-4111-8111-111111111111', 'colleague@example.test', 'Bo', 'Li', 'confirmed'
    FROM events WHERE status = 'published' AND price > 0 AND current_registrations < capacity ORDER BY id LIMIT 1;
    UPDATE events e SET current_registrations = current_registrations + 1
    FROM event_rsvps r WHERE r.event_id = e.id AND r.email = 'colleague@example.test'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleagues_booking_keeps_its_seat_and_the_world_is_still_this_one() {
    let local = Local::filled().await;
    local.execute(COLLEAGUE).await;
    local.seed("verify", &SMALL).await.succeeds();
    let before = local.fingerprint().await;
    local.seed("apply", &SMALL).await.succeeds();
    assert_eq!(local.fingerprint().await, before, "nothing was to be written");
    // Another world has other bookings of the same events, and the colleague's counts among them.
    let other = [&SMALL[..], &["--seed=4"]].concat();
    local.seed("apply", &other).await.succeeds();
    let there = local.seed("verify", &other).await.stdout;
    assert!(there.contains("holds      postgres  events say how many seats are taken"), "{there}");
    assert!(!there.contains("DIFFERS"), "{there}");
    local.seed("apply", &SMALL).await.succeeds();
    local.seed("verify", &SMALL).await.succeeds();
    assert_eq!(
        local.number("SELECT count(*) FROM event_rsvps WHERE email = 'colleague@example.test'").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seats_that_load_took_stay_taken_when_the_world_is_applied_again() {
    let local = Local::filled().await;
    local
        .execute(
            "INSERT INTO event_rsvps (id, event_id, email, first_name, last_name, status)
             SELECT gen_random_uuid(), 'evt_load_test_small', 'loadtest+' || n || '@wwmaa.com', 'A', 'B', 'confirmed'
             FROM generate_series(1, 50) n;
             UPDATE events SET current_registrations = 50 WHERE id = 'evt_load_test_small'",
        )
        .await;
    local.seed("apply", &SMALL).await.succeeds();
    let taken = "SELECT current_registrations FROM events WHERE id = 'evt_load_test_small'";
    assert_eq!(local.number(taken).await, 50);
    local.execute("UPDATE events SET current_registrations = 7 WHERE id = 'evt_load_test_small'").await;
    let answer = local.seed("apply", &[&SMALL[..], &["--json"]].concat()).await.json();
    assert_eq!(tallies(&answer)["events"], [0, 1, 122, 0]);
    assert_eq!(local.number(taken).await, 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_took_the_place_of_a_missing_one_is_told_not_counted_as_there() {
    let local = Local::filled().await;
    local
        .execute(
            "WITH gone AS (DELETE FROM event_rsvps WHERE id = (SELECT id FROM event_rsvps WHERE status = 'confirmed'
                           ORDER BY id LIMIT 1) RETURNING event_id, email)
             INSERT INTO event_rsvps (id, event_id, email, first_name, last_name, status)
             SELECT gen_random_uuid(), event_id, email, 'Some', 'Body', 'confirmed' FROM gone",
        )
        .await;
    local
        .seed("apply", &SMALL)
        .await
        .fails_with(3, &["1 rows of event_rsvps stand where the world's belong"]);
    assert_eq!(local.number("SELECT count(*) FROM event_rsvps WHERE first_name = 'Some'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_the_ledger_does_not_know_is_not_overwritten_when_one_of_ours_is_missing() {
    let local = Local::filled().await;
    let larger = ["--users=600", "--instructors=20", "--events=120", "--content=301"];
    let world = fixtures::World::new(
        fixtures::DEFAULT_SEED,
        fixtures::Size {
            members: 600,
            instructors: 20,
            events: 120,
            content: 301,
            ..fixtures::Size::default()
        },
    );
    let theirs = format!(
        "DELETE FROM content WHERE id = (SELECT min(id::text)::uuid FROM content);
         INSERT INTO content (id, type, title, body, snippet, url)
         VALUES ('{}', 'guide', 'Somebody else''s', 'x', 'x', 'x')",
        world.content(300).id
    );
    local.execute(&theirs).await;
    local
        .seed("apply", &larger)
        .await
        .fails_with(3, &["1 rows of content stand where the world's belong", "rolled back"]);
    assert_eq!(local.number("SELECT count(*) FROM content WHERE title = 'Somebody else''s'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_would_take_rows_of_others_along_is_refused() {
    let local = Local::filled().await;
    for action in ["CASCADE", "SET NULL", "SET DEFAULT"] {
        let theirs = format!(
            "CREATE TABLE payments (id int PRIMARY KEY, user_id uuid REFERENCES users ON DELETE {action});
             INSERT INTO payments SELECT 1, id FROM users WHERE email = 'loadtest_user_0@wwmaa.com'"
        );
        local.execute(&theirs).await;
        let words = [
            "removing members",
            "1 rows of payments refer to rows of users by user_id",
            action,
            "whoever made them",
        ];
        local.seed("destroy", &["--yes"]).await.fails_with(3, &words[..3]);
        assert_eq!(
            local.number("SELECT count(*) FROM payments WHERE user_id IS NOT NULL").await,
            1,
            "{action}"
        );
        local.execute("DROP TABLE payments").await;
        local.seed("apply", &SMALL).await.succeeds();
    }
    local.seed("destroy", &["--yes"]).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_about_accounts_are_for_the_seeded_ones() {
    let local = Local::filled().await;
    local.execute(COLLEAGUE).await;
    local
        .execute(
            "UPDATE users SET tier = 'premium', created_at = now() WHERE email = 'colleague@example.test'",
        )
        .await;
    local.seed("verify", &SMALL).await.succeeds();
}
