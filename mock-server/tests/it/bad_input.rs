//! Whatever a client sends gets an answer with a reason, or an end, and the mock goes on.

use std::time::Duration;

use crate::rig::Rig;
use crate::wire::{self, Wire, exchange, get, post};

const LOGIN: &str = "/api/auth/login";

/// Limits that a test can wait for.
async fn impatient() -> Rig {
    Rig::with(|config| {
        config.limits.head = Duration::from_millis(50);
        config.limits.body = Duration::from_millis(50);
    })
    .await
}

async fn goes_on(rig: &Rig) {
    assert_eq!(wire::status(&exchange(rig, get("/health")).await), 200);
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_named_by_their_fault() {
    let rig = Rig::start().await;
    let deep = "[".repeat(10_000);
    let deep_in_place = format!(r#"{{"email":{deep}"#);
    for (body, says) in [
        (&b"\xff\xfe{}"[..], "json_invalid"),
        (b"{\"email\":\"\xc3\x28\",\"password\":\"x\"}", "json_invalid"),
        (deep.as_bytes(), "json_invalid"),
        (deep_in_place.as_bytes(), "json_invalid"),
        (b"{", "json_invalid"),
        (b"", "Field required"),
        (b"null", "value_error"),
        (b"[1,2]", "body"),
        (br#"{"email":7,"password":"x"}"#, "email"),
        (br#"{"email":"a@example.com","password":{"$ne":null}}"#, "password"),
        (br#"{"email":"a@example.com","password":1e999}"#, "body"),
    ] {
        let answer = exchange(&rig, post(LOGIN, body)).await;
        assert_eq!(wire::status(&answer), 422, "{answer}");
        assert!(answer.contains(says), "{says} is not in {answer}");
    }
    goes_on(&rig).await;
}

#[tokio::test]
async fn deep_json_is_refused_wherever_a_body_is_taken() {
    let rig = Rig::start().await;
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for route in contract::ENDPOINT_ROUTES.iter().filter(|route| route.starts_with("POST")) {
        let path = route.trim_start_matches("POST ").replace(['{', '}'], "");
        let answer = exchange(&rig, post(&path, deep.as_bytes())).await;
        assert!((400..500).contains(&wire::status(&answer)), "{route}: {answer}");
    }
    goes_on(&rig).await;
}

#[tokio::test]
async fn paths_and_queries_that_are_not_utf8_are_answered() {
    let rig = Rig::start().await;
    for (path, expected) in [
        ("/api/events/%ff%fe", 404),
        ("/api/events/%00", 404),
        // As the framework of the real one does it, what is not UTF-8 becomes U+FFFD.
        ("/api/search?q=%ff%c3%28", 200),
        ("/api/search?q=a&limit=%ff", 422),
        ("/api/search?q=a&limit=99999999999999999999", 422),
        ("/api/search?%ff=1", 422),
        ("/api/rtc/ws?token=%ff", 404),
    ] {
        let answer = exchange(&rig, get(path)).await;
        assert_eq!(wire::status(&answer), expected, "{path}: {answer}");
    }
    assert_eq!(wire::status(&exchange(&rig, b"GET /\xff\xfe HTTP/1.1\r\nhost: mock\r\n\r\n").await), 400);
    goes_on(&rig).await;
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let rig = Rig::start().await;
    let long = "x".repeat(70 * 1024);
    let line = format!("GET /health?{long} HTTP/1.1\r\nhost: mock\r\n\r\n");
    assert!(matches!(wire::status(&exchange(&rig, line).await), 414 | 431));
    let header = format!("GET /health HTTP/1.1\r\nhost: mock\r\nx-long: {long}\r\n\r\n");
    assert_eq!(wire::status(&exchange(&rig, header).await), 431);
    let many = format!("GET /health HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(2_000));
    assert_eq!(wire::status(&exchange(&rig, many).await), 431);
    goes_on(&rig).await;
}

#[tokio::test]
async fn what_is_no_http_ends_with_a_400() {
    let rig = Rig::start().await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"EHLO mock\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /health HTTP/1.1\r\nhost mock\r\n\r\n",
        b"POST /api/auth/login HTTP/1.1\r\nhost: mock\r\ncontent-length: -1\r\n\r\n",
        b"POST /api/auth/login HTTP/1.1\r\nhost: mock\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    ] {
        let answer = exchange(&rig, garbage).await;
        assert_eq!(wire::status(&answer), 400, "{garbage:?}: {answer}");
    }
    goes_on(&rig).await;
}

#[tokio::test]
async fn garbage_after_a_request_spoils_only_itself() {
    let rig = Rig::start().await;
    let mut bytes = b"GET /health HTTP/1.1\r\nhost: mock\r\n\r\n".to_vec();
    bytes.extend_from_slice(b"\x00\x01garbage\r\n\r\n");
    let answer = exchange(&rig, bytes).await;
    assert_eq!(wire::status(&answer), 200, "{answer}");
    assert!(answer.contains("HTTP/1.1 400"), "{answer}");
    goes_on(&rig).await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_acted_upon() {
    let rig = Rig::start().await;
    for head in ["content-length: 1000", "transfer-encoding: chunked"] {
        let mut wire = Wire::to(&rig).await;
        wire.say(format!("POST {LOGIN} HTTP/1.1\r\nhost: mock\r\n{head}\r\n\r\n")).await;
        wire.say("3\r\nabc").await;
        wire.half_close().await;
        let answer = wire.rest().await;
        assert!(answer.is_empty() || wire::status(&answer) == 400, "{answer}");
    }
    let broken = format!("POST {LOGIN} HTTP/1.1\r\nhost: mock\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n");
    let answer = exchange(&rig, broken).await;
    assert!(answer.is_empty() || wire::status(&answer) == 400, "{answer}");
    goes_on(&rig).await;
}

#[tokio::test]
async fn a_head_that_does_not_end_is_cut() {
    let rig = impatient().await;
    for begun in ["GET /health HTTP/1.1\r\nhost: mo", "P", "PRI * HTTP/2.0\r\n"] {
        let mut wire = Wire::to(&rig).await;
        wire.say(begun).await;
        assert_eq!(wire.rest().await, "", "{begun}");
    }
    // The second request of a connection as well as the first.
    let mut wire = Wire::to(&rig).await;
    wire.say("GET /health HTTP/1.1\r\nhost: mock\r\n\r\n").await;
    assert_eq!(wire::status(&wire.some().await), 200);
    wire.say("GET /hea").await;
    assert_eq!(wire.rest().await, "");
    goes_on(&rig).await;
}

#[tokio::test]
async fn a_body_that_does_not_end_is_answered_with_408() {
    let rig = impatient().await;
    let mut wire = Wire::to(&rig).await;
    wire.say(format!("POST {LOGIN} HTTP/1.1\r\nhost: mock\r\ncontent-length: 1000\r\n\r\n{{")).await;
    let answer = wire.rest().await;
    assert_eq!(wire::status(&answer), 408, "{answer}");
    let mut wire = Wire::to(&rig).await;
    let token = crate::rig::ADMIN_TOKEN;
    wire.say(format!(
        "POST /__admin/dataset HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {token}\r\n\
         transfer-encoding: chunked\r\n\r\n"
    ))
    .await;
    assert_eq!(wire::status(&wire.rest().await), 408);
    goes_on(&rig).await;
}

/// Time limits are for requests that were begun.
#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_may_stay() {
    let rig = Rig::start().await;
    let mut fresh = Wire::to(&rig).await;
    let mut used = Wire::to(&rig).await;
    used.say("GET /health HTTP/1.1\r\nhost: mock\r\n\r\n").await;
    assert_eq!(wire::status(&used.some().await), 200);
    tokio::time::advance(Duration::from_hours(1)).await;
    for wire in [&mut fresh, &mut used] {
        wire.say(get("/health")).await;
        assert_eq!(wire::status(&wire.some().await), 200);
    }
}
