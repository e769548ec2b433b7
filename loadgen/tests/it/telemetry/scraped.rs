//! Metrics that somebody comes to read.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use loadgen::telemetry::{
    Feed,
    figures::Usage,
    prometheus::{Door, Format, Place, Server, text},
};

use super::{
    made::{searched, teller, whole},
    prometheus::{Prometheus, complaints},
    receiver::PATIENCE,
};

/// A run under way, served.
fn served() -> (Server, String) {
    let feed = Feed::default();
    teller().entries.iter().for_each(|entry| feed.apply(entry));
    feed.settle(&searched());
    let door = door("127.0.0.1:0");
    let address = door.url().trim_start_matches("http://").trim_end_matches("/metrics").to_owned();
    (Server::start(door, feed).expect("it starts"), address)
}

fn door(address: &str) -> Door {
    let place = Place::new(address.parse().expect("an address"), false).expect("a loopback address");
    place.open().expect("a free port")
}

fn ask(address: &str, method: &str, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    write!(stream, "{method} {path} HTTP/1.1\r\n{headers}\r\n").expect("it reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("text");
    text
}

#[test]
fn promtool_has_nothing_to_complain_about() {
    let metrics = text(&whole().families(&Usage::now()), Format::Text);
    assert!(metrics.contains(r#"group="semantic \"search\"""#), "{metrics}");
    if let Some(said) = complaints(&metrics) {
        assert_eq!(said, "Some(0) ", "{metrics}");
    }
}

#[test]
fn whoever_accepts_open_metrics_gets_it() {
    let (_server, address) = served();
    let here = format!("host: {address}\r\n");
    let plain = ask(&address, "GET", "/metrics", &here);
    assert!(plain.starts_with("HTTP/1.1 200 "), "{plain}");
    assert!(plain.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{plain}");
    let line = r#"loadgen_requests_total{scenario="search-load",route="GET /api/search"} 10.0"#;
    assert!(plain.lines().any(|found| found == line), "{plain}");
    // What Prometheus 2.42 sends.
    let accept = "accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n";
    let open = ask(&address, "GET", "/metrics", &format!("{here}{accept}"));
    assert!(open.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"));
    assert!(open.contains("# TYPE loadgen_requests counter\n") && open.ends_with("# EOF\n"), "{open}");
    let refused =
        ask(&address, "GET", "/metrics", &format!("{here}accept: application/openmetrics-text;q=0\r\n"));
    assert!(refused.contains("content-type: text/plain"), "{refused}");
}

#[test]
fn what_is_not_there_or_not_asked_from_here_is_refused() {
    let (server, address) = served();
    let here = format!("host: {address}\r\n");
    let status = |method, path, headers: &str| {
        let answer = ask(&address, method, path, headers);
        answer.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok()).expect("a status")
    };
    assert_eq!(status("HEAD", "/metrics", &here), 200);
    assert_eq!(status("GET", "/", &here), 404);
    assert_eq!(status("POST", "/metrics", &here), 405);
    assert_eq!(status("GET", "/metrics", "host: rebound.example\r\n"), 403);
    assert_eq!(status("GET", "/metrics", "host: localhost:1\r\n"), 200);
    drop(server);
    assert!(TcpStream::connect(&address).is_err(), "nobody serves any more");
}

#[test]
fn others_read_along_only_where_that_is_said() {
    for address in ["0.0.0.0:0", "192.0.2.1:9464", "[::]:0"] {
        let address = address.parse().expect("an address");
        let refused = Place::new(address, false).expect_err("others could read").to_string();
        assert!(refused.contains(&address.to_string()) && refused.contains("--metrics-public"), "{refused}");
        assert!(Place::new(address, true).is_ok());
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("it is bound");
    let place = Place::new(address, false).expect("a loopback address");
    let refused = place.open().expect_err("somebody else is there").to_string();
    assert!(refused.contains(&address.to_string()) && refused.contains("another port"), "{refused}");
}

#[test]
fn a_real_prometheus_reads_them() {
    let (_server, address) = served();
    let Some(prometheus) = Prometheus::start(Some(&address)) else { return };
    let told = prometheus.query_until("loadgen_requests_total");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["metric"]["route"], "GET /api/search");
    assert_eq!(told[0]["metric"]["job"], "loadgen");
    assert_eq!(told[0]["value"][1], "10");
    let slow = r#"loadgen_request_duration_seconds_bucket{from="due",le="0.2",scenario="search-load"}"#;
    assert_eq!(prometheus.query(slow)[0]["value"][1], "8");
    let unanswered =
        r#"loadgen_request_duration_seconds_bucket{from="due",le="+Inf",scenario="search-load"}"#;
    assert_eq!(prometheus.query(unanswered)[0]["value"][1], "10");
    assert_eq!(prometheus.query("up")[0]["value"][1], "1");
}
