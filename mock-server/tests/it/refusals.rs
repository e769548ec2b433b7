//! What nobody should send: refused with a reason, in FastAPI's words, and never with a 5xx.

use contract::events::LOAD_EVENT;
use serde_json::{Value, json};

use crate::rig::Rig;

/// Sends a body as it is, and reads the status and the detail.
async fn sends(rig: &Rig, path: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let answer = rig.request("POST", path).body(body).send().await.expect("an answer");
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.expect("a refusal says why, in JSON");
    (status, body["detail"].clone())
}

#[tokio::test]
async fn bodies_that_are_no_json_of_ours() {
    let rig = Rig::start().await;
    let deep = "[".repeat(100_000);
    let wide = format!(r#"{{"email": {}, "password": "b"}}"#, "9".repeat(5_000));
    let zipped: &[u8] = b"\x1f\x8b\x08\x00\x00";
    let bodies: &[(&str, &[u8], &str)] = &[
        ("nothing", b"", "missing"),
        ("XML", b"<a/>", "json_invalid"),
        ("a form", b"email=a&password=b", "json_invalid"),
        ("compressed", zipped, "json_invalid"),
        ("a byte order mark", b"\xef\xbb\xbf{}", "json_invalid"),
        ("UTF-16", b"\xff\xfe{\0}\0", "json_invalid"),
        ("not UTF-8", b"{\"email\": \"\xff\", \"password\": \"b\"}", "json_invalid"),
        ("half a surrogate", br#"{"email": "\ud800", "password": "b"}"#, "json_invalid"),
        ("a number that is none", br#"{"email": NaN, "password": "b"}"#, "json_invalid"),
        ("a number without end", wide.as_bytes(), "json_invalid"),
        ("too deep", deep.as_bytes(), "json_invalid"),
        ("more than one value", br#"{"email": "a", "password": "b"} {}"#, "json_invalid"),
        ("cut off", br#"{"email": "a", "password": "#, "json_invalid"),
        ("a key twice", br#"{"email": "a", "email": "b", "password": "b"}"#, "value_error"),
        ("null", b"null", "value_error"),
        ("a list of the fields", br#"["loadtest_user_0@wwmaa.com", "x"]"#, "model_attributes_type"),
        ("another type", br#"{"email": ["a"], "password": "b"}"#, "value_error"),
    ];
    for (what, body, kind) in bodies {
        let (status, detail) = sends(&rig, "/api/auth/login", body.to_vec()).await;
        assert_eq!((status, detail[0]["type"].as_str()), (422, Some(*kind)), "{what}: {detail}");
    }
}

#[tokio::test]
async fn depth_is_bounded_where_anything_may_be_sent() {
    let rig = Rig::start().await;
    let path = format!("/api/events/{LOAD_EVENT}/rsvp");
    let who = json!({ "email": "ana@example.com", "first_name": "Ana", "last_name": "Silva" });
    let body = |details: &str| {
        format!(
            r#"{{"participant": {who}, "payment": {{"payment_method": "pm_card_visa", "billing_details": {details}}}}}"#
        )
    };
    for details in [format!("{}{}", "[".repeat(1_000), "]".repeat(1_000)), "1e400".to_owned()] {
        let (status, detail) = sends(&rig, &path, body(&details)).await;
        assert_eq!((status, &detail[0]["type"]), (422, &json!("json_invalid")), "{detail}");
    }
    let fits = body(&format!("{}{}", "[".repeat(100), "]".repeat(100)));
    assert_eq!(sends(&rig, &path, fits).await.0, 201);
}

#[tokio::test]
async fn fields_at_their_limits_pass_and_beyond_do_not() {
    let rig = Rig::start().await;
    let path = format!("/api/events/{LOAD_EVENT}/rsvp");
    let limits = [
        ("first_name", "x".repeat(100), "x".repeat(101)),
        ("last_name", "é".repeat(100), "é".repeat(101)),
        ("phone", "1".repeat(20), "1".repeat(21)),
        ("email", format!("{}@example.com", "a".repeat(64)), format!("{}@example.com", "a".repeat(65))),
        ("email", "søren@example.com".to_owned(), format!("{}@example.com", "a".repeat(10_000))),
        ("email", "ana+1@example.com".to_owned(), "a\u{ff20}example.com".to_owned()),
        ("email", "ana+2@example.com".to_owned(), "an\u{200b}a@example.com".to_owned()),
        ("email", "ana+3@example.com".to_owned(), "an\0a@example.com".to_owned()),
    ];
    for (number, (field, fits, beyond)) in limits.iter().enumerate() {
        let with = |value: &str| {
            let mut who =
                json!({ "email": format!("limit{number}@example.com"), "first_name": "A", "last_name": "B" });
            who[field] = json!(value);
            json!({ "participant": who }).to_string()
        };
        let (status, detail) = sends(&rig, &path, with(beyond)).await;
        assert_eq!((status, &detail[0]["loc"][2]), (422, &json!(field)), "{field}: {detail}");
        assert_eq!(sends(&rig, &path, with(fits)).await.0, 201, "{field}: {fits}");
    }
}

#[tokio::test]
async fn paths_and_queries_that_make_no_sense() {
    let rig = Rig::start().await;
    let events = "/api/events";
    for (target, status) in [
        (format!("{events}/%FF"), 404),
        (format!("{events}/%"), 404),
        (format!("{events}/%00"), 404),
        (format!("{events}/{}", "a".repeat(6_000)), 404),
        (format!("{events}?limit=%FF"), 422),
        (format!("{events}?limit"), 422),
        (format!("{events}?limit=1%00"), 422),
        (format!("{events}?limit=1e2"), 422),
        (format!("{events}?limit=%D9%A3"), 422),
        (format!("{events}?page=4294967296"), 422),
        (format!("{events}?date_to=%2B262142-12-31"), 400),
        (format!("{events}/search?q=%20"), 422),
        // The first of a name counts, and what has no meaning is ignored.
        (format!("{events}?limit=5&limit=x"), 200),
        (format!("{events}?&&=&%"), 200),
        (format!("{events}?{}", "a=b&".repeat(10_000)), 200),
        // The last page there can be, and the last entry.
        (format!("{events}?page=4294967295&limit=100"), 200),
        (format!("{events}?offset=4294967295&limit=1"), 200),
        ("/api/search?q=judo&offset=4294967295".to_owned(), 200),
        (format!("/api/search?q={}", "%F0%9F%A5%8B".repeat(500)), 200),
        (format!("/api/search?q={}", "%F0%9F%A5%8B".repeat(501)), 422),
    ] {
        let (got, body) = rig.sends("GET", &target, None, None).await;
        assert_eq!(got, status, "{target}: {body}");
        assert_eq!(body["detail"].is_null(), status == 200, "{target}: {body}");
    }
}

#[tokio::test]
async fn methods_that_a_path_does_not_have() {
    let rig = Rig::start().await;
    for path in ["/api/events", "/health", "/", "/__admin/audit", "/ws/sessions/test_session_001"] {
        for method in ["OPTIONS", "TRACE", "PATCH", "PUT", "DELETE", "QUERY", "get"] {
            let answer = rig.request(method, path).send().await.expect("an answer");
            assert_eq!(answer.status(), 405, "{method} {path}");
            assert_eq!(answer.headers()["allow"], "GET,HEAD", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn tokens_that_are_none() {
    let rig = Rig::start().await;
    let long = format!("Bearer {}", "a".repeat(60_000));
    for (header, status) in [
        (&b"Bearer \xff\xfe"[..], 403),
        (b"", 403),
        (b"Bearer", 403),
        (b"Basic YTpi", 403),
        (b"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", 401),
        (long.as_bytes(), 401),
    ] {
        let value = reqwest::header::HeaderValue::from_bytes(header).expect("a header");
        let answer = rig.get("/api/auth/me").header("authorization", value).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{}", String::from_utf8_lossy(header));
        assert!(answer.json::<Value>().await.expect("JSON")["detail"].is_string());
    }
}
