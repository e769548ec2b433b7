//! A `ZeroDB` of the tests' own over HTTP, with faults on demand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::state::{Answer, Held};

pub(crate) const PROJECT: &str = "6a1d4e52-launch-staging";
pub(crate) const API_KEY: &str = "key-that-nobody-may-see";
pub(crate) const ACCOUNT: (&str, &str) = ("seeder@wwmaa.com", "password-that-nobody-may-see");

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No answer; whether it is done all the same.
    Silence { done: bool },
    /// No answer, and it is done when this many further requests have come.
    Late(usize),
    /// The connection is cut without an answer; whether it is done all the same.
    Cut { done: bool },
    /// This status before anything is done.
    Status(u16),
    /// This status before anything is done, and how many seconds are to be waited.
    SlowDown(u16, u64),
    /// 500 after it was done.
    FailsAfter,
    /// 200 and something that is no JSON, after it was done.
    Babbles,
    /// The token is not taken any more; only a new login helps.
    TokenEnds,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// When, on tokio's clock.
    pub(crate) at: tokio::time::Instant,
}

impl Asked {
    /// Whether it changes what is held.
    pub(crate) fn writes(&self) -> bool {
        let reads = ["/vector-search", "/login-json"].iter().any(|end| self.path.ends_with(end));
        self.method != Method::GET && !reads
    }
}

type Faults = Box<dyn FnMut(usize, &Asked) -> Option<Fault> + Send>;

#[derive(Default)]
struct Inner {
    held: Held,
    asked: Vec<Asked>,
    faults: Option<Faults>,
    late: Vec<(usize, Asked, String, Value)>,
    logins: u64,
    busy: usize,
    busiest: usize,
}

/// The server; clones share what it holds.
#[derive(Clone)]
pub(crate) struct Server {
    inner: Arc<Mutex<Inner>>,
    count: watch::Sender<usize>,
    project: &'static str,
    pub(crate) url: String,
}

impl Server {
    /// Serves until the test's runtime ends.
    pub(crate) async fn start() -> Self {
        Self::of(PROJECT).await
    }

    /// The same for another project.
    pub(crate) async fn of(project: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let server = Self { inner: Arc::default(), count: watch::Sender::new(0), project, url };
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is held now.
    pub(crate) fn held(&self) -> Held {
        self.lock().held.clone()
    }

    /// Changes what is held, past the API.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Held)) {
        change(&mut self.lock().held);
    }

    /// From now on, this decides what goes wrong: it sees a request and its number from 0, counted from now.
    pub(crate) fn faults(&self, faults: impl FnMut(usize, &Asked) -> Option<Fault> + Send + 'static) {
        let mut inner = self.lock();
        inner.asked.clear();
        self.count.send_replace(0);
        inner.faults = Some(Box::new(faults));
    }

    /// Nothing goes wrong any more; what is late still comes.
    pub(crate) fn heal(&self) {
        let mut inner = self.lock();
        inner.asked.clear();
        self.count.send_replace(0);
        inner.faults = None;
    }

    /// What was asked since [`Self::faults`] or [`Self::heal`].
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    /// How many requests were on their way at most at once.
    pub(crate) fn busiest(&self) -> usize {
        self.lock().busiest
    }

    pub(crate) fn logins(&self) -> u64 {
        self.lock().logins
    }

    /// Waits until this many requests have come since [`Self::faults`] or [`Self::heal`].
    pub(crate) async fn has_been_asked(&self, times: usize) {
        let mut count = self.count.subscribe();
        count.wait_for(|count| *count >= times).await.expect("the server is there");
    }
}

/// One more request; gone from the count when it is answered or given up.
struct Busy(Server);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.lock().busy -= 1;
    }
}

async fn answer(
    State(server): State<Server>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Asked { method, path: uri.path().to_owned(), at: now() };
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let query = uri.query().unwrap_or_default().to_owned();
    let fault = server.note(&asked);
    let _busy = Busy(server.clone());
    // Whoever else asks at the same time gets here before the first is answered.
    tokio::task::yield_now().await;
    let done = || server.effect(&asked, &headers, &query, &body);
    match fault {
        None => reply(done()),
        Some(Fault::Status(status)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            reply((status, json!({ "detail": "not now" })))
        }
        Some(Fault::SlowDown(status, seconds)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            let body = r#"{"error":"rate limit exceeded"}"#;
            (status, [(header::RETRY_AFTER, seconds.to_string())], body).into_response()
        }
        Some(Fault::FailsAfter) => {
            done();
            reply((StatusCode::INTERNAL_SERVER_ERROR, json!({ "detail": "Internal Server Error" })))
        }
        Some(Fault::Babbles) => {
            done();
            "fine, fine".into_response()
        }
        Some(Fault::TokenEnds) => {
            server.lock().logins += 1_000;
            reply((StatusCode::UNAUTHORIZED, json!({ "detail": "Token has expired" })))
        }
        Some(Fault::Silence { done: is_done }) => {
            if is_done {
                done();
            }
            std::future::pending().await
        }
        Some(Fault::Late(requests)) => {
            server.postpone(requests, asked, query, body);
            std::future::pending().await
        }
        Some(Fault::Cut { done: is_done }) => {
            if is_done {
                done();
            }
            // A panicking handler is how axum hangs up without an answer.
            panic!("hanging up, as planned");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the test's own clock")]
fn now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

fn reply((status, body): Answer) -> Response {
    if body.is_null() { status.into_response() } else { (status, axum::Json(body)).into_response() }
}

impl Server {
    /// Counts a request, does what is due by now, and says what goes wrong with it.
    fn note(&self, asked: &Asked) -> Option<Fault> {
        let mut inner = self.lock();
        inner.busy += 1;
        inner.busiest = inner.busiest.max(inner.busy);
        let number = inner.asked.len();
        inner.asked.push(asked.clone());
        for late in &mut inner.late {
            late.0 = late.0.saturating_sub(1);
        }
        let (due, late) = std::mem::take(&mut inner.late).into_iter().partition(|late| late.0 == 0);
        inner.late = late;
        for (_, asked, query, body) in due {
            let path: Vec<&str> = asked.path.split('/').skip(1).collect();
            inner.held.answer(&asked.method, &path, &query, &body);
        }
        self.count.send_replace(number + 1);
        inner.faults.as_mut().and_then(|faults| faults(number, asked))
    }

    fn postpone(&self, requests: usize, asked: Asked, query: String, body: Value) {
        self.lock().late.push((requests, asked, query, body));
    }

    fn effect(&self, asked: &Asked, headers: &HeaderMap, query: &str, body: &Value) -> Answer {
        let mut inner = self.lock();
        let path: Vec<&str> = asked.path.split('/').skip(1).collect();
        if path == ["v1", "public", "auth", "login-json"] {
            return inner.login(body);
        }
        let bearer =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
        if token != API_KEY && token != format!("token-{}", inner.logins) {
            return (StatusCode::UNAUTHORIZED, json!({ "detail": format!("not known: {token}") }));
        }
        let project = match path[..] {
            ["v1", "projects", project, ..] => project,
            _ => headers.get("x-project-id").and_then(|value| value.to_str().ok()).unwrap_or_default(),
        };
        if project != self.project {
            return (StatusCode::NOT_FOUND, json!({ "detail": "Project not found" }));
        }
        inner.held.answer(&asked.method, &path, query, body)
    }
}

impl Inner {
    fn login(&mut self, body: &Value) -> Answer {
        let given = (body["username"].as_str(), body["password"].as_str());
        if given != (Some(ACCOUNT.0), Some(ACCOUNT.1)) {
            return (StatusCode::UNAUTHORIZED, json!({ "detail": format!("wrong: {body}") }));
        }
        self.logins += 1;
        (StatusCode::OK, json!({ "access_token": format!("token-{}", self.logins), "token_type": "bearer" }))
    }
}
