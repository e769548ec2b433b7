//! The real program, telling everybody at once, its load split over two processes.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
};

use engine::record::Column;
use loadgen::run::Run;
use prost::Message;

use super::receiver::{OK, PATIENCE, Receiver};
use crate::{interrupted::folder, processes::MOCK};

const SECRETS: [&str; 2] = ["opensesame", "0123456789abcdef"];

/// The newest value of each series that was written and is no stale marker.
fn newest(receiver: &Receiver) -> BTreeMap<String, f64> {
    let mut newest = BTreeMap::new();
    for told in receiver.heard() {
        let message = snap::raw::Decoder::new().decompress_vec(&told.body).expect("a block of snappy");
        let written =
            loadgen::telemetry::remote_write::WriteRequest::decode(message.as_slice()).expect("series");
        for series in written.timeseries {
            let labels =
                series.labels.iter().filter(|label| !["job", "instance"].contains(&label.name.as_str()));
            let name =
                labels.map(|label| format!("{}={}", label.name, label.value)).collect::<Vec<_>>().join(",");
            let sample = series.samples.last().expect("a sample");
            if sample.value.to_bits() != 0x7ff0_0000_0000_0002 {
                newest.insert(name, sample.value);
            }
        }
    }
    newest
}

fn has_secret(dir: &Path) -> bool {
    let files = fs::read_dir(dir).expect("a directory").map(|file| file.expect("an entry").path());
    files.filter(|path| path.is_file()).any(|path| {
        let bytes = fs::read(path).expect("a file");
        SECRETS.iter().any(|secret| String::from_utf8_lossy(&bytes).contains(secret))
    })
}

#[test]
fn what_is_told_is_what_the_run_came_to() {
    let (metrics, errors) = (Receiver::start(|_| OK), Receiver::start(|_| OK));
    let out = tempfile::tempdir().expect("a directory");
    let mut process = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["run", "--target", &MOCK, "--scenario", "search-load", "--time-scale", "0.4", "--plain"])
        .args(["--processes", "2", "--workers", "1", "--metrics", "127.0.0.1:0", "--sentry", "--out"])
        .arg(out.path())
        .env("LOADGEN_REMOTE_WRITE_URL", format!("{}/api/v1/write", metrics.origin))
        .env("LOADGEN_REMOTE_WRITE_TOKEN", SECRETS[0])
        .env("SENTRY_DSN", errors.origin.replace("http://", &format!("http://{}@", SECRETS[1])) + "/7")
        .env_remove("LOADGEN_PRESET")
        .env_remove("MOCK_ADMIN_TOKEN")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stderr = BufReader::new(process.stderr.take().expect("it is piped"));
    let mut said = String::new();
    stderr.read_line(&mut said).expect("text");
    let address = said.trim().strip_prefix("metrics at http://").and_then(|url| url.strip_suffix("/metrics"));
    let address = address.unwrap_or_else(|| panic!("it says where its metrics are: {said}"));
    let mut reading = TcpStream::connect(address).expect("it listens");
    reading.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    write!(reading, "GET /metrics HTTP/1.1\r\nhost: {address}\r\n\r\n").expect("it reads");
    let mut text = String::new();
    reading.read_to_string(&mut text).expect("text");
    assert!(text.starts_with("HTTP/1.1 200 ") && text.contains("loadgen_run_info{run=\"run_"), "{text}");

    stderr.read_to_string(&mut said).expect("text");
    process.wait().expect("it has ended");
    let dir = folder(out.path()).expect("a run");
    let run = Run::read(&dir).expect("a run");
    let untold = |note: &String| note.contains("remote write") || note.contains("Sentry");
    assert!(!run.notes.iter().any(untold), "all was told: {:?}", run.notes);
    assert!(!has_secret(&dir) && SECRETS.iter().all(|secret| !said.contains(secret)), "{said}");

    let told = newest(&metrics);
    let search = run.scenarios[0].run.timing_named("GET /api/search").expect("it is declared");
    let (ok, failed) = search.counts();
    let labels = "route=GET /api/search,scenario=search-load";
    let number = |name: &str| told.get(name).copied();
    assert_eq!(number(&format!("__name__=loadgen_requests_total,{labels}")), Some((ok + failed) as f64));
    let all = search.distribution(Column::SinceDue);
    let count = number(&format!("__name__=loadgen_request_duration_seconds_count,from=due,{labels}"));
    assert_eq!(count, Some((all.count() + all.unanswered()) as f64));
    let planned = run.scenarios[0].run.flows[0].tally.planned;
    assert_eq!(number("__name__=loadgen_starts_planned_total,scenario=search-load"), Some(planned as f64));
    assert_eq!(number("__name__=loadgen_scenario_running,scenario=search-load"), Some(0.0));
    assert!(metrics.heard().iter().all(|told| told.headers["authorization"] == "Bearer opensesame"));
    let told: Vec<String> =
        errors.heard().iter().map(|told| String::from_utf8_lossy(&told.body).into_owned()).collect();
    assert!(
        told.iter().any(|told| told.contains("\"type\":\"transaction\"") && told.contains(&run.meta.id)),
        "{told:?}"
    );
}

#[test]
fn what_cannot_be_told_is_said_before_anything_is_sent() {
    let refused = |args: &[&str], dsn: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .args(["run", "--target", "http://127.0.0.1:1"])
            .args(args)
            .env("SENTRY_DSN", dsn)
            .env("LOADGEN_REMOTE_WRITE_TOKEN", "opensesame")
            .env("OTEL_EXPORTER_OTLP_HEADERS", "x-team=opensesame")
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(!said.contains("opensesame") && !said.contains("hunter2"), "{said}");
        said
    };
    assert!(refused(&["--sentry"], "").contains("SENTRY_DSN is not set"));
    assert!(refused(&["--sentry"], "hunter2").contains("it looks like https://KEY@HOST/PROJECT"));
    assert!(refused(&["--metrics", "0.0.0.0:0"], "").contains("--metrics-public"));
    assert!(refused(&["--remote-write", "nowhere"], "").contains("http://127.0.0.1:9090/api/v1/write"));
    assert!(
        refused(&["--remote-write", "http://u:hunter2@127.0.0.1/"], "").contains("LOADGEN_REMOTE_WRITE_USER")
    );
    assert!(refused(&["--remote-write", "http://metrics.example/"], "").contains("use https"));
    assert!(refused(&["--otlp", "nowhere"], "").contains("http://127.0.0.1:4318"));
    assert!(refused(&["--otlp", "http://otel.example/"], "").contains("use https"));
    assert!(
        refused(&["--otlp", "https://u:hunter2@otel.example/"], "").contains("OTEL_EXPORTER_OTLP_HEADERS")
    );
}
