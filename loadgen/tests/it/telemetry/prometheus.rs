//! A real Prometheus, where `./test` provides one.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
};

use engine::clock;
use serde_json::Value;
use tempfile::TempDir;

use super::receiver::PATIENCE;
use crate::provided::named;

/// What promtool has to complain about in these metrics; none when there is no promtool.
pub(super) fn complaints(metrics: &str) -> Option<String> {
    let mut child = Command::new(named("TEST_PROMTOOL")?)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("TEST_PROMTOOL starts");
    child.stdin.take().expect("it is piped").write_all(metrics.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    Some(format!("{:?} {}", output.status.code(), String::from_utf8_lossy(&said)))
}

/// The server. Ends when it is dropped.
pub(super) struct Prometheus {
    pub(super) origin: String,
    process: Child,
    _dir: TempDir,
}

impl Prometheus {
    /// One that takes what is written to it, and scrapes `target` if there is one; none when there is no program.
    pub(super) fn start(target: Option<&str>) -> Option<Self> {
        let program = named("TEST_PROMETHEUS")?;
        let dir = tempfile::tempdir().expect("a directory");
        let targets = target.map_or_else(String::new, |target| {
            format!("scrape_configs: [{{job_name: loadgen, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{{targets: ['{target}']}}]}}]")
        });
        let config = dir.path().join("prometheus.yml");
        fs::write(&config, targets).expect("a file");
        // It names no port that the system chose for it: one that was free a moment ago is named to it.
        let free = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = free.local_addr().expect("it is bound").to_string();
        drop(free);
        let mut process = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(["--web.enable-remote-write-receiver", "--log.level=info"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("TEST_PROMETHEUS starts");
        let stderr = BufReader::new(process.stderr.take().expect("it is piped"));
        let server = Self { origin: format!("http://{address}"), process, _dir: dir };
        let (tell, ready) = mpsc::channel();
        thread::spawn(move || {
            // What it says is read to its end, so that it never waits for a reader.
            for line in stderr.lines().map_while(Result::ok) {
                if line.contains("Server is ready") {
                    let _ = tell.send(());
                }
            }
        });
        ready.recv_timeout(PATIENCE).expect("it comes up");
        Some(server)
    }

    /// What it answers to a query.
    pub(super) fn query(&self, query: &str) -> Vec<Value> {
        // The client asks for cryptography even where nothing is encrypted. The error is that there is some already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let told: Value = runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
            let mut url: reqwest::Url = format!("{}/api/v1/query", self.origin).parse().expect("an address");
            url.query_pairs_mut().append_pair("query", query);
            client.get(url).send().await.expect("an answer").json().await.expect("JSON")
        });
        assert_eq!(told["status"], "success", "{told}");
        told["data"]["result"].as_array().expect("a list").clone()
    }

    /// The same, once there is something to answer.
    pub(super) fn query_until(&self, query: &str) -> Vec<Value> {
        let until = clock::now() + PATIENCE;
        loop {
            let told = self.query(query);
            if !told.is_empty() {
                return told;
            }
            assert!(clock::now() < until, "nothing to answer to {query}");
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
