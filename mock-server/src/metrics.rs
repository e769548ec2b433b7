//! The edge that every answer passes: request ids, panics, and what Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use crate::api::{internal_error, refusal};
use crate::app::App;
use crate::clock;
use crate::sync::lock;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Bytes of a request id that are echoed; a longer one is replaced.
const REQUEST_ID_BYTES: usize = 200;

/// Upper bounds of the latency histogram's buckets, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// What was answered so far.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    in_flight: AtomicI64,
    panics: AtomicU64,
    abandoned: AtomicU64,
    next_request: AtomicU64,
    routes: Mutex<BTreeMap<String, RouteMetrics>>,
}

#[derive(Debug, Default)]
struct RouteMetrics {
    by_status: BTreeMap<u16, u64>,
    /// Answers by bucket, not cumulative; the last is beyond all bounds.
    buckets: [u64; BUCKETS.len() + 1],
    seconds: f64,
}

/// Counts a request as under way until it is dropped, also when its client gives up.
struct UnderWay<'a> {
    metrics: &'a Metrics,
    is_answered: bool,
}

impl<'a> UnderWay<'a> {
    fn begin(metrics: &'a Metrics) -> Self {
        metrics.in_flight.fetch_add(1, Ordering::Relaxed);
        Self { metrics, is_answered: false }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.metrics.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.is_answered {
            self.metrics.abandoned.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Middleware around everything: gives the request an id, counts it, turns a panic into an answer.
pub(crate) async fn edge(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = app.metrics.request_id(&request);
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let route = route_name(&request);
    let arrived = clock::now();
    let mut under_way = UnderWay::begin(&app.metrics);
    let mut response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => refusal(&internal_error()),
    };
    under_way.is_answered = true;
    drop(under_way);
    app.metrics.answered(route, response.status(), arrived.elapsed());
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The route's one name; what matches none is counted together.
fn route_name(request: &Request) -> String {
    let method = match *request.method() {
        Method::GET | Method::HEAD => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "OTHER",
    };
    match request.extensions().get::<MatchedPath>() {
        Some(path) => format!("{method} {}", path.as_str()),
        None => "unmatched".to_owned(),
    }
}

impl Metrics {
    /// The id the client sent, or one of our own.
    fn request_id(&self, request: &Request) -> HeaderValue {
        let sent = request.headers().get(REQUEST_ID);
        let sent = sent.filter(|id| !id.is_empty() && id.len() <= REQUEST_ID_BYTES && id.to_str().is_ok());
        sent.cloned().unwrap_or_else(|| {
            let number = self.next_request.fetch_add(1, Ordering::Relaxed);
            HeaderValue::try_from(format!("req-{number:016x}")).expect("hex digits are a header value")
        })
    }

    fn answered(&self, route: String, status: StatusCode, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = BUCKETS.iter().position(|bound| seconds <= *bound).unwrap_or(BUCKETS.len());
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            self.panics.fetch_add(1, Ordering::Relaxed);
        }
        let mut routes = lock(&self.routes);
        let route = routes.entry(route).or_default();
        *route.by_status.entry(status.as_u16()).or_insert(0) += 1;
        route.buckets[bucket] += 1;
        route.seconds += seconds;
    }

    /// Prometheus' text format, version 0.0.4.
    fn exposition(&self) -> String {
        let mut out = String::new();
        single(
            &mut out,
            "http_requests_in_flight",
            "gauge",
            "Requests under way.",
            self.in_flight.load(Ordering::Relaxed),
        );
        let panics = self.panics.load(Ordering::Relaxed).cast_signed();
        single(&mut out, "http_internal_errors_total", "counter", "Answers with a 500.", panics);
        let abandoned = self.abandoned.load(Ordering::Relaxed).cast_signed();
        single(
            &mut out,
            "http_requests_abandoned_total",
            "counter",
            "Requests whose client gave up.",
            abandoned,
        );
        let routes = lock(&self.routes);
        head(&mut out, "http_requests_total", "counter", "Answers by route and status.");
        for (route, metrics) in &*routes {
            for (status, count) in &metrics.by_status {
                line(
                    &mut out,
                    "http_requests_total",
                    &format!("route=\"{route}\",status=\"{status}\""),
                    count,
                );
            }
        }
        head(&mut out, "http_request_duration_seconds", "histogram", "From arrival to answer.");
        for (route, metrics) in &*routes {
            metrics.write(route, &mut out);
        }
        out
    }
}

impl RouteMetrics {
    fn write(&self, route: &str, out: &mut String) {
        const NAME: &str = "http_request_duration_seconds";
        let bounds = BUCKETS.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        let mut cumulative = 0;
        for (bound, count) in bounds.zip(self.buckets) {
            cumulative += count;
            line(out, &format!("{NAME}_bucket"), &format!("route=\"{route}\",le=\"{bound}\""), cumulative);
        }
        line(out, &format!("{NAME}_sum"), &format!("route=\"{route}\""), self.seconds);
        line(out, &format!("{NAME}_count"), &format!("route=\"{route}\""), cumulative);
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("writing to a string cannot fail");
}

fn single(out: &mut String, name: &str, kind: &str, help: &str, value: i64) {
    head(out, name, kind, help);
    writeln!(out, "{name} {value}").expect("writing to a string cannot fail");
}

fn line(out: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    writeln!(out, "{name}{{{labels}}} {value}").expect("writing to a string cannot fail");
}

/// `GET /metrics`.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Response {
    let mut response = Response::new(app.metrics.exposition().into());
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
