//! Databases whose tables somebody else made.

use super::{Local, SMALL};

/// Adopts a database that is not empty.
async fn adopted(sql: &str) -> Local {
    let local = Local::empty().await;
    local.execute(sql).await;
    let name = local.database.name().to_owned();
    local.seed("adopt", &["--database-name", &name]).await.succeeds();
    local
}

/// The tables as the platform would make them: other types that hold the same, columns the seeder does not know.
fn platform() -> String {
    include_str!("../../../migrations/0001_tables.sql")
        .replace("email         ", "tenant text DEFAULT 'wwmaa', email ")
        .replace("text NOT NULL", "varchar(2000) NOT NULL")
        .replace("bigint NOT NULL", "numeric(12) NOT NULL")
        .replace(
            "user_id           uuid REFERENCES users",
            "user_id           uuid REFERENCES users, note text",
        )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_the_platforms_own_are_filled_as_they_are() {
    let local = adopted(&platform()).await;
    local.seed("apply", &SMALL).await.succeeds();
    local.seed("verify", &SMALL).await.succeeds();
    let before = local.fingerprint().await;
    local.seed("apply", &SMALL).await.succeeds();
    assert_eq!(local.fingerprint().await, before);
    let made = "SELECT count(*) FROM pg_class WHERE relname = 'migrations'";
    assert_eq!(local.number(made).await, 0, "no migration ran");
    local.seed("destroy", &["--yes"]).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_difference_is_listed_and_nothing_is_written() {
    let local = adopted(&platform()).await;
    local
        .execute(
            "ALTER TABLE users DROP COLUMN tier; ALTER TABLE events ALTER COLUMN start_date TYPE timestamp;
             ALTER TABLE content ALTER COLUMN tags DROP DEFAULT, ALTER COLUMN tags TYPE jsonb USING to_jsonb(tags);
             ALTER TABLE users ALTER COLUMN last_name TYPE varchar(12);
             ALTER TABLE subscriptions ADD COLUMN invoice text NOT NULL;
             ALTER TABLE training_sessions DROP CONSTRAINT training_sessions_pkey; DROP TABLE event_rsvps",
        )
        .await;
    local.seed("apply", &SMALL).await.fails_with(
        3,
        &[
            "users.tier is missing (text)",
            "users.last_name has room for 12 characters, 40 are needed",
            "events.start_date is timestamp without time zone, timestamp with time zone is needed",
            "content.tags is jsonb, text[] is needed",
            "subscriptions.invoice must be given a value",
            "training_sessions.id is not unique",
            "table event_rsvps is missing",
            "Nothing was written",
        ],
    );
    assert_eq!(local.number("SELECT count(*) FROM users").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_scripts_names_are_views_of_the_same_rows() {
    let local = Local::filled().await;
    for (view, table) in [
        (
            "SELECT count(*) FROM legacy.events WHERE status = 'active'",
            "SELECT count(*) FROM events WHERE status = 'published'",
        ),
        (
            "SELECT count(location_city || location_state || location_zip) FROM legacy.events",
            "SELECT count(*) FROM events",
        ),
        ("SELECT sum(price * 100) FROM legacy.events", "SELECT sum(price) FROM events"),
        (
            "SELECT count(*) FROM legacy.subscriptions WHERE tier = 'elite'",
            "SELECT count(*) FROM subscriptions WHERE tier = 'lifetime'",
        ),
        ("SELECT count(password_hash) FROM legacy.users", "SELECT count(*) FROM users"),
        ("SELECT count(author) FROM legacy.content", "SELECT count(instructor_id) FROM content"),
        ("SELECT count(*) FROM legacy.event_rsvps", "SELECT count(*) FROM event_rsvps"),
        ("SELECT count(*) FROM legacy.instructors", "SELECT count(*) FROM instructors"),
    ] {
        let (view, table) = (local.number(view).await, local.number(table).await);
        assert_eq!(view, table);
        assert!(table > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guides_indexes_are_there() {
    let local = Local::filled().await;
    for index in [
        "%events%(status, start_date, event_type)%",
        "%events%(city, state)%",
        "%events%(instructor_id)%",
        "%events%gin%title%description%",
        "%event_rsvps%(event_id, user_id)%",
        "%event_rsvps%(user_id, status)%",
        "%event_rsvps%(event_id, status)%",
        "%users%(email) WHERE (status = 'active'%",
        "%users%(first_name, last_name, status)%",
    ] {
        let quoted = index.replace('\'', "''");
        let found =
            local.number(&format!("SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '{quoted}'")).await;
        assert!(found >= 1, "{index}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_stand_where_the_worlds_belong_are_told_and_left_alone() {
    let local = adopted(&platform()).await;
    let others = "INSERT INTO users (id, email, password_hash, first_name, last_name)
                  SELECT gen_random_uuid(), 'loadtest_user_' || n || '@wwmaa.com', 'x', 'Old', 'Script'
                  FROM generate_series(0, 9) n";
    local.execute(others).await;
    local.seed("apply", &SMALL).await.fails_with(
        3,
        &[
            "10 rows of users stand where the world's belong",
            "loadtest_user_",
            "the first seed script",
            "rolled back whole",
        ],
    );
    assert_eq!(local.number("SELECT count(*) FROM users").await, 10);
    local.seed("destroy", &["--yes"]).await.succeeds();
    assert_eq!(local.number("SELECT count(*) FROM users WHERE last_name = 'Script'").await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_missing_tables_are_made_beside_the_platforms_own() {
    let local = adopted(&platform()).await;
    local.execute("DROP TABLE training_sessions").await;
    local
        .seed("apply", &SMALL)
        .await
        .fails_with(3, &["table training_sessions is missing", "`seed --migrate` make"]);
    local.seed("apply", &[&SMALL[..], &["--migrate"]].concat()).await.succeeds();
    local.seed("verify", &SMALL).await.succeeds();
    local.execute("ALTER TABLE users DROP COLUMN tier CASCADE; DROP TABLE content CASCADE").await;
    local
        .seed("apply", &["--migrate"])
        .await
        .fails_with(3, &["users.tier is missing", "Nothing was written"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_without_addresses_are_listed_like_every_difference() {
    let local = adopted("CREATE TABLE users (id uuid PRIMARY KEY, name text)").await;
    local.seed("apply", &SMALL).await.fails_with(3, &["users.email is missing", "table events is missing"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_went_missing_later_is_made_again() {
    let local = Local::filled().await;
    local.execute("DROP TABLE training_sessions").await;
    local.seed("apply", &SMALL).await.fails_with(3, &["table training_sessions is missing"]);
    local.seed("apply", &[&SMALL[..], &["--migrate"]].concat()).await.succeeds();
    local.seed("verify", &SMALL).await.succeeds();
}
