//! The metrics a real mock shows, with everything switched on that has any.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Longest wait for an answer; only a hang ever takes it.
const PATIENCE: Duration = Duration::from_mins(1);
/// Something goes wrong, so that there are faults to be counted.
const FAULTS: &str =
    "seed = 7\n[[fault]]\nkind = \"error\"\nroute = \"GET /api/subscriptions/plans\"\nstatus = 500\n";

/// Their names, as Prometheus stores them, and whether the bus was on, which takes a Redis.
pub(super) fn of_the_mock() -> (BTreeSet<String>, bool) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plan = folder.path().join("faults.toml");
    fs::write(&plan, FAULTS).expect("it can be written");
    let redis = crate::provided::named("TEST_REDIS_URL").map(|url| url.into_string().expect("text"));
    let mut mock = Command::new(env!("CARGO_BIN_EXE_dry-run"));
    mock.args(["__mock-server", "--listen", "127.0.0.1:0", "--profile", "healthy", "--faults"]).arg(&plan);
    if let Some(url) = &redis {
        mock.args(["--bus", &format!("{url}?prefix=deploy-{}", std::process::id())]);
    }
    let mut mock =
        mock.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(mock.stdout.as_mut().expect("it is piped"))
        .read_line(&mut line)
        .expect("it says where it is");
    let address = line.trim().rsplit('/').next().expect("an address").to_owned();
    let _ = get(&address, "/api/subscriptions/plans");
    let _ = get(&address, "/api/events");
    let text = get(&address, "/metrics");
    // It ends with the pipe it was started on.
    drop(mock.stdin.take());
    mock.wait().expect("it ends");
    (samples(&text), redis.is_some())
}

/// The names of all samples.
fn samples(text: &str) -> BTreeSet<String> {
    let body = text.split_once("\r\n\r\n").expect("an answer").1;
    let lines = body.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split(['{', ' ']).next().expect("a name").to_owned()).collect()
}

fn get(address: &str, path: &str) -> String {
    let mut connection = TcpStream::connect(address).expect("the mock listens");
    connection.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    write!(connection, "GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("it answers");
    answer
}
