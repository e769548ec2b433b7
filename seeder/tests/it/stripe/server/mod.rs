//! A server shaped like Stripe, of the tests' own. It speaks the protocol (form bodies with bracketed keys, bearer
//! keys, versions, lists, error objects), enforces what Stripe does (rate, idempotency, unique lookup keys, unknown
//! parameters) and is wrong on demand. What tests assert is what it holds.

mod account;
mod fault;
mod form;
mod memory;
mod objects;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;

pub(crate) use account::Account;
pub(crate) use fault::Fault;
use fault::Faults;
use memory::{Memory, Recall};

/// The key it takes.
pub(crate) const KEY: &str = "sk_test_4eC39HqLyjWDarjtT1zdp7dc";

/// Restricted ones that it takes.
pub(crate) const RESTRICTED_KEYS: [&str; 2] = ["rk_test_51HnobodyMaySee1", "rk_test_51HnobodyMaySee2"];

/// A call as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) at: Instant,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: String,
}

/// The server; it serves until the test's runtime ends.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    inner: Arc<Inner>,
}

struct Inner {
    account: Mutex<Account>,
    memory: Mutex<Memory>,
    calls: Mutex<Vec<Call>>,
    faults: Mutex<Faults>,
    rate: usize,
    delay: Duration,
    under_way: watch::Sender<usize>,
    most_under_way: AtomicUsize,
}

/// What it answers, before it is a response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    status: u16,
    body: Value,
}

impl Answer {
    fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }

    fn error(status: u16, kind: &str, code: Option<&str>, message: impl Into<String>) -> Self {
        let mut error = json!({ "type": kind, "message": message.into() });
        if let Some(code) = code {
            error["code"] = json!(code);
            error["doc_url"] =
                json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
        }
        Self { status, body: json!({ "error": error }) }
    }
}

impl Server {
    /// Takes this many calls a second, answering each after a while.
    pub(crate) async fn start(rate: usize, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let inner = Arc::new(Inner {
            account: Mutex::new(Account::new()),
            memory: Mutex::default(),
            calls: Mutex::default(),
            faults: Mutex::default(),
            rate,
            delay,
            under_way: watch::Sender::new(0),
            most_under_way: AtomicUsize::new(0),
        });
        let router = Router::new().fallback(serve).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    /// A quick one, without a limit worth the name.
    pub(crate) async fn quick() -> Self {
        Self::start(100_000, Duration::ZERO).await
    }

    /// Misbehaves on calls like `POST /v1/customers`, after `skip` good ones, this many times.
    pub(crate) fn misbehave(&self, on: &'static str, skip: usize, times: usize, fault: Fault) {
        self.inner.faults.lock().expect("no panic").plan(on, skip, times, fault);
    }

    /// Behaves again.
    pub(crate) fn behave(&self) {
        *self.inner.faults.lock().expect("no panic") = Faults::default();
    }

    /// As if a day had passed.
    pub(crate) fn forget_keys(&self) {
        *self.inner.memory.lock().expect("no panic") = Memory::default();
    }

    /// As if every key had been used with other parameters.
    pub(crate) fn change_what_keys_were_used_with(&self) {
        self.inner.memory.lock().expect("no panic").change();
    }

    /// Waits until no call is under way.
    pub(crate) async fn idle(&self) {
        let mut under_way = self.inner.under_way.subscribe();
        under_way.wait_for(|count| *count == 0).await.expect("the server is there");
    }

    pub(crate) fn account(&self) -> MutexGuard<'_, Account> {
        self.inner.account.lock().expect("no panic")
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.inner.calls.lock().expect("no panic").clone()
    }

    pub(crate) fn most_under_way(&self) -> usize {
        self.inner.most_under_way.load(Ordering::SeqCst)
    }
}

async fn serve(
    State(inner): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    inner.under_way.send_modify(|count| *count += 1);
    inner.most_under_way.fetch_max(*inner.under_way.borrow(), Ordering::SeqCst);
    let _under_way = UnderWay(&inner.under_way);
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let body = String::from_utf8_lossy(&body).into_owned();
    let call = Call { at: now(), method, path: uri.path().to_owned(), key, body };
    let is_too_fast = arrive(&inner, &call);
    let fault = inner.faults.lock().expect("no panic").strike(&call);
    match fault {
        Some(Fault::Hangs) => return std::future::pending().await,
        Some(Fault::Unauthorized) => return respond(&invalid_key(), false),
        Some(Fault::Forbidden) => {
            let message = "The provided key does not have the required permissions for this endpoint.";
            return respond(
                &Answer::error(403, "invalid_request_error", Some("more_permissions_required"), message),
                false,
            );
        }
        _ => {}
    }
    if let Err(answer) = admit(&headers, &call) {
        return respond(&answer, false);
    }
    if is_too_fast || fault == Some(Fault::TooMany) {
        tokio::time::sleep(inner.delay).await;
        return respond(
            &Answer::error(429, "invalid_request_error", Some("rate_limit"), "Request rate limit exceeded."),
            false,
        );
    }
    let (answer, is_replayed) = answer(&inner, &call, uri.query().unwrap_or_default(), fault).await;
    // A panicking handler is how axum hangs up without an answer.
    assert!(fault != Some(Fault::CutAfter), "hanging up, as planned");
    respond(&answer, is_replayed)
}

struct UnderWay<'a>(&'a watch::Sender<usize>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[expect(clippy::disallowed_methods, reason = "the server's clock")]
fn now() -> Instant {
    Instant::now()
}

/// Writes the call down; answers whether that is too many in a second.
fn arrive(inner: &Inner, call: &Call) -> bool {
    let mut calls = inner.calls.lock().expect("no panic");
    let recent =
        calls.iter().rev().take_while(|c| call.at.duration_since(c.at) < Duration::from_secs(1)).count();
    calls.push(call.clone());
    recent >= inner.rate
}

fn invalid_key() -> Answer {
    Answer::error(401, "invalid_request_error", None, "Invalid API Key provided: sk_test_****p7dc")
}

fn admit(headers: &HeaderMap, call: &Call) -> Result<(), Answer> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = text("authorization").strip_prefix("Bearer ").unwrap_or_default();
    if key != KEY && !RESTRICTED_KEYS.contains(&key) {
        return Err(invalid_key());
    }
    let version = text("stripe-version");
    if version.len() < 10 || !version.starts_with("20") {
        return Err(Answer::error(
            400,
            "invalid_request_error",
            None,
            format!("Invalid Stripe API version: {version}"),
        ));
    }
    if call.method == Method::POST && text("content-type") != "application/x-www-form-urlencoded" {
        return Err(Answer::error(
            400,
            "invalid_request_error",
            None,
            "The request body must be form-encoded.",
        ));
    }
    Ok(())
}

/// The answer, and whether it comes from memory.
async fn answer(inner: &Inner, call: &Call, query: &str, fault: Option<Fault>) -> (Answer, bool) {
    let key = call.key.as_deref().filter(|_| call.method == Method::POST);
    let recall = key.map(|key| inner.memory.lock().expect("no panic").recall(key, call));
    match recall {
        Some(Recall::Replay(answer)) => return (answer, true),
        Some(Recall::Refuse(answer)) => return (answer, false),
        Some(Recall::New) | None => {}
    }
    let _under_way = memory::UnderWay(&inner.memory, key);
    tokio::time::sleep(inner.delay).await;
    let answer = act(inner, call, query, fault);
    if let Some(key) = key {
        inner.memory.lock().expect("no panic").keep(key, call, &answer);
    }
    (answer, false)
}

fn act(inner: &Inner, call: &Call, query: &str, fault: Option<Fault>) -> Answer {
    let act = || inner.account.lock().expect("no panic").handle(&call.method, &call.path, query, &call.body);
    let broken = "Sorry! There was an error while talking to one of our backends.";
    match fault {
        Some(Fault::FailsBefore) => Answer::error(500, "api_error", None, broken),
        Some(Fault::FailsAfter) => {
            act();
            Answer::error(500, "api_error", None, broken)
        }
        _ => act(),
    }
}

fn respond(answer: &Answer, is_replayed: bool) -> Response {
    let status = StatusCode::from_u16(answer.status).expect("a status");
    let mut response = (status, answer.body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert("content-type", "application/json".parse().expect("a value"));
    headers.insert("request-id", "req_8kPBJxEYzHtXGM".parse().expect("a value"));
    if is_replayed {
        headers.insert("idempotent-replayed", "true".parse().expect("a value"));
    }
    if answer.status == 429 {
        headers.insert("retry-after", "0".parse().expect("a value"));
        headers.insert("stripe-should-retry", "true".parse().expect("a value"));
        headers.insert("stripe-rate-limited-reason", "global-rate".parse().expect("a value"));
    }
    response
}
