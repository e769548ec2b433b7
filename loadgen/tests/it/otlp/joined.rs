//! One run against a mock of which some answers fail on purpose: what both tell the collector, and that it fits.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::{Arc, mpsc},
    thread,
};

use axum::http::StatusCode;
use engine::ends::Ends;
use loadgen::{
    options::Options,
    run::{Kept, Run},
    scenarios, suite,
    target::Target,
    telemetry::{
        self,
        otlp::{Headers, SERVICE},
        traces,
    },
};
use mock_server::{
    Config,
    faults::{self, FaultPlan, Known},
};
use opentelemetry_proto::tonic::{
    metrics::v1::{metric::Data, number_data_point::Value},
    trace::v1::span::SpanKind,
};
use tokio::sync::oneshot;

use super::collector::{self, Heard, Told, text};
use crate::{limits::server::TOKEN, stage::WORLD};

const SECRET: &str = "b3arer-of-the-tests";
const SAMPLE: f64 = 0.2;

/// One in twenty searches is refused by a server that has too much to do.
fn some_fail() -> FaultPlan {
    let plan =
        "seed = 7\n[[fault]]\nkind = \"error\"\nroute = \"GET /api/search\"\nshare = 0.05\nstatus = 503\n";
    let routes: Vec<&'static str> = contract::measured_routes().collect();
    faults::parse(plan, Known { routes: &routes, pools: &[] }).expect("a plan")
}

/// Plays `search-load` against a mock that tells this collector, too; both have ended when it returns.
fn played(endpoint: &str, traces: traces::Wish, out: &Path) -> Run {
    let config = Config {
        admin_token: TOKEN.to_owned(),
        world: Some(*WORLD),
        faults: Some(some_fail()),
        otlp: Some(endpoint.parse().expect("an address")),
        ..Config::default()
    };
    let (tell, told) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let mock = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
            let address = listener.local_addr().expect("it is bound");
            let ready = || tell.send(address).expect("the test waits");
            mock_server::serve_announced(listener, config, stopped, ready).await.expect("it serves");
        });
    });
    let target = Target::parse(&format!("http://{}", told.recv().expect("it listens")));
    let headers = Headers::read(&format!("authorization=Bearer%20{SECRET}")).expect("a header");
    let endpoint = endpoint.to_owned();
    let otlp = telemetry::otlp::Wish { endpoint, headers, service: SERVICE.to_owned(), metrics: true };
    let options = Options {
        scenarios: vec![scenarios::find("search-load").expect("it exists")],
        time_scale: 0.6,
        world: *WORLD,
        admin_token: Some(TOKEN.to_owned()),
        out: out.to_owned(),
        watch: loadgen::watch::Wish { quiet: true, ..Default::default() },
        telemetry: telemetry::Wish { traces, otlp: Some(otlp), ..Default::default() },
        ..Options::new(target.expect("a loopback origin"))
    };
    assert!(!format!("{:?}", options.telemetry).contains(SECRET));
    let outcome = suite::run(&options, &Ends::new()).expect("the mock is there");
    stop.send(()).expect("it serves until then");
    mock.join().expect("it has ended");
    outcome.run
}

/// Spans by their own id, each of which is there once.
fn by_id(all: &[Told]) -> HashMap<Vec<u8>, &Told> {
    let ids: HashMap<_, _> = all.iter().map(|told| (told.span.span_id.clone(), told)).collect();
    assert_eq!(ids.len(), all.len(), "a span's id is there twice");
    ids
}

fn ids_are_valid(all: &[Told]) {
    for Told { span, .. } in all {
        assert!(span.trace_id.len() == 16 && span.trace_id.iter().any(|byte| *byte != 0), "{span:?}");
        assert!(span.span_id.len() == 8 && span.span_id.iter().any(|byte| *byte != 0), "{span:?}");
        assert!(
            span.start_time_unix_nano > 0 && span.start_time_unix_nano <= span.end_time_unix_nano,
            "{span:?}"
        );
    }
}

/// Each part lies in its request, after the one before; together they take no longer.
fn parts_fit(all: &[Told], of: &Told) {
    let parts: Vec<&Told> = all.iter().filter(|told| told.span.parent_span_id == of.span.span_id).collect();
    let parts: Vec<&Told> = parts.into_iter().filter(|told| told.span.kind() == SpanKind::Internal).collect();
    assert!(parts.iter().any(|part| part.span.name == "waiting"), "{:?}", of.span);
    let mut at = of.span.start_time_unix_nano;
    for part in &parts {
        assert!(
            part.span.start_time_unix_nano >= at && part.span.trace_id == of.span.trace_id,
            "{parts_of:?}",
            parts_of = part.span
        );
        at = part.span.end_time_unix_nano;
    }
    assert!(at <= of.span.end_time_unix_nano);
    assert!(parts.iter().map(|part| part.took_ns()).sum::<u64>() <= of.took_ns());
}

fn what_the_mock_tells_fits(heard: &Heard, clients: &[Told]) {
    let ids = by_id(clients);
    let servers = heard.of(SpanKind::Server);
    for server in &servers {
        assert_eq!(server.says("service.name").as_deref(), Some("wwmaa-mock"));
        let slow = server.says("wwmaa.kept").as_deref() == Some("slowest");
        let Some(client) = ids.get(&server.span.parent_span_id) else {
            // Slow so far, but not in the end; sent before anything was measured; or no longer waited for at the end.
            let gone = server.says("error.type").as_deref() == Some("client_gone");
            assert!(slow || gone, "its parent was told of: {:?}", server.span);
            continue;
        };
        assert_eq!(server.span.trace_id, client.span.trace_id);
        assert_eq!(server.says("http.route"), client.says("http.route"));
        assert_eq!(server.says("http.response.status_code"), client.says("http.response.status_code"));
    }
    let joined: HashSet<&[u8]> = servers.iter().map(|server| &server.span.parent_span_id[..]).collect();
    for client in clients.iter().filter(|client| client.failed() || client.span.flags & 1 == 1) {
        assert!(joined.contains(&client.span.span_id[..]), "the mock said nothing of {:?}", client.span);
    }
    // Nobody knew beforehand that they would be slow.
    let slow = |client: &&Told| client.says("wwmaa.kept").as_deref() == Some("slowest");
    let joined = clients.iter().filter(slow).filter(|slow| joined.contains(&slow.span.span_id[..])).count();
    assert!(joined > 0, "of the slowest the server's side is told, too");
}

fn metrics_agree(heard: &Heard, run: &Run) {
    let readings = heard.readings.lock().expect("no test panics here");
    let last = readings.last().expect("there is one at the end");
    let metrics: HashMap<&str, &Data> = last.scope_metrics[0]
        .metrics
        .iter()
        .map(|metric| (metric.name.as_str(), metric.data.as_ref().expect("it has data")))
        .collect();
    let (requests, failed) = run.scenarios[0].run.requests();
    let sum = |name: &str| match metrics[name] {
        Data::Sum(sum) => sum
            .data_points
            .iter()
            .map(|point| match point.value {
                Some(Value::AsInt(n)) => n.unsigned_abs(),
                _ => 0,
            })
            .sum::<u64>(),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!((sum("wwmaa.requests"), sum("wwmaa.requests.failed")), (requests, failed));
    let Data::Histogram(durations) = metrics["http.client.request.duration"] else { panic!("no histogram") };
    assert_eq!(durations.data_points.iter().map(|point| point.count).sum::<u64>(), requests);
    for point in &durations.data_points {
        assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
        assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
    }
    let resource = last.resource.as_ref().expect("it has one");
    let says = |key: &str| resource.attributes.iter().filter(|kv| kv.key == key).find_map(text);
    assert_eq!(says("wwmaa.run.id"), Some(run.meta.id.clone()));
}

fn nothing_holds_the_secret(dir: &Path) {
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            nothing_holds_the_secret(&path);
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            assert!(!bytes.windows(SECRET.len()).any(|at| at == SECRET.as_bytes()), "{}", path.display());
        }
    }
}

#[test]
fn a_run_is_told_and_the_mock_joins_its_traces() {
    let (endpoint, heard) = collector::start(StatusCode::OK);
    let out = tempfile::tempdir().expect("a directory");
    let run = played(&endpoint, traces::Wish { sample: SAMPLE, ..Default::default() }, out.path());
    let measured = &run.scenarios[0];
    let (requests, failed) = measured.run.requests();
    assert!(requests > 100 && failed > 0, "{failed} of {requests} failed");

    let all = heard.all();
    ids_are_valid(&all);
    by_id(&all);
    let clients = heard.of(SpanKind::Client);
    let traces: HashSet<&[u8]> = clients.iter().map(|told| &told.span.trace_id[..]).collect();
    assert_eq!(traces.len(), clients.len(), "each request has a trace of its own");
    assert_eq!(
        clients.iter().filter(|told| told.failed()).count() as u64,
        failed,
        "every failed one is there"
    );

    let sampled = clients.iter().filter(|told| told.span.flags & 1 == 1).count() as f64;
    let (mean, deviation) = (requests as f64 * SAMPLE, (requests as f64 * SAMPLE * (1.0 - SAMPLE)).sqrt());
    assert!((sampled - mean).abs() < 6.0 * deviation, "{sampled} of {requests} were sampled");

    for client in &clients {
        let says = |key: &str| client.says(key);
        assert_eq!(says("service.name").as_deref(), Some(SERVICE));
        assert_eq!(says("wwmaa.run.id").as_deref(), Some(run.meta.id.as_str()));
        assert_eq!(says("wwmaa.scenario").as_deref(), Some("search-load"));
        assert_eq!(says("wwmaa.preset").as_deref(), Some("smoke"));
        assert_eq!(says("wwmaa.target").as_deref(), Some(run.meta.origin.as_str()));
        assert_eq!(says("server.address").as_deref(), Some("127.0.0.1"));
        assert_eq!(says("http.request.method").as_deref(), client.span.name.split(' ').next());
        let status = says("http.response.status_code");
        let expected = if client.failed() { ("503", "failed") } else { ("200", "") };
        assert_eq!(status.as_deref(), Some(expected.0), "{:?}", client.span);
        assert!(client.failed() == (says("wwmaa.kept").as_deref() == Some("failed")));
        parts_fit(&all, client);
    }
    what_the_mock_tells_fits(&heard, &clients);
    metrics_agree(&heard, &run);

    let roots = heard.of(SpanKind::Internal).into_iter().filter(|told| told.span.parent_span_id.is_empty());
    let [root] = &roots.collect::<Vec<_>>()[..] else { panic!("one scenario has one span") };
    assert_eq!(root.says("wwmaa.requests"), Some(requests.to_string()));
    assert!(clients.iter().all(|client| client.span.links[0].span_id == root.span.span_id));

    // What the run names was told of, the failed ones and the slowest among them.
    let told: HashSet<String> = clients.iter().map(|client| hex::encode(&client.span.trace_id)).collect();
    assert!(measured.traces.iter().all(|traced| told.contains(&traced.trace_id)));
    let named = |why| measured.traces.iter().filter(|traced| traced.why == why).count() as u64;
    assert_eq!(named(Kept::Failed), failed.min(100));
    assert!(named(Kept::Slowest) > 0 && named(Kept::Sampled) > 0);
    assert!(
        run.notes
            .iter()
            .any(|note| note.starts_with("The OpenTelemetry collector at ") && !note.contains("missing")),
        "{:?}",
        run.notes
    );

    let headers = heard.headers.lock().expect("no test panics here");
    let mine = headers.iter().filter(|headers| headers.contains_key("authorization"));
    assert!(mine.clone().count() > 0);
    assert!(mine.clone().all(|headers| headers["authorization"] == format!("Bearer {SECRET}")));
    nothing_holds_the_secret(out.path());
}

#[test]
fn a_collector_that_fails_costs_a_run_nothing_but_a_note() {
    let (endpoint, _) = collector::start(StatusCode::INTERNAL_SERVER_ERROR);
    let out = tempfile::tempdir().expect("a directory");
    let run = played(&endpoint, traces::Wish { sample: 1.0, ..Default::default() }, out.path());
    let (requests, _) = run.scenarios[0].run.requests();
    assert!(requests > 100, "{requests}");
    assert_eq!(run.scenarios[0].run.flows.iter().map(|flow| flow.tally.dropped).sum::<u64>(), 0);
    let note = run.notes.iter().find(|note| note.contains("OpenTelemetry")).expect("it is noted");
    assert!(note.contains("took 0 spans") && note.contains("it answered 500"), "{note}");
    assert!(!run.scenarios[0].traces.is_empty(), "the run names its traces all the same");
}

#[test]
fn without_traceparent_nobody_is_told_of_requests() {
    let (endpoint, heard): (String, Arc<Heard>) = collector::start(StatusCode::OK);
    let out = tempfile::tempdir().expect("a directory");
    let wish = traces::Wish { traceparent: false, sample: 1.0, ..Default::default() };
    let run = played(&endpoint, wish, out.path());
    assert!(run.scenarios[0].run.requests().0 > 100);
    assert!(heard.of(SpanKind::Client).is_empty() && heard.of(SpanKind::Server).is_empty());
    assert!(run.scenarios[0].traces.is_empty());
}
