//! Seeders that are stopped, and seeders that meet.

use fixtures::Stream;

use super::{Local, SMALL, command_at};
use crate::command::{command, finish_from_async};
use crate::proxy::{Proxy, Then};

/// How many times the killed seeder is killed.
const TIMES: u64 = 20;

/// Bytes that a run of the small world sends at the least; a kill falls before as many.
const LEAST_SENT: u32 = 2_200_000;

/// What is killed at some moment: each round another world over the one before, so that rows are created, updated and
/// deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_a_seeder_is_completed_by_the_next() {
    let local = Local::empty().await;
    let mut moments = Stream::new(1, "kill", 0);
    for round in 0..TIMES {
        let seed = format!("--seed={round}");
        let world = [&SMALL[..], &[&seed]].concat();
        let limit = u64::from(moments.between(1, LEAST_SENT));
        let proxy = Proxy::start(local.database.port(), limit, Then::Stall).await;
        let apply = [&["apply", "--yes"], &world[..]].concat();
        let mut child = command_at(&local.database.url_at(proxy.port), &apply)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("it starts");
        let id = child.id();
        let mut ended = tokio::task::spawn_blocking(move || child.wait());
        tokio::select! {
            () = proxy.reached() => kill(id),
            status = &mut ended => panic!("round {round} ended unkilled, {} bytes sent: {status:?}", proxy.passed()),
        }
        ended.await.expect("waited").expect("ended");
        local.seed("apply", &world).await.succeeds();
        local.seed("verify", &world).await.succeeds();
    }
    local.seed("destroy", &["--yes"]).await.succeeds();
    for table in
        ["users", "instructors", "events", "event_rsvps", "subscriptions", "content", "training_sessions"]
    {
        assert_eq!(local.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(local.number("SELECT count(*) FROM wwmaa_seed.chunks").await, 0);
}

fn kill(id: u32) {
    let killed =
        std::process::Command::new("kill").args(["-9", &id.to_string()]).status().expect("kill runs");
    assert!(killed.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_under_the_rows_says_what_stands_and_the_same_command_completes_it() {
    let local = Local::empty().await;
    let proxy = Proxy::start(local.database.port(), 600_000, Then::Cut).await;
    let url = local.database.url_at(proxy.port);
    let ran = finish_from_async(command_at(&url, &[&["apply"], &SMALL[..]].concat())).await;
    ran.fails_with(
        3,
        &["chunks (", "are in place and in the ledger", "rolled back whole", "Run the same command again"],
    );
    assert!(proxy.passed() >= 600_000);
    assert!(local.number("SELECT count(*) FROM users").await > 0);
    local.seed("apply", &SMALL).await.succeeds();
    local.seed("verify", &SMALL).await.succeeds();
}

/// After `destroy`, Postgres takes the tables for empty ones, and goes on to when a run is stopped: joins with them would be
/// planned as if they were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_a_stopped_seeder_left_are_known_to_the_planner_before_they_are_compared() {
    let local = Local::filled().await;
    local.seed("destroy", &["--yes"]).await.succeeds();
    let apply = [&["apply"], &SMALL[..]].concat();
    let cut = Proxy::start(local.database.port(), 600_000, Then::Cut).await;
    finish_from_async(command_at(&local.database.url_at(cut.port), &apply)).await.fails_with(3, &[]);
    let taken_for_empty = "SELECT count(*) FROM pg_class WHERE oid = 'users'::regclass AND reltuples <= 0";
    assert_eq!(local.number(taken_for_empty).await, 1);
    let stalled = Proxy::start(local.database.port(), 150_000, Then::Stall).await;
    let mut child = command_at(&local.database.url_at(stalled.port), &apply)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    stalled.reached().await;
    assert_eq!(local.number(taken_for_empty).await, 0);
    kill(child.id());
    tokio::task::spawn_blocking(move || child.wait()).await.expect("waited").expect("ended");
    local.seed("apply", &SMALL).await.succeeds();
    local.seed("verify", &SMALL).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_stopped_seeder_left_can_be_destroyed() {
    let local = Local::empty().await;
    let proxy = Proxy::start(local.database.port(), 600_000, Then::Cut).await;
    let url = local.database.url_at(proxy.port);
    finish_from_async(command_at(&url, &[&["apply"], &SMALL[..]].concat())).await.fails_with(3, &[]);
    local.seed("destroy", &["--yes"]).await.succeeds();
    assert_eq!(local.number("SELECT count(*) FROM users").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_seeder_is_told_who_is_at_work_and_a_dead_one_is_in_nobodys_way() {
    let local = Local::empty().await;
    local.seed("apply", &SMALL).await.succeeds();
    let proxy = Proxy::start(local.database.port(), 500_000, Then::Stall).await;
    let mut first = command_at(
        &local.database.url_at(proxy.port),
        &[&["apply", "--yes", "--seed=5"], &SMALL[..]].concat(),
    )
    .stderr(std::process::Stdio::null())
    .stdout(std::process::Stdio::null())
    .spawn()
    .expect("it starts");
    proxy.reached().await;
    let user = local.database.user();
    local.seed("apply", &SMALL).await.fails_with(
        3,
        &["another seeder is at work", &format!("user {user}"), "since", "Nothing was written"],
    );
    // To look is not to write.
    local.seed("verify", &SMALL).await.fails_with(99, &[]);
    kill(first.id());
    tokio::task::spawn_blocking(move || first.wait()).await.expect("waited").expect("ended");
    local.seed("apply", &SMALL).await.succeeds();
    local.seed("verify", &SMALL).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_says_what_stands() {
    let local = Local::empty().await;
    let proxy = Proxy::start(local.database.port(), 400_000, Then::Stall).await;
    let child = command_at(&local.database.url_at(proxy.port), &[&["apply"], &SMALL[..]].concat())
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    proxy.reached().await;
    let interrupted = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(interrupted.success());
    let output =
        tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("waited").expect("ended");
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(said.contains("what was finished by then stands and is in the ledger"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_come_from_the_file_too() {
    let local = Local::empty().await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("settings");
    std::fs::write(&file, format!("# where\nLOCAL_DATABASE_URL={}\n", local.database.url()))
        .expect("written");
    let file = file.to_str().expect("UTF-8");
    let args = [&["plan", "--environment=local", "--env-file", file][..], &SMALL].concat();
    finish_from_async(command(&args)).await.succeeds();
    std::fs::write(file, "LOCAL_DATABASE_URL postgres://secret@127.0.0.1/x\n").expect("written");
    let ran = finish_from_async(command(&args)).await;
    ran.fails_with(2, &["the settings file", "LOCAL_DATABASE_URL", "NAME=value"]);
    assert!(!ran.stderr.contains("secret"), "{ran:?}");
    finish_from_async(command(&["plan", "--environment=local", "--env-file", "/nowhere"]))
        .await
        .fails_with(2, &["the settings file /nowhere"]);
}
