//! What holds for every route: ids, unknown paths, wrong methods, bodies too large, operations.

use serde_json::{Value, json};

use crate::rig::Rig;

#[tokio::test]
async fn a_request_id_is_echoed_or_made() {
    let rig = Rig::start().await;
    let echoed = rig.get("/health").header("x-request-id", "abc-1").send().await.expect("an answer");
    assert_eq!(echoed.headers()["x-request-id"], "abc-1");
    let refused = rig.get("/nowhere").header("x-request-id", "abc-2").send().await.expect("an answer");
    assert_eq!(refused.headers()["x-request-id"], "abc-2");
    let made = rig.get("/health").send().await.expect("an answer");
    assert!(!made.headers()["x-request-id"].is_empty());
    let long = rig.get("/health").header("x-request-id", "x".repeat(4_000)).send().await.expect("an answer");
    assert!(long.headers()["x-request-id"].len() < 300, "an endless id is replaced");
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_say_so() {
    let rig = Rig::start().await;
    for path in ["/nowhere", "/api", "/api/auth/login/", "/api/subscriptions"] {
        let (status, body) = rig.sends("GET", path, None, None).await;
        assert_eq!((status.as_u16(), body), (404, json!({ "detail": "Not Found" })), "{path}");
    }
    for (path, method, allow) in [
        ("/api/auth/login", "GET", "POST"),
        ("/api/auth/me", "POST", "GET,HEAD"),
        ("/health", "DELETE", "GET,HEAD"),
        ("/api/webhooks/stripe", "PUT", "POST"),
    ] {
        let answer = rig.request(method, path).send().await.expect("an answer");
        assert_eq!(answer.status(), 405, "{method} {path}");
        assert_eq!(answer.headers()["allow"], allow, "{method} {path}");
        assert_eq!(answer.json::<Value>().await.expect("JSON"), json!({ "detail": "Method Not Allowed" }));
    }
}

#[tokio::test]
async fn every_answer_says_how_long_it_took() {
    let rig = Rig::start().await;
    for (method, path) in [
        ("GET", "/health"),
        ("GET", "/nowhere"),
        ("DELETE", "/health"),
        ("GET", "/api/instructors"),
        ("GET", "/metrics"),
        ("GET", "/__admin/audit"),
    ] {
        let answer = rig.request(method, path).send().await.expect("an answer");
        let timings: Vec<_> = answer.headers().get_all("server-timing").iter().collect();
        assert_eq!(timings.len(), 1, "{method} {path}");
        assert!(timings[0].to_str().expect("text").contains("app;dur="), "{method} {path}");
    }
}

#[tokio::test]
async fn a_trace_context_is_accepted_whatever_it_is() {
    let rig = Rig::start().await;
    for parent in ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "nonsense", ""] {
        let answer = rig.get("/api/instructors").header("traceparent", parent).send().await;
        assert_eq!(answer.expect("an answer").status(), 200, "{parent}");
    }
}

#[tokio::test]
async fn head_works_wherever_get_does() {
    let rig = Rig::start().await;
    for path in [
        "/health",
        "/api/health",
        "/api/subscriptions/plans",
        "/api/instructors",
        "/openapi.json",
        "/metrics",
    ] {
        let get = rig.get(path).send().await.expect("an answer");
        let head = rig.request("HEAD", path).send().await.expect("an answer");
        assert_eq!(head.status(), get.status(), "{path}");
        assert_eq!(head.headers()["content-type"], get.headers()["content-type"], "{path}");
        assert!(head.bytes().await.expect("a body").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_refused() {
    let rig = Rig::start().await;
    let fits = json!({ "email": "a@example.com", "password": "x".repeat(1024 * 1024 - 100) });
    assert_eq!(rig.sends("POST", "/api/auth/login", Some(fits), None).await.0, 400);
    let answer = rig.request("POST", "/api/auth/login").body(vec![b' '; 1024 * 1024 + 1]).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 413);
    assert!(answer.json::<Value>().await.expect("JSON")["detail"].is_string());
    let huge = rig.request("POST", "/api/webhooks/stripe").body(vec![b'x'; 5 * 1024 * 1024]).send().await;
    assert_eq!(huge.expect("an answer").status(), 413, "its sender gets to read the refusal");
}

#[tokio::test]
async fn health_says_which_environment_it_is() {
    let rig = Rig::with(|config| config.environment = "staging".to_owned()).await;
    for path in ["/health", "/api/health"] {
        let (status, health) = rig.sends("GET", path, None, None).await;
        assert_eq!(status, 200);
        assert_eq!(health["status"], "healthy");
        assert_eq!(health["environment"], "staging");
    }
}

#[tokio::test]
async fn every_endpoint_of_the_contract_is_there() {
    let rig = Rig::start().await;
    let (_, document) = rig.sends("GET", "/openapi.json", None, None).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut absent = Vec::new();
    for route in contract::ENDPOINT_ROUTES {
        let (method, template) = contract::endpoint::split_route(route);
        assert!(!document["paths"][template][method.to_lowercase()].is_null(), "{route}");
        let path = template.replace("{event_id}", "evt_load_test_001").replace(['{', '}'], "");
        let answer = rig.request(method, &path).send().await.expect("an answer");
        let is_unknown = answer.status() == 404
            && answer.json::<Value>().await.is_ok_and(|body| body == json!({ "detail": "Not Found" }));
        if is_unknown {
            absent.push(*route);
        }
    }
    assert_eq!(absent, Vec::<&str>::new());
}

#[tokio::test]
async fn parameters_out_of_range_are_a_422() {
    let rig = Rig::start().await;
    for query in ["limit=0", "limit=101", "limit=x", "limit=-1", "page=0"] {
        let (status, refusal) = rig.sends("GET", &format!("/api/instructors?{query}"), None, None).await;
        assert_eq!(status, 422, "{query}");
        assert_eq!(refusal["detail"][0]["loc"][0], "query", "{refusal}");
    }
}
