//! Databases that cannot be reached, do not let the seeder in, or fail under it.

use super::{Local, SMALL, command_at};
use crate::command::finish_from_async;
use crate::full_disk::FullDisk;
use crate::servers::free_port;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_not_there_is_named() {
    let local = Local::empty().await;
    let url = local.database.url_at(free_port());
    finish_from_async(command_at(&url, &["apply"])).await.fails_with(
        3,
        &["Postgres, connecting to Postgres at 127.0.0.1:", "Is it running", "Nothing was written"],
    );
    let other = local.database.url().replace(local.database.name(), "no_such_database");
    finish_from_async(command_at(&other, &["apply"]))
        .await
        .fails_with(3, &["\"no_such_database\" does not exist"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_told_and_never_repeated() {
    let local = Local::empty().await;
    let role = local.database.role("LOGIN PASSWORD 'right'").await;
    let url = local.database.url_as(&role.name, "hushhush");
    let ran = finish_from_async(command_at(&url, &["apply"])).await;
    ran.fails_with(
        3,
        &["password authentication failed", "Check the user, password or key", "Nothing was written"],
    );
    assert!(!ran.stderr.contains("hushhush"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_may_not_write_is_told_so() {
    let local = Local::filled().await;
    let role = local.database.role("LOGIN PASSWORD 'right'").await;
    let grant = format!(
        "GRANT USAGE ON SCHEMA wwmaa_seed TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA public, wwmaa_seed TO {role};
         GRANT TEMPORARY ON DATABASE {database} TO {role}",
        role = role.name,
        database = local.database.name(),
    );
    local.execute(&grant).await;
    let url = local.database.url_as(&role.name, "right");
    let seed = |verb: &str| command_at(&url, &[&[verb], &SMALL[..]].concat());
    finish_from_async(seed("verify")).await.succeeds();
    local.execute("UPDATE users SET first_name = 'x' WHERE email = 'loadtest_user_0@wwmaa.com'").await;
    finish_from_async(seed("apply")).await.fails_with(
        3,
        &["writing members", "permission denied for table users", "needs more rights", "0 of "],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_takes_no_writes_is_told_so() {
    let local = Local::filled().await;
    let sql = format!("ALTER DATABASE {} SET default_transaction_read_only = on", local.database.name());
    local.execute(&sql).await;
    let ran = local.seed("apply", &SMALL).await;
    ran.fails_with(3, &["read-only transaction", "Point the settings at the primary"]);
    local.seed("verify", &SMALL).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_shut_down_under_the_rows_is_a_cut() {
    let local = Local::filled().await;
    // Whoever works is ended once it has begun to write.
    local
        .execute(
            "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
             CREATE TRIGGER stop BEFORE INSERT ON content FOR EACH STATEMENT EXECUTE FUNCTION stop()",
        )
        .await;
    let ran = local.seed("apply", &[&SMALL[..], &["--seed=8"]].concat()).await;
    ran.fails_with(3, &["writing content", "Run the same command again", "are in place and in the ledger"]);
    local.execute("DROP TRIGGER stop ON content").await;
    local.seed("apply", &[&SMALL[..], &["--seed=8"]].concat()).await.succeeds();
    local.seed("verify", &[&SMALL[..], &["--seed=8"]].concat()).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_goes_missing_is_told() {
    let local = Local::filled().await;
    local.execute("DROP TABLE subscriptions CASCADE").await;
    local
        .seed("apply", &SMALL)
        .await
        .fails_with(3, &["table subscriptions is missing", "Nothing was written"]);
    local.seed("verify", &SMALL).await.fails_with(3, &["table subscriptions is missing"]);
}

/// Needs a small disk, which only root can make: `./test` runs it then, and says so when it cannot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a small file system: ./test mounts one when it is root"]
async fn a_full_disk_is_told_and_the_same_command_completes_once_there_is_room() {
    let disk = FullDisk::new().await;
    let mut apply =
        crate::command::command(&["apply", "--environment=local", "--stores=postgres", "--scale=1"]);
    apply.env("LOCAL_DATABASE_URL", disk.database.url());
    let ran = finish_from_async(apply).await;
    ran.fails_with(
        3,
        &["No space left on device", "Make room, then run the same command again", "in the ledger"],
    );
    disk.make_room();
    let mut again = crate::command::command(&["apply", "--environment=local", "--stores=postgres"]);
    again.env("LOCAL_DATABASE_URL", disk.database.url());
    finish_from_async(again).await.succeeds();
    let mut verify = crate::command::command(&["verify", "--environment=local", "--stores=postgres"]);
    verify.env("LOCAL_DATABASE_URL", disk.database.url());
    finish_from_async(verify).await.succeeds();
}
