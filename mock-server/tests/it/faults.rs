//! Each fault against a real mock, over real sockets.

use std::io::ErrorKind;
use std::time::Duration;

use contract::stripe::EventKind;
use futures_util::StreamExt as _;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::holding::slow_join;
use crate::live::{Client, join};
use crate::profile::planned_ms;
use crate::rig::{ADMIN_TOKEN, Rig};
use crate::webhooks::{facts, ledger, now, signed};

const SESSION: &str = contract::rtc::LOAD_SESSION;
pub(crate) const PLANS: &str = "/api/subscriptions/plans";

/// A mock with one fault, always, and its `settings`.
pub(crate) async fn struck_by(settings: &str) -> Rig {
    let rig = Rig::start().await;
    put(&rig, settings).await;
    rig
}

pub(crate) async fn put(rig: &Rig, settings: &str) {
    let plan = format!("seed = 7\n[[fault]]\n{settings}\n");
    let answer = rig.admin("PUT", "/__admin/faults").body(plan).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{}", answer.text().await.expect("text"));
}

/// How many the plan's only fault met and struck.
pub(crate) async fn counts(rig: &Rig) -> (u64, u64) {
    let report: Value =
        rig.admin("GET", "/__admin/faults").send().await.expect("an answer").json().await.expect("JSON");
    let fault = &report["faults"][0];
    (fault["met"].as_u64().expect("a count"), fault["struck"].as_u64().expect("a count"))
}

async fn truth(rig: &Rig, route: &str) -> Value {
    let (_, routes) = rig.sends("GET", "/__admin/truth", None, Some(ADMIN_TOKEN)).await;
    let routes = routes.as_array().expect("a list").iter();
    routes.clone().find(|truth| truth["route"] == route).cloned().unwrap_or_default()
}

/// What comes over a connection of its own, and how it ends.
pub(crate) async fn raw(rig: &Rig, path: &str) -> (String, Option<ErrorKind>) {
    let address = rig.base.strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut received = Vec::new();
    let ended = stream.read_to_end(&mut received).await.err().map(|error| error.kind());
    (String::from_utf8(received).expect("text"), ended)
}

#[tokio::test]
async fn an_error_is_answered_in_fastapis_shape_and_nothing_happens() {
    let rig = struck_by("kind = \"error\"\nstatus = 503\nretry_after_s = 7").await;
    let answer = rig.get(PLANS).send().await.expect("an answer");
    assert_eq!(
        (answer.status(), &answer.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"7".parse().expect("a value"))
    );
    assert!(answer.headers().contains_key("server-timing"), "it took its planned time");
    assert_eq!(answer.json::<Value>().await.expect("JSON"), json!({ "detail": "Service Unavailable" }));
    assert_eq!(join(&rig, SESSION, "ann").await.0, 503);
    assert_eq!(counts(&rig).await, (2, 2));
    rig.admin("DELETE", "/__admin/faults").send().await.expect("an answer");
    assert_eq!(join(&rig, SESSION, "bob").await.1["participants"], 1, "ann never got in");
}

#[tokio::test]
async fn a_reset_is_a_reset_and_its_request_took_effect() {
    let rig = struck_by("kind = \"reset\"").await;
    assert_eq!(raw(&rig, PLANS).await, (String::new(), Some(ErrorKind::ConnectionReset)));
    let path = format!("/api/rtc/sessions/{SESSION}/join");
    let lost = rig.post(&path, &json!({ "user_id": "ann", "participant_name": "Ann" })).send().await;
    assert!(lost.is_err());
    let truth = truth(&rig, "GET /api/subscriptions/plans").await;
    assert_eq!(
        (&truth["count"], &truth["abandoned"], &truth["in_flight"]),
        (&json!(0), &json!(1), &json!(0))
    );
    rig.admin("DELETE", "/__admin/faults").send().await.expect("an answer");
    assert_eq!(join(&rig, SESSION, "bob").await.1["participants"], 2, "ann is in");
}

#[tokio::test]
async fn an_empty_reply_is_an_end_without_a_byte() {
    let rig = struck_by("kind = \"empty-reply\"").await;
    assert_eq!(raw(&rig, PLANS).await, (String::new(), None));
    assert_eq!(truth(&rig, "GET /api/subscriptions/plans").await["abandoned"], 1);
}

#[tokio::test]
async fn on_http_2_a_lost_answer_costs_its_stream_only() {
    for kind in ["reset", "empty-reply"] {
        let rig = struck_by(&format!("kind = \"{kind}\"\nroute = \"GET {PLANS}\"")).await;
        let address = rig.base.strip_prefix("http://").expect("plain HTTP");
        let stream = TcpStream::connect(address).await.expect("a connection");
        let io = hyper_util::rt::TokioIo::new(stream);
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut client, connection) =
            hyper::client::conn::http2::handshake(executor, io).await.expect("HTTP/2");
        tokio::spawn(connection);
        let request = |path: &str| {
            let request = http::Request::get(format!("http://{address}{path}"));
            request.body(http_body_util::Empty::<bytes::Bytes>::new()).expect("a request")
        };
        let lost = client.send_request(request(PLANS)).await;
        assert!(lost.is_err(), "{kind}");
        let health = client.send_request(request("/health")).await.expect("the connection goes on");
        assert_eq!(health.status(), 200);
    }
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_promised() {
    let rig = struck_by("kind = \"truncate\"\nbytes = 10").await;
    let (text, _) = raw(&rig, PLANS).await;
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a promise");
    assert!(length.parse::<usize>().expect("a number") > 10, "{head}");
    assert_eq!(body.len(), 10, "{body}");
    put(&rig, "kind = \"truncate\"").await;
    assert!(rig.get(PLANS).send().await.expect("a head").bytes().await.is_err());
    let head = rig.request("HEAD", PLANS).send().await.expect("an answer");
    assert_eq!(head.headers()["content-length"].to_str().expect("text"), length, "HEAD has no body to cut");
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_comes_whole_and_late() {
    let rig = Rig::start().await;
    let whole = rig.get(PLANS).send().await.expect("an answer").bytes().await.expect("a body");
    for (settings, pieces_per_s) in [
        ("kind = \"slow-drip\"\npiece_bytes = 10\nevery_ms = 100", 10.0),
        ("kind = \"bandwidth\"\nbytes_per_s = 200", 20.0),
    ] {
        put(&rig, settings).await;
        let get = async || rig.get(PLANS).send().await.expect("an answer").bytes().await.expect("a body");
        // The first piece comes at once; a piece less than the rest need is too little time.
        let pieces = (whole.len() as f64 / 10.0).ceil();
        let too_short = Duration::from_secs_f64((pieces - 2.0) / pieces_per_s);
        assert!(timeout(too_short, get()).await.is_err(), "{settings}: faster than {too_short:?}");
        assert_eq!(get().await, whole);
    }
}

#[tokio::test(start_paused = true)]
async fn added_latency_is_planned_and_so_the_truth_knows_it() {
    let rig = struck_by("kind = \"latency\"\nms = 400").await;
    let answer = rig.get(PLANS).send().await.expect("an answer");
    let timing = answer.headers()["server-timing"].to_str().expect("text");
    assert!(timing.ends_with("total;dur=400.000"), "{timing}");
    let truth = truth(&rig, "GET /api/subscriptions/plans").await;
    for side in ["planned", "held"] {
        let p50 = truth[side]["p50"].as_u64().expect("microseconds");
        assert!((395_000..410_000).contains(&p50), "{side}: {p50}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stall_holds_everybody_until_it_is_over() {
    let rig = struck_by("kind = \"stall\"\nfor_s = 60").await;
    let in_it = planned_ms(&rig).await;
    assert!((55_000.0..=60_000.0).contains(&in_it), "{in_it} ms");
    let after = planned_ms(&rig).await;
    assert!(after < 1e-9, "{after} ms");
}

#[tokio::test(start_paused = true)]
async fn a_brown_out_leaves_a_pool_short_until_it_is_over() {
    let rig = Rig::with(|config| config.profile = slow_join(400.0, 30.0)).await;
    put(&rig, "kind = \"brown-out\"\npool = \"db\"\nservers = 1\nfor_s = 60").await;
    let (status, refusal) = join(&rig, SESSION, "ann").await;
    assert_eq!(status, 503, "{refusal}");
    assert_eq!(counts(&rig).await, (1, 1));
    // Paused time: this passes at once, and takes the window past its end.
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(join(&rig, SESSION, "ann").await.0, 200);
}

/// Servers of the pool that are held now.
async fn held(rig: &Rig) -> u64 {
    let pools: Value =
        rig.admin("GET", "/__admin/pools").send().await.expect("an answer").json().await.expect("JSON");
    pools["pools"][0]["held"].as_u64().unwrap_or_else(|| panic!("a count: {pools}"))
}

#[tokio::test(start_paused = true)]
async fn a_brown_out_ends_when_its_plan_is_stopped_started_or_replaced() {
    let rig = Rig::with(|config| config.profile = slow_join(1.0, 600_000.0)).await;
    let plan = "kind = \"brown-out\"\npool = \"db\"\nservers = 9\nfrom_s = 10\nfor_s = 60";
    let window = Duration::from_secs(10);
    // Paused time: these pass at once, and take the plan into its window.
    let strike = async || {
        tokio::time::sleep(window).await;
        rig.get(PLANS).send().await.expect("an answer");
    };
    put(&rig, plan).await;
    strike().await;
    let all = held(&rig).await;
    assert!(all > 0);
    for (method, path) in [("POST", "/start"), ("POST", "/stop"), ("PUT", ""), ("DELETE", "")] {
        let change = rig.admin(method, &format!("/__admin/faults{path}"));
        let change =
            if method == "PUT" { change.body(format!("seed = 7\n[[fault]]\n{plan}")) } else { change };
        assert_eq!(change.send().await.expect("an answer").status(), 200);
        assert_eq!(held(&rig).await, 0, "{method} {path}");
        assert_eq!(join(&rig, SESSION, "ann").await.0, 200);
        put(&rig, plan).await;
        strike().await;
        assert_eq!(held(&rig).await, all, "{method} {path}: nothing is taken twice");
    }
}

#[tokio::test]
async fn a_brown_out_of_a_pool_that_is_gone_is_not_counted() {
    let rig = Rig::with(|config| config.profile = slow_join(1.0, 600_000.0)).await;
    put(&rig, "kind = \"brown-out\"\npool = \"db\"\nservers = 1\nfor_s = 3600").await;
    let off = rig.admin("PUT", "/__admin/profile").body("off").send().await.expect("an answer");
    assert_eq!(off.status(), 200);
    rig.get(PLANS).send().await.expect("an answer");
    assert_eq!(counts(&rig).await, (1, 0));
}

#[tokio::test]
async fn what_operators_ask_is_never_struck() {
    let rig = struck_by("kind = \"error\"\nstatus = 500").await;
    for path in ["/health", "/api/health", "/metrics", "/openapi.json"] {
        assert_eq!(rig.get(path).send().await.expect("an answer").status(), 200, "{path}");
    }
    assert!(rig.audit_holds().await);
    assert_eq!(counts(&rig).await, (0, 0));
    assert_eq!(rig.get("/").send().await.expect("an answer").status(), 500);
}

#[tokio::test]
async fn a_cut_socket_ends_without_a_goodbye_and_may_come_back() {
    let rig = Rig::start().await;
    put(&rig, "kind = \"ws-cut\"\nfor_s = 3600").await;
    let mut ann = Client::enter(&rig, "ann").await;
    match ann.socket.next().await {
        None | Some(Err(_)) => {}
        Some(Ok(frame)) => panic!("it is cut, not told {frame:?}"),
    }
    assert_eq!(counts(&rig).await, (1, 1));
    rig.admin("POST", "/__admin/faults/stop").send().await.expect("an answer");
    let mut again = Client::enter(&rig, "ann").await;
    again.say("osu").await;
    assert_eq!(again.next_chat().await, (1, "osu".to_owned()));
}

/// What one participant hears of five messages under this fault, the last of which is not struck.
async fn heard_under(kind: &str) -> Vec<u64> {
    let rig = struck_by(&format!("kind = \"{kind}\"")).await;
    let mut ann = Client::enter(&rig, "ann").await;
    for _ in 0..4 {
        ann.say("osu").await;
    }
    // Lost and duplicated messages have been dealt with once a pong, which comes in order, was answered.
    let mut heard = Vec::new();
    if kind != "chat-lost" {
        let delivered = if kind == "chat-duplicated" { 8 } else { 4 };
        for _ in 0..delivered {
            heard.push(ann.next_chat().await.0);
        }
    }
    let mut looks = 0;
    while counts(&rig).await.0 < 4 {
        looks += 1;
        assert!(looks < 10_000, "{kind} is not asked about four messages");
    }
    rig.admin("POST", "/__admin/faults/stop").send().await.expect("an answer");
    ann.say("last").await;
    heard.push(ann.next_chat().await.0);
    assert!(!rig.audit_holds().await, "the audit notices what did not arrive as it should");
    heard
}

#[tokio::test]
async fn chat_messages_are_lost_duplicated_and_reordered() {
    assert_eq!(heard_under("chat-lost").await, [5]);
    assert_eq!(heard_under("chat-duplicated").await, [1, 1, 2, 2, 3, 3, 4, 4, 5]);
    assert_eq!(heard_under("chat-reordered").await, [2, 1, 4, 3, 5]);
}

#[tokio::test]
async fn a_receiver_that_fails_takes_nothing() {
    let rig = struck_by("kind = \"webhook-5xx\"\nstatus = 502").await;
    let body = facts("evt_1", now()).0.render(EventKind::SubscriptionUpdated);
    assert_eq!(
        signed(&rig, body.clone()).await,
        (StatusCode::BAD_GATEWAY, json!({ "detail": "Bad Gateway" }))
    );
    assert_eq!(rig.get(PLANS).send().await.expect("an answer").status(), 200);
    rig.admin("DELETE", "/__admin/faults").send().await.expect("an answer");
    assert!(ledger(&rig).await.is_empty());
    assert_eq!(signed(&rig, body).await.1["status"], "success");
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_a_503_and_nothing_is_applied() {
    let rig = struck_by("kind = \"webhook-store-fails\"").await;
    let before = rig.digests().await;
    let body = facts("evt_1", now()).0.render(EventKind::SubscriptionUpdated);
    let (status, refusal) = signed(&rig, body.clone()).await;
    assert_eq!(status, 503, "{refusal}");
    assert_eq!(rig.digests().await, before);
    rig.admin("DELETE", "/__admin/faults").send().await.expect("an answer");
    assert_eq!(signed(&rig, body).await.1["status"], "success", "the next delivery is a new one");
    assert!(rig.audit_holds().await);
}
