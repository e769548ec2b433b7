//! The layer that holds answers, on paused time: an hour of latency takes no time here.

use std::collections::BTreeMap;
use std::time::Duration;

use fixtures::profiles::{Capacity, Pool, Profile, Route, Scope, Seen, Stage};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::live::join;
use crate::rig::Rig;

const JOIN: &str = "POST /api/rtc/sessions/{session_id}/join";
const SESSION: &str = contract::rtc::LOAD_SESSION;

/// Joining takes exactly this long, of which it holds the only server of a pool for `hold_ms`.
pub(crate) fn slow_join(millis: f64, hold_ms: f64) -> Profile {
    let pool =
        Pool { capacity: Capacity::Servers(1), queue: 0, acquire_timeout_ms: 1_000.0, scope: Scope::Process };
    let route = Route {
        min: millis,
        p50: millis,
        p95: millis,
        p99: millis,
        p999: millis,
        cap: millis,
        seen: Seen::Unloaded,
        stages: vec![Stage { pool: "db".to_owned(), hold_ms }],
        rows: None,
    };
    Profile {
        name: "slow".to_owned(),
        pools: BTreeMap::from([("db".to_owned(), pool)]),
        routes: BTreeMap::from([(JOIN.to_owned(), route)]),
        ..Profile::instant()
    }
}

async fn truth(rig: &Rig) -> Value {
    let answer = rig.admin("GET", "/__admin/truth").send().await.expect("an answer");
    let routes: Value = answer.json().await.expect("JSON");
    let routes = routes.as_array().expect("a list");
    routes.iter().find(|truth| truth["route"] == JOIN).cloned().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn an_answer_takes_its_time_and_says_so() {
    let rig = Rig::with(|config| config.profile = slow_join(400.0, 30.0)).await;
    let path = format!("/api/rtc/sessions/{SESSION}/join");
    let request = rig.post(&path, &json!({"user_id": "ann", "participant_name": "Ann"}));
    let answer = request.send().await.expect("an answer");
    let timing = answer.headers()["server-timing"].to_str().expect("text");
    assert_eq!(timing, "queue;dur=0.000, db;dur=30.000, app;dur=370.000, total;dur=400.000");
    let truth = truth(&rig).await;
    assert_eq!((&truth["count"], &truth["in_flight"]), (&json!(1), &json!(0)));
    for side in ["planned", "held"] {
        let p50 = truth[side]["p50"].as_u64().expect("microseconds");
        assert!((395_000..410_000).contains(&p50), "{side}: {p50}");
    }
    // Health is never delayed, and what nobody asked for is not in the books.
    let health = rig.get("/health").send().await.expect("an answer");
    assert!(health.headers()["server-timing"].to_str().expect("text").starts_with("app;dur="));
    let reset = rig.admin("POST", "/__admin/truth/reset").send().await.expect("an answer");
    assert!(reset.status().is_success());
    assert_eq!(self::truth(&rig).await, Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_a_503_that_says_when_to_come_back() {
    let rig = Rig::with(|config| config.profile = slow_join(5_000.0, 4_500.0)).await;
    let path = format!("/api/rtc/sessions/{SESSION}/join");
    let ask = |user: &str| rig.post(&path, &json!({"user_id": user, "participant_name": "x"})).send();
    let (one, two) = tokio::join!(ask("ann"), ask("bob"));
    let mut answers = [one.expect("an answer"), two.expect("an answer")];
    answers.sort_by_key(reqwest::Response::status);
    assert_eq!(answers.each_ref().map(|answer| answer.status().as_u16()), [200, 503]);
    assert_eq!(answers[1].headers()["retry-after"], "5");
    assert_eq!(truth(&rig).await["refused"], 1);
    let [_, refused] = answers;
    let refused: Value = refused.json().await.expect("JSON");
    assert!(refused["detail"].as_str().expect("a sentence").contains("overloaded"));
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_has_still_changed_the_state() {
    let rig = Rig::with(|config| config.profile = slow_join(60_000.0, 50_000.0)).await;
    let address = rig.base.strip_prefix("http://").expect("plain HTTP").to_owned();
    let body = r#"{"user_id":"hasty","participant_name":"Hasty"}"#;
    let head = format!(
        "POST /api/rtc/sessions/{SESSION}/join HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut hasty = TcpStream::connect(&address).await.expect("a connection");
    hasty.write_all((head + body).as_bytes()).await.expect("it is sent");
    // Another connection's answer comes after the first connection's request was read.
    assert_eq!(truth(&rig).await["in_flight"], 1);
    drop(hasty);
    // Paused time: this passes at once, and takes the request past its point of effect.
    tokio::time::sleep(Duration::from_mins(2)).await;
    let truth = truth(&rig).await;
    assert_eq!(
        (&truth["abandoned"], &truth["count"], &truth["in_flight"]),
        (&json!(1), &json!(0), &json!(0))
    );
    assert_eq!(join(&rig, SESSION, "ann").await.1["participants"], 2);
}
