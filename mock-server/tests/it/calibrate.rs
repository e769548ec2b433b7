//! From measurements to a profile that gives them back.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use expect_test::expect;
use fixtures::profiles::{self, Profile, Seen};
use mock_server::calibrate::{self, DEFAULT_METRIC, Measured, Reading, Verdict, Written};
use mock_server::latency::calibration::{self, NotMet, Percentile};
use mock_server::latency::model::{Arrival, Model, RouteId};
use mock_server::latency::stream::{Lane, Stream};
use proptest::prelude::*;

const LIST: &str = "GET /api/events";
const RSVP: &str = "POST /api/events/{event_id}/rsvp";

fn known() -> Vec<&'static str> {
    contract::measured_routes().collect()
}

fn profile(text: &str) -> Profile {
    profiles::parse(text, &known()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Two routes that share a pool of `size`, each seen at `rate` with these holds of `hold` ms in its percentiles.
fn crowded(size: u32, rate: u32, hold: u32) -> Profile {
    profile(&format!(
        "name = 'crowded'\n[pools.db]\nsize = {size}\nqueue = 500\nacquire_timeout_ms = 3000\n\
         [routes.'{LIST}']\nat_load = {rate}\nmin = 11\np50 = 40\np95 = 110\np99 = 160\np999 = 260\ncap = 400\n\
         stages = [{{ pool = 'db', hold_ms = {hold} }}]\n\
         [routes.'{RSVP}']\nat_load = {rate}\nmin = 21\np50 = 60\np95 = 150\np99 = 200\np999 = 300\ncap = 500\n\
         stages = [{{ pool = 'db', hold_ms = {hold} }}]\n"
    ))
}

fn read(name: &str, text: &str) -> Result<Vec<Measured>, String> {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join(name), text).expect("it is written");
    let reading = Reading { known: &known(), metric: DEFAULT_METRIC, over_seconds: Some(100.0) };
    let read = calibrate::read(&dir.path().join(name), &reading);
    read.map_err(|error| error.to_string().replace(&dir.path().display().to_string(), "DIR"))
}

/// What is written for these measurements.
fn written(measured: &[Measured]) -> String {
    let base = profile(profiles::HEALTHY);
    calibrate::write(&Written { name: "mine", source: "a test", base: &base }, measured)
}

/// Waits of up to a third of the time: sums of draw and wait, request by request, against the table. This is the
/// long way round, and shares nothing with the solver but the model.
#[test]
fn a_calibrated_route_meets_its_table_when_it_is_simulated() {
    let stated = crowded(2, 85, 9);
    let calibrated = calibration::calibrate(&stated, 42, &known()).expect("it can be met");
    assert!(calibrated.routes.values().all(|route| route.seen == Seen::Unloaded));
    assert!(calibrated.routes[LIST].p50 < 0.95 * stated.routes[LIST].p50, "waiting was taken out");
    let model = Model::new(&calibrated, 7, [LIST, RSVP]);
    let (mut queues, stream, mut now) = (model.queues(), Stream::new(7, "arrivals"), 60.0);
    let mut took = [Vec::new(), Vec::new()];
    for i in 0..300_000_u64 {
        now -= stream.uniform(Lane::Latency, 2 * i).ln() / 170.0;
        let at = usize::from(stream.uniform(Lane::Latency, 2 * i + 1) < 0.5);
        let ordinal = queues.next_ordinal(RouteId(at));
        let arrival = Arrival { now: Duration::from_secs_f64(now), route: RouteId(at), ordinal, key: "" };
        took[at].push(model.admit(&mut queues, arrival).total().as_secs_f64() * 1e3);
    }
    for (route, mut took) in [LIST, RSVP].into_iter().zip(took) {
        took.sort_by(f64::total_cmp);
        for (which, share) in Percentile::ALL.into_iter().zip([0.5, 0.95, 0.99]) {
            let (seen, table) = (took[(took.len() as f64 * share) as usize], which.of(&stated.routes[route]));
            assert!((seen / table - 1.0).abs() < 0.03, "{route}: {which} is {seen:.1}, stated {table}");
        }
    }
}

#[test]
fn what_cannot_be_met_names_the_route_and_why() {
    // Busier than two servers can be.
    let overloaded = calibration::calibrate(&crowded(2, 150, 9), 42, &known());
    assert!(matches!(overloaded, Err(NotMet::Overload { .. } | NotMet::Percentile { .. })), "{overloaded:?}");
    // Waits alone are longer than the table has it.
    let slow = calibration::calibrate(&crowded(1, 53, 9), 42, &known());
    let Err(NotMet::Percentile { route, stated_ms, simulated_ms, .. }) = slow else { panic!("{slow:?}") };
    assert_eq!(route, LIST);
    assert!(simulated_ms > 1.03 * stated_ms);
}

#[test]
fn a_mock_refuses_a_profile_that_cannot_be_met() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("mine.toml");
    let text = "name = 'mine'\n[pools.db]\nsize = 1\nqueue = 9\nacquire_timeout_ms = 100\n[routes.'GET /api/events']\n\
                at_load = 500\nmin = 9\np50 = 30\np95 = 90\np99 = 100\np999 = 110\ncap = 120\n\
                stages = [{ pool = 'db', hold_ms = 9 }]\n";
    std::fs::write(&path, text).expect("it is written");
    let path = path.to_str().expect("UTF-8");
    let (code, _, said) = program(&["--port=0", "--profile", path]);
    assert_eq!(code, Some(2));
    assert!(said.contains(path) && said.contains("GET /api/events") && said.contains("refused"), "{said}");
}

#[test]
fn a_profile_without_at_load_stays_as_it_is() {
    let healthy = profile(profiles::HEALTHY);
    assert_eq!(calibration::calibrate(&healthy, 42, &known()), Ok(healthy));
}

/// The load generator's own test keeps this file as its golden copy.
#[test]
fn what_the_load_generator_writes_is_read_and_given_back() {
    let measured = read("percentiles.csv", include_str!("../../../loadgen/tests/it/report/percentiles.csv"));
    let measured = measured.expect("it is the documented form");
    assert_eq!((measured[0].route.as_str(), measured[0].count), ("GET /api/search", Some(600)));
    assert_eq!((measured[0].rate_per_s, measured[0].p50), (Some(50.0), 44.016));
    let calibrated =
        calibration::calibrate(&profile(&written(&measured)), 42, &known()).expect("it can be met");
    let drift = calibrate::drift(&calibrated, 43, &measured);
    assert_eq!((drift.rows.len(), drift.count(Verdict::Ok)), (3, 3), "{drift:?}");
    // The shipped profile is another target's.
    let healthy = calibrate::drift(&profile(profiles::HEALTHY), 43, &measured);
    assert!(healthy.count(Verdict::Drifts) > 0, "{healthy:?}");
}

/// Three hundred answers of `healthy` itself may well have a p99 that is 10 % off; nine hundred thousand may not.
#[test]
fn a_small_sample_is_no_drift() {
    let healthy = profile(profiles::HEALTHY);
    let verdicts = |count: Option<u64>| {
        let table = format!(
            "route,count,p50,p95,p99\n{LIST},{},61,190,325\n",
            count.map_or(String::new(), |n| n.to_string())
        );
        let drift = calibrate::drift(&healthy, 43, &read("a.csv", &table).expect("a table"));
        drift.rows.iter().map(calibrate::Row::verdict).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(Some(300)), [Verdict::Ok, Verdict::TooFew, Verdict::TooFew]);
    assert_eq!(verdicts(Some(900_000)), [Verdict::Ok, Verdict::Drifts, Verdict::Drifts]);
    assert_eq!(verdicts(None), [Verdict::Ok, Verdict::Drifts, Verdict::Drifts]);
}

#[test]
fn tables_may_leave_out_what_was_not_measured() {
    let csv = "route,p50,p95,p99,count,rate_per_s,max\nGET /api/events,20,60,90,250,4,\n\"GET /api/search\",30,70,70,,,\n";
    let toml = "[routes.\"GET /api/events\"]\np50 = 20\np95 = 60\np99 = 90\ncount = 250\nrate_per_s = 4\n\
                [routes.\"GET /api/search\"]\np50 = 30\np95 = 70\np99 = 70\n";
    let measured = read("a.csv", csv).expect("a table");
    assert_eq!(read("a.toml", toml), Ok(measured.clone()));
    let text = written(&measured);
    let routes = text.find("[routes.").map(|at| &text[at..]).expect("routes");
    expect![[r#"
        [routes."GET /api/events"]
        # 250 answers.
        # min was not measured: extrapolated from p50 and p95.
        # p999 and cap are extrapolated from p95 and p99: only 250 answers.
        at_load = 4
        min = 2.5389
        p50 = 20
        p95 = 60
        p99 = 90
        p999 = 141.78
        cap = 285.2
        stages = [{ pool = "redis", hold_ms = 0.1 }, { pool = "db", hold_ms = 2 }]

        [routes."GET /api/search"]
        # min was not measured: extrapolated from p50 and p95.
        # p999 and cap are extrapolated from p95 and p99: not measured.
        # Lifted to stay above the percentile before: p99, p999, cap.
        # At which rate is not known: taken as if it had been alone.
        unloaded = true
        min = 6.1065
        p50 = 30
        p95 = 70
        p99 = 70.07
        p999 = 70.14
        cap = 70.21
        stages = [{ pool = "redis", hold_ms = 0.1 }, { pool = "vector", hold_ms = 5 }]
    "#]]
    .assert_eq(routes);
    profile(&text);
}

#[test]
fn what_is_wrong_with_a_table_is_named_by_line_and_column() {
    let cases = [
        "route,p50,p95\n",
        "route,p50,p95,p99,mean\n",
        "route,p50,p95,p99\nGET /api/events,1,2\n",
        "route,p50,p95,p99\nGET /api/events,1,x,3\n",
        "route,p50,p95,p99\nGET /api/events,1,2,3\nGET /api/search,1,,3\n",
        "route,p50,p95,p99\nGET /api/event,1,2,3\n",
        "route,p50,p95,p99\nGET /api/events,3,2,4\n",
        "route,p50,p95,p99\nGET /api/events,0,2,4\n",
        "route,p50,p95,p99\nGET /api/events,1,2,3\nGET /api/events,1,2,3\n",
        "route,p50,p95,p99\n",
        "",
    ];
    let said = cases.map(|text| read("a.csv", text).expect_err("it is wrong") + "\n");
    expect![[r#"
        DIR/a.csv, line 1: the header lacks the column p99; columns are route,count,rate_per_s,min,p50,p95,p99,p999,max
        DIR/a.csv, line 1: the header names a column "mean"; columns are route,count,rate_per_s,min,p50,p95,p99,p999,max
        DIR/a.csv, line 2: 3 columns, the header has 4
        DIR/a.csv, line 2: column p95: "x" is no number
        DIR/a.csv, line 3: column p95 is empty: so many were never answered, or it was not measured
        DIR/a.csv, line 2: route "GET /api/event" is none of the contract's; nearest are "GET /api/events", "GET /api/events/search", "GET /events"
        DIR/a.csv, line 2: p95 = 2 is less than p50 = 3
        DIR/a.csv, line 2: p50 = 0 must be a positive number of ms
        DIR/a.csv, line 3: column route: "GET /api/events" is there twice
        DIR/a.csv holds no measurement of any route
        DIR/a.csv, line 1: the header lacks the column route; columns are route,count,rate_per_s,min,p50,p95,p99,p999,max
    "#]].assert_eq(&said.concat());
}

#[test]
fn a_histogram_of_prometheus_is_interpolated_and_says_how_well() {
    let text = "# TYPE http_request_duration_seconds histogram\n\
        http_request_duration_seconds_bucket{route=\"GET /api/events\",status=\"200\",le=\"0.1\"} 50\n\
        http_request_duration_seconds_bucket{route=\"GET /api/events\",status=\"200\",le=\"0.25\"} 96 1700000000\n\
        http_request_duration_seconds_bucket{route=\"GET /api/events\",status=\"200\",le=\"0.5\"} 100\n\
        http_request_duration_seconds_bucket{route=\"GET /api/events\",status=\"200\",le=\"+Inf\"} 100\n\
        http_request_duration_seconds_bucket{method=\"GET\",route=\"/api/search\",le=\"1\",} 10\n\
        http_request_duration_seconds_bucket{method=\"GET\",route=\"/api/search\",le=\"+Inf\"} 10\n\
        http_request_duration_seconds_count{route=\"GET /api/events\"} 100\n";
    let measured = read("metrics", text).expect("an exposition");
    assert_eq!(measured[0].route, "GET /api/events");
    assert_eq!((measured[0].count, measured[0].rate_per_s), (Some(100), Some(1.0)));
    assert!((measured[0].p50 - 100.0).abs() < 1e-9, "the bucket's end");
    assert!((measured[0].p99 - 437.5).abs() < 1e-9, "three quarters into the last one: {}", measured[0].p99);
    assert_eq!(measured[1].route, "GET /api/search");
    expect!["Interpolated, no better than the buckets, in ms: p50 somewhere in 0..100, p95 somewhere in 100..250, p99 somewhere in 250..500."].assert_eq(measured[0].remark.as_deref().unwrap_or_default());
    profile(&written(&measured));

    let open = text.replace("le=\"0.5\"} 100", "le=\"0.5\"} 98");
    expect!["DIR/metrics, line 2: GET /api/events: p99 lies above the highest bucket (0.5 s), nobody knows where: the target needs a higher one"].assert_eq(&read("metrics", &open).expect_err("p99 is in the open bucket"));
}

#[test]
fn the_program_writes_a_profile_reports_drift_and_exits_by_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
    std::fs::create_dir(at("run_1")).expect("a directory");
    let table =
        "route,count,rate_per_s,min,p50,p95,p99,p999,max\nGET /api/events,9000,200,12,60,180,290,400,460\n";
    std::fs::write(at("run_1/percentiles.csv"), table).expect("it is written");
    let (code, out, said) = program(&["calibrate", "--from", &at("run_1"), "--out", &at("p.toml")]);
    assert_eq!(code, Some(0), "{said}");
    assert!(out.contains("all 3 percentiles are within 3 %"), "{out}");
    profile(&std::fs::read_to_string(at("p.toml")).expect("it was written"));
    let (code, out, _) = program(&["calibrate", "--from", &at("run_1"), "--compare", "breach"]);
    assert_eq!(code, Some(99));
    assert!(out.contains("drifts"), "{out}");
    let (code, out, said) = program(&["calibrate", "--from", &at("run_1"), "--rate", "GET /api/events=3"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("at_load = 3\n") && said.contains("within 3 %"), "{said}");
    let (code, _, said) = program(&["calibrate", "--from", &at("nowhere")]);
    assert!(code == Some(2) && said.contains("nowhere"), "{said}");
}

fn program(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_mock-server")));
    let output = command.args(args).stdin(Stdio::null()).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

proptest! {
    #[test]
    fn whatever_was_measured_is_written_as_a_profile_that_can_be_read(
        p50 in 1e-3_f64..1e4, up in [1.0_f64..4.0, 1.0..4.0, 1.0..4.0, 1.0..4.0], fast in 0.001_f64..=1.0,
        count in proptest::option::of(1_u64..10_000), rate in proptest::option::of(1e-4_f64..1e4), tail in any::<[bool; 3]>(),
    ) {
        let (p95, p99) = (p50 * up[0], p50 * up[0] * up[1]);
        let p999 = p99 * up[2];
        let measured = Measured {
            route: RSVP.to_owned(), count, rate_per_s: rate, min: tail[0].then_some(p50 * fast), p50, p95, p99,
            p999: tail[1].then_some(p999), max: tail[2].then_some(p999 * up[3]), remark: None,
        };
        let read = profile(&written(std::slice::from_ref(&measured)));
        for (which, stated) in Percentile::ALL.into_iter().zip([p50, p95, p99]) {
            prop_assert!((which.of(&read.routes[RSVP]) / stated - 1.0).abs() < 0.01);
        }
    }
}
