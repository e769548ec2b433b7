//! Through a pooler that hands every transaction to whichever server connection is free.

use super::{Local, SMALL, command_at};
use crate::command::finish_from_async;
use crate::pgbouncer::Pooler;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_works_through_a_transaction_mode_pooler() {
    let local = Local::empty().await;
    let pooler = Pooler::start(&local.database);
    let seed =
        |verb: &str, args: &[&str]| finish_from_async(command_at(&pooler.url(), &[&[verb], args].concat()));
    seed("apply", &SMALL).await.succeeds();
    let before = local.fingerprint().await;
    seed("apply", &SMALL).await.succeeds();
    assert_eq!(local.fingerprint().await, before);
    seed("verify", &SMALL).await.succeeds();
    seed("plan", &[&SMALL[..], &["--seed=3"]].concat()).await.succeeds();
    seed("apply", &[&SMALL[..], &["--seed=3", "--yes"]].concat()).await.succeeds();
    seed("reset-load", &[]).await.succeeds();
    seed("destroy", &["--yes"]).await.succeeds();
    assert_eq!(local.number("SELECT count(*) FROM users").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_seeders_do_not_meet_behind_a_pooler_either() {
    let local = Local::filled().await;
    let pooler = Pooler::start(&local.database);
    let mut connection = local.database.connect().await;
    let key = i64::from_be_bytes(*b"wwmaseed");
    let sql = format!("BEGIN; SELECT pg_advisory_xact_lock({key})");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("locked");
    finish_from_async(command_at(&pooler.url(), &[&["apply"], &SMALL[..]].concat()))
        .await
        .fails_with(3, &["another seeder is at work"]);
}
