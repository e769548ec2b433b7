//! What Prometheus reads, and what a page draws.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use expect_test::expect;
use fixtures::profiles::{Profile, parse};
use serde_json::Value;

use crate::rig::Rig;

async fn scrape(rig: &Rig, accept: &str) -> (String, String) {
    let answer = rig.get("/metrics").header("accept", accept).send().await.expect("an answer");
    let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
    (kind, answer.text().await.expect("text"))
}

/// A profile with a pool and one slow route.
fn slow_plans() -> Profile {
    let text = "name = \"slow\"\n[pools.db]\nsize = 2\nqueue = 8\nacquire_timeout_ms = 1000\n\
        [routes.\"GET /api/subscriptions/plans\"]\nmin = 30\np50 = 40\np95 = 41\np99 = 42\np999 = 43\ncap = 44\nunloaded = true\n\
        stages = [{ pool = \"db\", hold_ms = 10 }]\n";
    parse(text, &contract::measured_routes().collect::<Vec<_>>()).expect("a profile")
}

#[tokio::test]
async fn an_answer_that_is_lost_is_counted_as_that_alone() {
    let rig = Rig::start().await;
    let plan = "seed = 1\n[[fault]]\nkind = \"reset\"\nroute = \"GET /api/subscriptions/plans\"\n";
    let planned = rig.admin("PUT", "/__admin/faults").body(plan).send().await.expect("an answer");
    assert_eq!(planned.status(), 200);
    rig.get("/api/subscriptions/plans").send().await.expect_err("its answer is lost");
    let (_, text) = scrape(&rig, "text/plain").await;
    assert!(text.contains("\nhttp_answers_lost_total 1\n"), "{text}");
    let counted = |line: &&str| line.starts_with("http_") && line.contains("/api/subscriptions/plans");
    assert_eq!(text.lines().filter(counted).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[tokio::test]
async fn counts_by_route_and_status() {
    let rig = Rig::start().await;
    for _ in 0..3 {
        rig.sends("GET", "/api/subscriptions/plans", None, None).await;
    }
    rig.sends("GET", "/api/auth/me", None, None).await;
    rig.sends("GET", "/nowhere", None, None).await;
    rig.sends("PUT", "/health", None, None).await;
    rig.admin("GET", "/__admin/audit").send().await.expect("an answer");
    let (kind, text) = scrape(&rig, "text/plain").await;
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    let is_golden = |line: &&str| {
        let name = line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ");
        let counted = ["http_requests", "http_internal", "http_response_size_bytes_count"];
        counted.iter().any(|start| name.starts_with(start))
            || name.starts_with("http_request_duration_seconds_count")
    };
    let golden: String = text.lines().filter(is_golden).flat_map(|line| [line, "\n"]).collect();
    expect![[r#"
        # HELP http_requests_in_flight Requests under way.
        # TYPE http_requests_in_flight gauge
        http_requests_in_flight 1
        # HELP http_internal_errors_total Answers with a 500.
        # TYPE http_internal_errors_total counter
        http_internal_errors_total 0
        # HELP http_requests_abandoned_total Requests whose client gave up.
        # TYPE http_requests_abandoned_total counter
        http_requests_abandoned_total 0
        # HELP http_requests_total Answers by route and status.
        # TYPE http_requests_total counter
        http_requests_total{route="unmatched",status="404"} 1
        http_requests_total{route="unmatched",status="405"} 1
        http_requests_total{route="/__admin",status="200"} 1
        http_requests_total{route="GET /api/auth/me",status="403"} 1
        http_requests_total{route="GET /api/subscriptions/plans",status="200"} 3
        http_request_duration_seconds_count{route="unmatched"} 2
        http_request_duration_seconds_count{route="/__admin"} 1
        http_request_duration_seconds_count{route="GET /api/auth/me"} 1
        http_request_duration_seconds_count{route="GET /api/subscriptions/plans"} 3
        http_response_size_bytes_count{route="unmatched"} 2
        http_response_size_bytes_count{route="/__admin"} 1
        http_response_size_bytes_count{route="GET /api/auth/me"} 1
        http_response_size_bytes_count{route="GET /api/subscriptions/plans"} 3
    "#]]
    .assert_eq(&golden);
}

#[tokio::test]
async fn every_family_there_is() {
    let rig = Rig::with(|config| config.profile = slow_plans()).await;
    rig.sends("GET", "/api/subscriptions/plans", None, None).await;
    let (_, text) = scrape(&rig, "").await;
    let families: String =
        text.lines().filter(|line| line.starts_with("# ")).flat_map(|line| [line, "\n"]).collect();
    expect![[r"
        # HELP http_requests_in_flight Requests under way.
        # TYPE http_requests_in_flight gauge
        # HELP http_internal_errors_total Answers with a 500.
        # TYPE http_internal_errors_total counter
        # HELP http_requests_abandoned_total Requests whose client gave up.
        # TYPE http_requests_abandoned_total counter
        # HELP http_answers_lost_total Answers that a fault of the plan lost.
        # TYPE http_answers_lost_total counter
        # HELP http_requests_total Answers by route and status.
        # TYPE http_requests_total counter
        # HELP http_request_duration_seconds From arrival to answer, by route.
        # TYPE http_request_duration_seconds histogram
        # HELP http_response_size_bytes Bodies whose size was known beforehand, by route.
        # TYPE http_response_size_bytes histogram
        # HELP mock_timer_bias_seconds How late timers were at the start; taken off every deadline.
        # TYPE mock_timer_bias_seconds gauge
        # HELP mock_pool_size Servers of a pool (of each event's, if per event).
        # TYPE mock_pool_size gauge
        # HELP mock_pool_held Servers held.
        # TYPE mock_pool_held gauge
        # HELP mock_pool_waiting Requests waiting for a server.
        # TYPE mock_pool_waiting gauge
        # HELP mock_pool_refused_total Requests a pool turned away (503).
        # TYPE mock_pool_refused_total counter
        # HELP mock_latency_planned_seconds What the model planned, by route.
        # TYPE mock_latency_planned_seconds histogram
        # HELP mock_latency_held_seconds What was really held, by route.
        # TYPE mock_latency_held_seconds histogram
        # HELP mock_connections_open Connections open.
        # TYPE mock_connections_open gauge
        # HELP mock_connections_max Connections that may be open.
        # TYPE mock_connections_max gauge
        # HELP mock_connections_accepted_total Connections accepted.
        # TYPE mock_connections_accepted_total counter
        # HELP mock_accept_pauses_total How often accepting paused, at the limit or out of files.
        # TYPE mock_accept_pauses_total counter
        # HELP mock_handshake_failures_total TLS handshakes that failed or took too long.
        # TYPE mock_handshake_failures_total counter
        # HELP mock_media_peers Peers of the media plane.
        # TYPE mock_media_peers gauge
        # HELP mock_media_sockets UDP sockets that media is received on.
        # TYPE mock_media_sockets gauge
        # HELP mock_media_packets_queued RTP packets that faults hold back now.
        # TYPE mock_media_packets_queued gauge
        # HELP mock_media_packets_total RTP packets taken and forwarded.
        # TYPE mock_media_packets_total counter
        # HELP mock_media_bytes_total Their bytes.
        # TYPE mock_media_bytes_total counter
        # HELP mock_media_packets_dropped_total RTP packets that faults dropped.
        # TYPE mock_media_packets_dropped_total counter
        # HELP mock_media_packets_due_total RTP packets that were to go to a subscriber.
        # TYPE mock_media_packets_due_total counter
        # HELP mock_media_packets_unready_total RTP packets that their subscriber could not be sent.
        # TYPE mock_media_packets_unready_total counter
        # HELP mock_media_packets_resent_total RTP packets sent again.
        # TYPE mock_media_packets_resent_total counter
        # HELP mock_media_nacks_total NACKs of subscribers.
        # TYPE mock_media_nacks_total counter
        # HELP mock_media_keyframe_requests_total PLIs and FIRs of subscribers.
        # TYPE mock_media_keyframe_requests_total counter
        # HELP process_resident_memory_bytes Memory in RAM.
        # TYPE process_resident_memory_bytes gauge
        # HELP process_virtual_memory_bytes Address space taken.
        # TYPE process_virtual_memory_bytes gauge
        # HELP process_open_fds Files and sockets open.
        # TYPE process_open_fds gauge
        # HELP process_max_fds Files and sockets that may be open.
        # TYPE process_max_fds gauge
        # HELP process_cpu_seconds_total User and system time.
        # TYPE process_cpu_seconds_total counter
        # HELP process_start_time_seconds When the process started, since 1970.
        # TYPE process_start_time_seconds gauge
    "]]
    .assert_eq(&families);
    for line in [
        r#"mock_pool_size{pool="db"} 2"#,
        r#"mock_pool_held{pool="db"} 0"#,
        r#"mock_pool_waiting{pool="db"} 0"#,
        r#"mock_pool_refused_total{pool="db"} 0"#,
        r#"mock_latency_planned_seconds_bucket{route="GET /api/subscriptions/plans",le="0.025"} 0"#,
        r#"mock_latency_planned_seconds_bucket{route="GET /api/subscriptions/plans",le="0.05"} 1"#,
        r#"mock_latency_held_seconds_count{route="GET /api/subscriptions/plans"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "no line `{line}` in\n{text}");
    }
}

#[tokio::test]
async fn open_metrics_for_who_asks_for_it() {
    let rig = Rig::start().await;
    let (kind, text) = scrape(&rig, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5").await;
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(text.ends_with("# EOF\n"));
    assert!(text.contains("# TYPE http_requests counter\n"), "its families have no _total");
}

#[tokio::test]
async fn promtool_has_nothing_to_complain_about() {
    let Some(promtool) = crate::provided::named("TEST_PROMTOOL") else { return };
    let rig = Rig::with(|config| config.profile = slow_plans()).await;
    rig.sends("GET", "/api/subscriptions/plans", None, None).await;
    rig.sends("GET", "/nowhere", None, None).await;
    let (_, text) = scrape(&rig, "").await;
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("TEST_PROMTOOL starts");
    child.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&said).as_ref()), (Some(0), ""), "{text}");
}

async fn history(rig: &Rig, query: &str) -> Value {
    let answer = rig.admin("GET", &format!("/__admin/history{query}")).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("JSON")
}

#[tokio::test(start_paused = true)]
async fn the_last_seconds_are_remembered() {
    let rig = Rig::with(|config| config.profile = slow_plans()).await;
    for _ in 0..4 {
        rig.sends("GET", "/api/subscriptions/plans", None, None).await;
    }
    // Paused time: this passes at once.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let told = history(&rig, "?seconds=900").await;
    let length = told["unix_ms"].as_array().expect("a list").len();
    assert!(length >= 4, "{told}");
    let lists = [&told["requests_per_second"], &told["by_class"]["2xx"], &told["in_flight"]];
    let lists = lists.into_iter().chain([&told["rss_bytes"], &told["pools"]["db"]["held"]]);
    for list in lists {
        assert_eq!(list.as_array().map(Vec::len), Some(length), "{told}");
    }
    let answered: f64 =
        told["by_class"]["2xx"].as_array().expect("a list").iter().filter_map(Value::as_f64).sum();
    assert!((answered - 4.0).abs() < 0.1, "four answers over seconds of one: {told}");
    assert_eq!(history(&rig, "?seconds=2").await["unix_ms"].as_array().map(Vec::len), Some(2));
    let refused = rig.admin("GET", "/__admin/history?seconds=soon").send().await.expect("an answer");
    assert_eq!(refused.status(), 422);
}
