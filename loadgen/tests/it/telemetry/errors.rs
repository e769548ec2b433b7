//! Errors as Sentry is told of them.

use std::time::Duration;

use engine::record::FaultKind;
use loadgen::{
    preset::Preset,
    run::{Kept, Measured, Traced},
    stops::{Cause, EndedEarly},
    telemetry::sentry::{About, Reporter, Wish, told},
};
use serde_json::Value;

use super::receiver::{Heard, OK, PATIENCE, Receiver, Reply};
use crate::report::made::{measured, search};

const KEY: &str = "0123456789abcdef";

/// Six hundred searches of which twelve have the wrong ranking.
fn failing() -> Measured {
    let mut failing = measured(search(90, 12, Duration::ZERO));
    failing.run.timings[0].faults[0].evidence.push("authorization: Bearer opensesame".into());
    failing
}

fn about() -> About {
    About::new("run_20270101_000000", "n", "mock", Preset::Smoke)
}

fn reporter(receiver: &Receiver, events: u32) -> Reporter {
    let dsn = receiver.origin.replace("http://", &format!("http://{KEY}@")) + "/42";
    let wish = Wish::new(Some(&dsn), events).expect("a DSN");
    Reporter::start(&wish, about()).expect("it starts")
}

/// An envelope taken apart as Sentry does: a line, then items of a line and so many bytes each.
fn open(told: &Heard) -> (Value, Value, Value) {
    let text = std::str::from_utf8(&told.body).expect("text");
    let (head, rest) = text.split_once('\n').expect("a line about it");
    let (about, rest) = rest.split_once('\n').expect("a line about its item");
    let [head, about] = [head, about].map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let length = about["length"].as_u64().and_then(|length| usize::try_from(length).ok()).expect("a length");
    let (item, end) = rest.split_at(length);
    assert_eq!(end, "\n");
    (head, about, serde_json::from_str(item).expect("JSON"))
}

#[test]
fn a_kind_of_failure_is_an_event_and_a_scenario_a_transaction() {
    let receiver = Receiver::start(|_| OK);
    let reporter = reporter(&receiver, 50);
    reporter.scenario(&failing());
    assert_eq!(reporter.end(PATIENCE), None);
    let heard = receiver.heard();
    assert_eq!(heard.len(), 2);
    for told in &heard {
        assert_eq!(told.path, "/api/42/envelope/");
        assert_eq!(told.headers["content-type"], "application/x-sentry-envelope");
        let auth = told.headers["x-sentry-auth"].to_str().expect("text");
        assert!(auth.starts_with("Sentry ") && auth.contains(&format!("sentry_key={KEY}")), "{auth}");
        assert!(!String::from_utf8_lossy(&told.body).contains(KEY));
        let (envelope, _, item) = open(told);
        assert_eq!(envelope["event_id"], item["event_id"]);
    }
    let (_, about, event) = open(&heard[0]);
    assert_eq!(about["type"], "event");
    assert_eq!(event["message"], "GET /api/search: body: ranking");
    assert_eq!(event["fingerprint"], serde_json::json!(["search-load", "GET /api/search", "body: ranking"]));
    let tags = &event["tags"];
    assert_eq!(tags["scenario"], "search-load");
    assert_eq!(tags["endpoint"], "GET /api/search");
    assert_eq!(tags["run_id"], "run_20270101_000000");
    assert_eq!(event["extra"]["count"], 12);
    assert_eq!(event["extra"]["requests"], 600);
    let evidence = event["extra"]["evidence"].to_string();
    assert!(evidence.contains("Bearer [scrubbed]") && !evidence.contains("opensesame"), "{evidence}");
    let (_, about, transaction) = open(&heard[1]);
    assert_eq!(about["type"], "transaction");
    assert_eq!(transaction["type"], Value::Null, "its item says what it is");
    assert_eq!(transaction["transaction"], "search-load");
    assert_eq!(transaction["contexts"]["trace"]["op"], "loadtest.scenario");
    assert_eq!(transaction["contexts"]["trace"]["status"], "failed_precondition");
    assert_eq!(transaction["measurements"]["requests"]["value"], 600);
    assert_eq!(transaction["measurements"]["failed_requests"]["value"], 12);
    assert_eq!(transaction["measurements"]["p95"]["unit"], "millisecond");
    let p95 = transaction["measurements"]["p95"]["value"].as_f64().expect("a number");
    assert!((1_490.0..1_510.0).contains(&p95), "{p95}");
}

#[test]
fn what_is_told_is_the_same_when_it_is_told_again() {
    assert_eq!(told(&about(), &failing()), told(&about(), &failing()));
    let other = About::new("run_20270101_000000", "m", "mock", Preset::Smoke);
    let ids = |about: &About| told(about, &failing()).iter().map(|told| told.id).collect::<Vec<_>>();
    assert_ne!(ids(&about()), ids(&other), "another run tells other events");
}

#[test]
fn a_failure_whose_trace_was_kept_names_it() {
    let mut failing = failing();
    let trace = |id: &str, fault| Traced {
        trace_id: id.repeat(16),
        route: "GET /api/search".into(),
        due_unix_ms: 0,
        took_ms: 1.0,
        fault,
        why: Kept::Failed,
    };
    let ranking = FaultKind::Body("ranking".into());
    failing.traces =
        vec![trace("aa", None), trace("bb", Some(FaultKind::Timeout)), trace("cc", Some(ranking))];
    let event = &told(&about(), &failing)[0].item;
    assert_eq!(event["tags"]["trace_id"], "cc".repeat(16));
    assert_eq!(event["contexts"]["trace"]["trace_id"], "cc".repeat(16));
}

#[test]
fn a_scenario_that_went_well_or_was_broken_off_says_so() {
    let status = |measured: &Measured| {
        let told = told(&about(), measured);
        assert_eq!(told.len(), 1, "nothing failed");
        let item = &told[0].item;
        (item["contexts"]["trace"]["status"].clone(), item["tags"]["verdict"].clone())
    };
    let mut well = measured(search(0, 0, Duration::ZERO));
    let (ok, verdict) = status(&well);
    assert!(verdict != "FAIL" && ok != "failed_precondition", "{ok} {verdict}");
    well.run.interrupted = true;
    assert_eq!(status(&well).0, "aborted");
    well.ended_early = Some(EndedEarly { second: 3, cause: Cause::Target, why: "too many errors".into() });
    assert_eq!(status(&well).1, "ABORTED");
}

#[test]
fn a_run_tells_no_more_than_so_many_events() {
    let receiver = Receiver::start(|_| OK);
    let reporter = reporter(&receiver, 1);
    reporter.scenario(&failing());
    reporter.scenario(&failing());
    let note = reporter.end(PATIENCE).expect("a note");
    assert!(note.contains("not told 1 of 4 things (1: a run tells no more events)"), "{note}");
    let types: Vec<Value> = receiver.heard().iter().map(|told| open(told).1["type"].clone()).collect();
    assert_eq!(types, ["event", "transaction", "transaction"]);
}

#[test]
fn a_pause_that_is_asked_for_is_kept() {
    let by_category = |_| Reply::Says(429, Some(("x-sentry-rate-limits", "600:error:key")), "");
    let receiver = Receiver::start(by_category);
    let reporter_of = |receiver: &Receiver| {
        let reporter = reporter(receiver, 50);
        reporter.scenario(&failing());
        reporter.scenario(&failing());
        reporter.end(PATIENCE).expect("a note")
    };
    let note = reporter_of(&receiver);
    let types: Vec<Value> = receiver.heard().iter().map(|told| open(told).1["type"].clone()).collect();
    assert_eq!(types, ["event", "transaction", "transaction"], "transactions are another category");
    assert!(
        note.contains("1: Sentry asked for a pause") && note.contains("3: it was not taken (status 429"),
        "{note}"
    );

    let receiver = Receiver::start(|_| Reply::Says(429, Some(("retry-after", "600")), ""));
    let note = reporter_of(&receiver);
    assert_eq!(receiver.heard().len(), 1, "a pause without a category is of everything");
    assert!(note.contains("3: Sentry asked for a pause"), "{note}");
}

#[test]
fn one_that_hangs_costs_a_bounded_time_and_is_noted() {
    let receiver = Receiver::start(|_| Reply::Hangs);
    let reporter = reporter(&receiver, 50);
    reporter.scenario(&failing());
    receiver.next();
    let note = reporter.end(Duration::from_millis(50)).expect("a note");
    assert!(note.contains("2: there was no answer in time") && !note.contains(KEY), "{note}");
}
