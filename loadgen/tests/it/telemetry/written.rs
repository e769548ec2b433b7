//! Metrics that are sent.

use std::{collections::BTreeSet, time::Duration};

use engine::clock;
use loadgen::telemetry::{
    Feed, Secret,
    figures::Usage,
    remote_write::{Account, Credentials, Destination, Label, TimeSeries, WriteRequest, Writer, Writing},
};
use prost::Message;

use super::{
    made::{figures, searched, teller, whole},
    prometheus::Prometheus,
    receiver::{Heard, OK, PATIENCE, Receiver, Reply},
};

/// A run under way.
fn feed() -> Feed {
    let feed = Feed::default();
    teller().entries.iter().for_each(|entry| feed.apply(entry));
    feed.settle(&searched());
    feed
}

fn start(receiver: &str, credentials: Credentials) -> Writer {
    let to = Destination::new(&format!("{receiver}/api/v1/write"), credentials).expect("an address");
    Writer::start(&to, feed(), "run_20270101_120000").expect("it starts")
}

fn read(body: &[u8]) -> Vec<TimeSeries> {
    let message = snap::raw::Decoder::new().decompress_vec(body).expect("a block of snappy");
    WriteRequest::decode(message.as_slice()).expect("a write request").timeseries
}

fn name(series: &TimeSeries) -> &str {
    let name = series.labels.iter().find(|label| label.name == "__name__");
    &name.expect("a series has a name").value
}

const STALE: u64 = 0x7ff0_0000_0000_0002;

fn is_stale(series: &TimeSeries) -> bool {
    series.samples.iter().all(|sample| sample.value.to_bits() == STALE)
}

#[test]
fn series_are_what_the_protocol_wants() {
    let mut writing = Writing::new("run_1");
    let families = whole().families(&Usage::default());
    let series = read(&writing.body(&families, clock::wall()));
    let labels: BTreeSet<&Vec<Label>> = series.iter().map(|series| &series.labels).collect();
    assert_eq!(labels.len(), series.len(), "every series is there once");
    for series in &series {
        let names: Vec<&str> = series.labels.iter().map(|label| label.name.as_str()).collect();
        assert!(names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        assert!(series.labels.iter().all(|label| !label.value.is_empty()), "{series:?}");
        assert!(names.contains(&"job") && names.contains(&"instance"), "{names:?}");
        assert_eq!(series.samples.len(), 1);
    }
    let buckets = series.iter().filter(|series| name(series) == "loadgen_start_lateness_seconds_bucket");
    let bounds: Vec<&str> = buckets
        .filter(|series| series.labels.iter().any(|label| label.value == "search-load"))
        .filter_map(|series| series.labels.iter().find(|label| label.name == "le"))
        .map(|label| label.value.as_str())
        .collect();
    assert_eq!(bounds.len(), 20);
    assert_eq!((bounds[0], bounds[11], bounds[19]), ("0.001", "1.0", "+Inf"));
}

#[test]
fn a_series_that_is_not_there_any_more_is_ended_and_in_the_end_all_are() {
    let mut writing = Writing::new("run_1");
    let (all, fewer) = (whole().families(&Usage::now()), whole().families(&Usage::default()));
    let at = clock::wall();
    let first = read(&writing.body(&all, at));
    let second = read(&writing.body(&fewer, at));
    let ended: Vec<&str> = second.iter().filter(|series| is_stale(series)).map(name).collect();
    assert!(ended.contains(&"process_resident_memory_bytes"), "{ended:?}");
    assert_eq!(first.len(), second.len());
    let last = read(&writing.stale(at));
    assert_eq!(last.len(), second.len() - ended.len());
    assert!(last.iter().all(is_stale));
    let times = [&first, &second, &last].map(|series| series[0].samples[0].timestamp);
    assert!(times[0] < times[1] && times[1] < times[2], "a moment has one value: {times:?}");
    assert!(read(&writing.stale(at)).is_empty(), "what is ended is not ended again");
}

#[test]
fn a_run_writes_when_it_begins_and_how_it_ended() {
    let receiver = Receiver::start(|_| OK);
    let writer = start(&receiver.origin, Credentials::None);
    receiver.next();
    let account = writer.end(PATIENCE);
    assert_eq!(account, Some(Account { taken: 3, lost: 0, why: None }));
    assert_eq!(Account::note(account), None);
    let heard = receiver.heard();
    let header = |heard: &Heard, name: &str| {
        heard.headers.get(name).map(|value| value.to_str().expect("text").to_owned()).unwrap_or_default()
    };
    for told in &heard {
        assert_eq!(told.path, "/api/v1/write");
        assert_eq!(header(told, "content-encoding"), "snappy");
        assert_eq!(header(told, "content-type"), "application/x-protobuf");
        assert_eq!(header(told, "x-prometheus-remote-write-version"), "0.1.0");
        assert!(header(told, "user-agent").starts_with("wwmaa-loadgen/"));
        assert!(!told.headers.contains_key("authorization"));
    }
    let [first, last, stale] = [0, 1, 2].map(|n| read(&heard[n].body));
    assert!(first.iter().any(|series| name(series) == "loadgen_requests_total"));
    assert!(!last.iter().any(is_stale) && stale.iter().all(is_stale));
}

#[test]
fn what_is_refused_for_now_is_sent_again_and_what_is_refused_for_good_is_not() {
    let later = |n| match n {
        0 => Reply::Says(503, Some(("retry-after", "0")), ""),
        1 => Reply::Says(429, Some(("retry-after", "0")), ""),
        2 => OK,
        _ => Reply::Says(400, None, "out of order\u{7}"),
    };
    let receiver = Receiver::start(later);
    let writer = start(&receiver.origin, Credentials::Bearer(Secret::new("opensesame")));
    for _ in 0..3 {
        receiver.next();
    }
    let account = writer.end(PATIENCE).expect("an account");
    assert_eq!((account.taken, account.lost), (1, 2));
    let note = Account::note(Some(account)).expect("a note");
    assert!(
        note.contains("Of 3 writes")
            && note.contains("2 were not taken: status 400 Bad Request, out of order."),
        "{note}"
    );
    let heard = receiver.heard();
    assert_eq!(heard.len(), 5);
    assert!(heard[0].body == heard[1].body && heard[1].body == heard[2].body, "the same samples again");
    assert!(heard.iter().all(|told| told.headers["authorization"] == "Bearer opensesame"));
    assert!(!note.contains("opensesame"));
}

#[test]
fn a_receiver_that_hangs_or_is_not_there_costs_a_bounded_time_and_is_noted() {
    let hangs = Receiver::start(|_| Reply::Hangs);
    let writer = start(&hangs.origin, Credentials::None);
    hangs.next();
    let account = writer.end(Duration::from_millis(100)).expect("an account");
    assert_eq!((account.taken, account.lost), (0, 3));
    let note = Account::note(Some(account)).expect("a note");
    assert!(note.contains("did not answer in time"), "{note}");

    let writer = start("http://127.0.0.1:1", Credentials::None);
    let account = writer.end(Duration::from_millis(100)).expect("an account");
    assert_eq!((account.taken, account.lost), (0, 3));
}

#[test]
fn a_real_prometheus_has_them_until_they_end() {
    let Some(prometheus) = Prometheus::start(None) else { return };
    let account = start(&prometheus.origin, Credentials::None).end(PATIENCE);
    assert_eq!(account.as_ref().map(|account| (account.lost, &account.why)), Some((0, &None)));
    let told = prometheus.query(r#"loadgen_requests_total{job="loadgen"}[1h]"#);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["metric"]["instance"], "run_20270101_120000");
    let values = told[0]["values"].as_array().expect("samples");
    assert!(!values.is_empty() && values.iter().all(|value| value[1] == "10"), "{values:?}");
    let written = prometheus.query(r#"count({job="loadgen"} offset -1s)"#);
    assert_eq!(written, prometheus.query("loadgen_requests_total offset -1s"), "both are ended: {written:?}");
    assert!(written.is_empty());
    let quantile = "histogram_quantile(0.5, sum by (le) (last_over_time(loadgen_request_duration_seconds_bucket{from=\"due\"}[1h])))";
    let median = prometheus.query(quantile)[0]["value"][1].as_str().and_then(|text| text.parse::<f64>().ok());
    assert!(median.is_some_and(|median| (0.1..=0.2).contains(&median)), "{median:?}");
    let held = prometheus.query("last_over_time(loadgen_goal_held[1h])");
    assert_eq!(held.len(), 3, "{held:?}");
}

#[test]
fn whatever_is_under_way_has_no_label_too_many() {
    // Labels come from the plan, never from what a target answers.
    let families = figures(&teller().entries).families(&Usage::default());
    let known = ["run", "preset", "target", "version", "scenario", "goal", "promise", "counter", "verdict"];
    let labels = families.iter().flat_map(|family| &family.members).flat_map(|member| &member.labels);
    assert!(labels.clone().count() > 0);
    for (name, _) in labels {
        assert!(known.contains(name), "{name}");
    }
}
