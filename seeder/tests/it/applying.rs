//! Against a real mock.

use mock_server::Config;
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot};

use crate::command::{Ran, seed_from_async};

const TOKEN: &str = "admin-token-of-the-tests";
const SMALL: [&str; 4] = ["--users=300", "--instructors=20", "--events=40", "--content=200"];

/// An empty mock without latency, on a port of its own; it ends with the test's runtime.
pub(crate) async fn mock() -> String {
    let config = Config { admin_token: TOKEN.to_owned(), ..Config::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        let ready = || tell.send(()).expect("the test waits");
        mock_server::serve_announced(listener, config, std::future::pending::<()>(), ready).await
    });
    told.await.expect("it is built");
    url
}

pub(crate) async fn seed(url: &str, verb: &str, more: &[&str]) -> Ran {
    let place = [verb, "--environment=mock", "--url", url, "--admin-token", TOKEN];
    seed_from_async(&[&place[..], more].concat()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_applied_is_what_is_held() {
    let url = mock().await;
    seed(&url, "verify", &SMALL).await.fails_with(99, &[]);

    let table = seed(&url, "apply", &SMALL).await.succeeds();
    assert!(table.contains("holds this world"), "{table}");
    assert!(table.contains(&format!("loadgen run --target {url}")), "{table}");

    let verdict = seed(&url, "verify", &SMALL).await.succeeds();
    assert!(verdict.contains("holds exactly this world"), "{verdict}");
    assert!(!verdict.contains("DIFFERS"), "{verdict}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_world_is_told_apart_and_replaces_the_first() {
    let url = mock().await;
    let other = [&SMALL[..], &["--seed=7"]].concat();
    seed(&url, "apply", &SMALL).await.succeeds();
    seed(&url, "verify", &other).await.fails_with(99, &[]);
    seed(&url, "apply", &other).await.succeeds();
    seed(&url, "verify", &other).await.succeeds();
    seed(&url, "verify", &SMALL).await.fails_with(99, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_counts_are_the_plan() {
    let url = mock().await;
    let json = [&SMALL[..], &["--json"]].concat();
    let plan: Value = serde_json::from_str(
        &crate::command::seed_from_async(&[&["plan"][..], &json].concat()).await.succeeds(),
    )
    .expect("JSON");
    let applied: Value = serde_json::from_str(&seed(&url, "apply", &json).await.succeeds()).expect("JSON");
    assert_eq!(applied["rows"]["sent"], plan["rows"]);
    assert_eq!(applied["rows"]["accepted"], plan["rows"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resetting_a_fresh_world_leaves_it_as_it_was() {
    let url = mock().await;
    seed(&url, "apply", &SMALL).await.succeeds();
    let table = seed(&url, "reset-load", &[]).await.succeeds();
    assert!(table.contains("ready for the next run"), "{table}");
    seed(&url, "verify", &SMALL).await.succeeds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_goes_to_standard_error_in_plain_lines() {
    let url = mock().await;
    let ran = seed(&url, "apply", &SMALL).await;
    assert!(ran.stderr.contains("seeding the mock: ") && !ran.stdout.contains("seeding"), "{ran:#?}");
}
