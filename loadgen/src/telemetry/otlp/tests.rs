use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use engine::clock;

use super::*;

fn wish(endpoint: String) -> Wish {
    Wish { endpoint, headers: Headers::default(), service: SERVICE.to_owned(), metrics: false }
}

fn about() -> About {
    About {
        run: "run_1".into(),
        preset: "smoke".into(),
        target: "http://127.0.0.1:9".into(),
        instance: "n1".into(),
    }
}

fn scene() -> Arc<Scenario> {
    let root = Traceparent { trace: 1, span: 2, sampled: true };
    Arc::new(Scenario { name: "search-load", root, anchor: Anchor::now() })
}

/// Tells a collector at `endpoint` of `n` scenarios, each a span, and ends within this time.
fn told(endpoint: String, n: usize, within: Duration) -> Told {
    let exporter = Exporter::begin(&wish(endpoint), about()).expect("it begins");
    let (outlet, scene, now) = (exporter.outlet(), scene(), clock::now());
    (0..n).for_each(|_| outlet.scenario(&scene, (1, 0), now, now));
    exporter.end(within)
}

/// Reads a request to its end, its body's length being told.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
            let whole =
                bytes.windows(4).position(|at| at == b"\r\n\r\n")? + 4 + length.parse::<usize>().ok()?;
            if bytes.len() >= whole {
                return Some(head.to_owned());
            }
        }
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    }
}

/// A collector that gives these answers, one for each request, on connections of one each, and passes on the heads.
fn collector(answers: Vec<String>) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (tell, heads) = mpsc::channel();
    thread::spawn(move || {
        for answer in answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let Some(head) = request(&mut stream) else { return };
            let _ = tell.send(head);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (origin, heads)
}

fn answer(status: &str, more: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{more}content-length: 0\r\nconnection: close\r\n\r\n")
}

const LONG: Duration = Duration::from_secs(20);

#[test]
fn what_is_taken_is_counted() {
    let (origin, heads) = collector(vec![answer("200 OK", "")]);
    let told = told(format!("{origin}/base/"), 3, LONG);
    assert_eq!((told.spans, told.lost, told.dropped, told.trouble.clone()), (3, 0, 0, None));
    assert_eq!(
        told.note(),
        format!("The OpenTelemetry collector at {origin} took 3 spans. The load never waited for it.")
    );
    let head = heads.recv().expect("a request came");
    assert!(head.starts_with("POST /base/v1/traces HTTP/1.1"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
}

#[test]
fn one_that_is_busy_is_asked_again() {
    let (origin, heads) =
        collector(vec![answer("429 Too Many Requests", "retry-after: 0\r\n"), answer("200 OK", "")]);
    let told = told(origin, 1, LONG);
    assert_eq!((told.spans, told.lost), (1, 0));
    assert_eq!(heads.iter().count(), 2);
}

#[test]
fn one_that_stays_busy_is_asked_three_times() {
    let busy = answer("429 Too Many Requests", "retry-after: 0\r\n");
    let (origin, heads) = collector(vec![busy.clone(), busy.clone(), busy.clone(), busy]);
    let told = told(origin, 2, LONG);
    assert_eq!((told.spans, told.lost, told.trouble.as_deref()), (0, 2, Some("it answered 429")));
    assert_eq!(heads.try_iter().count(), 3);
}

#[test]
fn one_that_fails_is_not_asked_again() {
    let (origin, _heads) = collector(vec![answer("500 Internal Server Error", "")]);
    let told = told(origin.clone(), 2, LONG);
    assert_eq!((told.spans, told.lost), (0, 2));
    let note = "took 0 spans; missing are 2 spans it did not take (last trouble: it answered 500). The load never waited for it.";
    assert_eq!(told.note(), format!("The OpenTelemetry collector at {origin} {note}"));
}

#[test]
fn one_that_hangs_is_given_up_at_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    let told = told(origin, 5, Duration::from_millis(50));
    assert_eq!((told.spans, told.lost), (0, 5));
    assert_eq!(told.trouble.as_deref(), Some("the time for the rest was up at the end of the run"));
}

#[test]
fn nobody_there_is_said_without_the_address() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a loopback port").local_addr().expect("it is bound");
    let told = told(format!("http://{free}/path?key=secret"), 1, LONG);
    assert_eq!((told.spans, told.lost), (0, 1));
    assert!(told.trouble.as_ref().expect("it is refused").starts_with("cannot be reached"), "{told:?}");
    assert!(!told.note().contains("secret"), "{}", told.note());
}

#[test]
fn what_finds_the_queue_full_is_dropped_and_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    let told = told(origin, 20_000, Duration::from_millis(50));
    assert!(told.dropped > 0, "{told:?}");
    assert_eq!(told.dropped + told.lost + told.spans, 20_000, "{told:?}");
}

#[test]
fn headers_are_read_and_never_shown() {
    let headers = Headers::read("authorization=Bearer%20s3cr3t, x-tenant = 7 ,").expect("two headers");
    let all = headers.all();
    assert_eq!(
        (all["authorization"].as_bytes(), all["x-tenant"].as_bytes()),
        (&b"Bearer s3cr3t"[..], &b"7"[..])
    );
    let wish = Wish { headers, ..wish("http://127.0.0.1:1".into()) };
    let shown = format!("{wish:?} {}", serde_json::to_string(&wish).expect("it is JSON"));
    assert!(shown.contains("authorization") && !shown.contains("s3cr3t"), "{shown}");
    let wrong = Headers::read("a=1,s3cr3t").expect_err("the second is none");
    assert_eq!(wrong.place, 2);
    assert!(!wrong.to_string().contains("s3cr3t"));
}

#[test]
fn what_is_no_endpoint_is_said_before_the_run() {
    for wrong in ["", "127.0.0.1:4318", "ftp://127.0.0.1", "http://"] {
        assert!(wish(wrong.into()).is_sound().is_err(), "{wrong}");
    }
    assert_eq!(wish("https://otel.example/v1/traces".into()).is_sound(), Ok(()));
}

#[test]
fn what_would_give_a_secret_away_is_said_before_the_run() {
    let headers = || Headers::read("x-team=s3cr3t").expect("a header");
    let sound = |endpoint: &str, headers| Wish { headers, ..wish(endpoint.into()) }.is_sound();
    let why = sound("http://otel.example:4318", headers()).expect_err("the header would be readable");
    assert!(why.contains("use https") && !why.contains("s3cr3t"), "{why}");
    let inside = ["http://127.0.0.1:4318", "http://localhost:4318", "http://[::1]:4318"];
    for endpoint in inside.into_iter().chain(["https://otel.example"]) {
        assert_eq!(sound(endpoint, headers()), Ok(()), "{endpoint}");
    }
    assert_eq!(sound("http://otel.example:4318", Headers::default()), Ok(()), "there is nothing to hide");
    for endpoint in ["https://someone:s3cr3t@otel.example", "http://s3cr3t@127.0.0.1:4318"] {
        let why = sound(endpoint, Headers::default()).expect_err("it is on the command line");
        assert!(why.contains("OTEL_EXPORTER_OTLP_HEADERS") && !why.contains("s3cr3t"), "{why}");
    }
}
