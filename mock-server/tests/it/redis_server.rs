//! A Redis of its own for a test that stops it or cuts its connections, and the one that all others share.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use mock_server::BusAddress;

/// Sets tests apart that share one server.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A program or an address that `tests/provide.sh` brings.
fn provided(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run ./test units, or `source tests/provide.sh` and call provide_redis")
    })
}

/// A bus on the Redis that all tests share, apart from every other test's.
pub(crate) fn bus() -> BusAddress {
    let url = provided("TEST_REDIS_URL");
    let prefix = format!("bus_test:{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    format!("{url}?prefix={prefix}").parse().expect("an address")
}

/// A Redis that ends with its test.
pub(crate) struct RedisServer {
    child: Child,
    port: u16,
}

impl RedisServer {
    /// Starts one on a free port; it is ready when this returns.
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        drop(listener);
        Self { child: ready(port), port }
    }

    /// Its address, as `--bus` takes it.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// The same, read.
    pub(crate) fn bus(&self) -> BusAddress {
        self.url().parse().expect("an address")
    }

    /// Ends it, and what it held is gone.
    pub(crate) fn stop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        assert!(std::thread::panicking() || ended.is_ok(), "{ended:?}");
    }

    /// Starts it again, empty.
    pub(crate) fn start_again(&mut self) {
        self.child = ready(self.port);
    }

    /// Cuts every connection on which somebody listens.
    pub(crate) async fn cut_subscriptions(&self) {
        let client = redis::Client::open(self.url()).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("it is ready");
        let mut kill = redis::cmd("CLIENT");
        kill.arg("KILL").arg("TYPE").arg("pubsub");
        kill.query_async::<u64>(&mut connection).await.expect("they are cut");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn ready(port: u16) -> Child {
    let mut child = Command::new(provided("TEST_REDIS_SERVER"))
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("TEST_REDIS_SERVER is redis-server");
    let mut log = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut said = String::new();
    while !said.contains("Ready to accept connections") {
        let read = log.read_line(&mut said).expect("a log in UTF-8");
        assert!(read > 0, "redis-server ended at once: {said}");
    }
    // It says little more, but a full or broken pipe must not stop it.
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    child
}

/// A bus where nobody listens.
pub(crate) fn nowhere() -> BusAddress {
    "redis://127.0.0.1:9".parse().expect("an address")
}
