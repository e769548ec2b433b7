//! A mock of its own for each test.

use std::net::SocketAddr;
use std::sync::Arc;

use fixtures::{Size, World};
use mock_server::Config;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// The admin token of every test's mock.
pub(crate) const ADMIN_TOKEN: &str = "admin-token-of-the-tests";

/// A small world: enough of everything for the states that are planted on purpose.
pub(crate) fn small_world() -> World {
    World::new(
        fixtures::DEFAULT_SEED,
        Size { members: 300, instructors: 20, events: 40, content: 200, ..Size::scaled(1) },
    )
}

/// A mock on a port of its own; it ends when this is dropped.
pub(crate) struct Rig {
    /// `http://127.0.0.1:PORT`.
    pub(crate) base: String,
    /// A client that follows no redirects.
    pub(crate) http: reqwest::Client,
    address: SocketAddr,
    stop: Arc<Notify>,
    serving: Option<JoinHandle<std::io::Result<()>>>,
}

impl Rig {
    /// A mock that serves the small world without latency.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with a config changed.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config =
            Config { admin_token: ADMIN_TOKEN.to_owned(), world: Some(small_world()), ..Config::default() };
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let stop = Arc::new(Notify::new());
        let stopped = Arc::clone(&stop);
        let serving =
            tokio::spawn(async move { mock_server::serve(listener, config, stopped.notified()).await });
        let mut rig = Self::at(address);
        rig.stop = stop;
        rig.serving = Some(serving);
        rig
    }

    /// A mock that somebody else has started.
    pub(crate) fn at(address: SocketAddr) -> Self {
        // Built beside the seeder, the client has TLS without a provider, and wants one chosen although it needs none.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client without TLS");
        let base = format!("http://{address}");
        Self { base, http, address, stop: Arc::default(), serving: None }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks it to end.
    pub(crate) fn end(&self) {
        self.stop.notify_one();
    }

    /// Waits until it has ended; how it did.
    pub(crate) async fn outcome(&mut self) -> std::io::Result<()> {
        let serving = self.serving.take().expect("it ends once");
        let ended = tokio::time::timeout(crate::wire::PATIENCE, serving).await;
        ended.expect("it ends in bounded time").expect("it does not panic")
    }

    /// Waits until it has ended, as it should.
    pub(crate) async fn ended(&mut self) {
        self.outcome().await.expect("it ends well");
    }

    /// A request to `path`.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// A GET.
    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.request("GET", path)
    }

    /// A POST of JSON.
    pub(crate) fn post(&self, path: &str, body: &serde_json::Value) -> reqwest::RequestBuilder {
        self.request("POST", path).json(body)
    }

    /// Sends JSON, with a bearer token or without, and reads the JSON that comes back.
    pub(crate) async fn sends(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        token: Option<&str>,
    ) -> (StatusCode, Value) {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    /// An access token of a seeded person.
    pub(crate) async fn token(&self, email: &str) -> String {
        let body = json!({ "email": email, "password": fixtures::PASSWORD });
        let (status, session) = self.sends("POST", "/api/auth/login", Some(body), None).await;
        assert_eq!(status, 200, "{session}");
        session["access_token"].as_str().expect("a token").to_owned()
    }

    /// A request to the admin API.
    pub(crate) fn admin(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.request(method, path).bearer_auth(ADMIN_TOKEN)
    }

    /// Sends a world to be served from now on.
    pub(crate) async fn send_world(&self, world: &World) -> (StatusCode, Value) {
        let lines: String = world.records().map(|record| fixtures::ndjson::line(&record) + "\n").collect();
        let answer = self.admin("POST", "/__admin/dataset").body(lines).send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }

    /// Counts and digests of what is held.
    pub(crate) async fn digests(&self) -> Value {
        let answer = self.admin("GET", "/__admin/digests").send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// Whether the audit finds every invariant kept; says which is not.
    pub(crate) async fn audit_holds(&self) -> bool {
        let answer = self.admin("GET", "/__admin/audit").send().await.expect("an answer");
        let audit: Value = answer.json().await.expect("JSON");
        for check in audit["checks"].as_array().expect("a list").iter().filter(|check| check["ok"] != true) {
            println!("{check}");
        }
        audit["ok"] == true
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.notify_one();
    }
}
