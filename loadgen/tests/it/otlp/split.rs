//! The real program, split over processes: each tells the collector, and the run names what all of them kept.

use std::{
    collections::HashSet,
    process::{Command, Stdio},
};

use axum::http::StatusCode;
use loadgen::run::Run;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use super::collector;
use crate::{interrupted::folder, processes::MOCK};

const SECRET: &str = "b3arer-of-the-tests";

#[test]
fn each_process_tells_and_the_run_names_what_all_kept() {
    let (endpoint, heard) = collector::start(StatusCode::OK);
    let out = tempfile::tempdir().expect("a directory");
    let ended = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["run", "--target", &MOCK, "--processes", "2", "--workers", "1", "--scenario", "search-load"])
        .args(["--time-scale", "0.4", "--trace-sample", "0.3", "--otlp-metrics", "--browsers", "0", "--out"])
        .arg(out.path())
        .env_remove("MOCK_ADMIN_TOKEN")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)
        .env("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization=Bearer%20{SECRET}"))
        .env("OTEL_SERVICE_NAME", "somebody-else")
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let said =
        format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(!said.contains(SECRET), "{said}");
    let dir = folder(out.path()).expect("a run");
    let run = Run::read(&dir).unwrap_or_else(|e| panic!("{e}\n{said}"));
    let text = std::fs::read_to_string(dir.join("run.json")).expect("it was read");
    assert!(!text.contains(SECRET));

    let clients = heard.of(SpanKind::Client);
    let instances: HashSet<_> = clients.iter().filter_map(|told| told.says("service.instance.id")).collect();
    assert_eq!(instances.len(), 2, "{instances:?}\n{said}");
    assert!(clients.iter().all(|told| told.says("service.name").as_deref() == Some("somebody-else")));
    assert!(clients.iter().all(|told| told.says("wwmaa.run.id").as_deref() == Some(run.meta.id.as_str())));
    let traces: HashSet<_> = clients.iter().map(|told| told.span.trace_id.clone()).collect();
    assert_eq!(traces.len(), clients.len(), "each request has a trace of its own");
    let measured = &run.scenarios[0];
    assert!(!measured.traces.is_empty());
    let told: HashSet<String> = traces.iter().map(hex::encode).collect();
    assert!(measured.traces.iter().all(|traced: &loadgen::run::Traced| told.contains(&traced.trace_id)));
    let root = heard.of(SpanKind::Internal).into_iter().find(|told| told.span.parent_span_id.is_empty());
    let root = root.expect("the parent tells of the scenario").span;
    assert!(clients.iter().all(|told| told.span.links[0].trace_id == root.trace_id));
    let headers = heard.headers.lock().expect("no test panics here");
    assert!(headers.iter().all(|headers| headers["authorization"] == format!("Bearer {SECRET}")));
    assert!(measured.notes.iter().any(|note| note.starts_with("Of its processes: ")), "{:?}", measured.notes);
}
