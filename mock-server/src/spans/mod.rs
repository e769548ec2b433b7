//! Spans for an OpenTelemetry collector: what this server did for requests that say which trace they belong to.
//!
//! Told of are those whose trace is recorded by whoever sent them, those that failed here or were given up by their
//! client, and those that took long: who sent them decides only afterwards that a slow one is worth keeping, and cannot
//! say so beforehand. Without a collector none of this is there, and no request pays for it. Nobody waits for a
//! collector: what finds the queue full is dropped.

mod collector;
mod parent;
mod slow;
mod span;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::Method;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::Settings;
use crate::auth::random_key;
use crate::clock;
pub use collector::{Collector, CollectorError};
use parent::Parent;
use slow::Slow;
use span::{Kept, Served};

/// Requests that may wait to be told of.
const QUEUE: usize = 4_096;

/// What is told of requests, and whom.
#[derive(Debug)]
pub(crate) struct Spans {
    collector: Collector,
    queue: mpsc::Sender<Vec<Span>>,
    waiting: Mutex<Option<mpsc::Receiver<Vec<Span>>>>,
    dropped: AtomicU64,
    slow: Slow,
    /// Ids of spans: a start nobody else has, and how many there were.
    first_id: u64,
    ids: AtomicU64,
    /// Cancelled when no request will come any more.
    over: CancellationToken,
}

/// A request that belongs to a trace. One that is dropped without an answer was given up by its client.
#[derive(Debug)]
pub(crate) struct Begun {
    settings: Arc<Settings>,
    parent: Parent,
    method: Method,
    route: Option<MatchedPath>,
    arrived: Instant,
    answered: bool,
}

impl Begun {
    /// The beginning of this request's span, if there is a collector and it says which trace it belongs to.
    pub(crate) fn of(settings: &Arc<Settings>, request: &Request, arrived: Instant) -> Option<Self> {
        settings.spans.as_ref()?;
        let parent = Parent::of(request.headers())?;
        let route = request.extensions().get::<MatchedPath>().cloned();
        let (settings, method) = (Arc::clone(settings), request.method().clone());
        Some(Self { settings, parent, method, route, arrived, answered: false })
    }

    /// Its end: this answer, after `took`.
    pub(crate) fn answered(mut self, response: &Response, took: Duration) {
        self.answered = true;
        self.tell(Some(response), took);
    }

    fn tell(&self, response: Option<&Response>, took: Duration) {
        if let Some(spans) = &self.settings.spans {
            spans.tell(self, response, took);
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if !self.answered {
            self.tell(None, self.arrived.elapsed());
        }
    }
}

impl Spans {
    /// For this collector, which is told nothing yet.
    pub(crate) fn told_to(collector: Collector) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let seed = random_key()[..8].try_into().expect("eight bytes");
        Self {
            collector,
            queue,
            waiting: Mutex::new(Some(waiting)),
            dropped: AtomicU64::new(0),
            slow: Slow::default(),
            first_id: u64::from_be_bytes(seed),
            ids: AtomicU64::new(0),
            over: CancellationToken::new(),
        }
    }

    /// Tells of it if it is worth telling: answered after `took`, or given up after that.
    fn tell(&self, begun: &Begun, response: Option<&Response>, took: Duration) {
        let Begun { parent, ref method, ref route, .. } = *begun;
        let route = route.as_ref().map(MatchedPath::as_str);
        let slow = route.is_some_and(|route| self.slow.takes(method, route, took, clock::now()));
        let failed = response.is_none_or(|response| response.status().is_server_error());
        let kept = match (failed, parent.sampled, slow) {
            (true, ..) => Kept::Failed,
            (false, true, _) => Kept::Sampled,
            (false, false, true) => Kept::Slowest,
            (false, false, false) => return,
        };
        let served = Served { parent, kept, method, route, response, took, until: clock::wall() };
        if self.queue.try_send(served.spans(|| self.next_id())).is_err() {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    fn next_id(&self) -> u64 {
        // An odd factor: a different one for each of 2^64.
        let n = self.ids.fetch_add(1, Relaxed).wrapping_add(self.first_id);
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15).max(1)
    }

    /// Tells the collector what there is to tell, until that has ended.
    pub(crate) async fn run(&self) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut waiting) = waiting else { return };
        let lost = self.collector.told(&mut waiting, &self.over).await;
        let dropped = self.dropped.load(Relaxed);
        if lost + dropped > 0 {
            tracing::warn!(
                "{lost} requests' spans did not get to the collector, {dropped} found the queue full"
            );
        }
    }

    /// No request will come any more.
    pub(crate) fn over(&self) {
        self.over.cancel();
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::StatusCode;

    use super::*;

    /// A mock's settings with a collector, and what it would be told.
    fn listened_to() -> (Arc<Settings>, mpsc::Receiver<Vec<Span>>) {
        let spans = Spans::told_to("http://127.0.0.1:9".parse().expect("an address"));
        let waiting = spans.waiting.lock().expect("nobody panicked").take().expect("it is taken once");
        (Arc::new(Settings { spans: Some(spans), ..Settings::default() }), waiting)
    }

    fn begun(settings: &Arc<Settings>, flags: &str) -> Begun {
        let parent = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
        let request = Request::builder().header("traceparent", parent).body(Body::empty());
        Begun::of(settings, &request.expect("a request"), clock::now()).expect("it belongs to a trace")
    }

    fn says(spans: &[Span], key: &str, value: &str) -> bool {
        spans[0].attributes.contains(&span::text(key, value))
    }

    #[test]
    fn one_that_is_dropped_without_an_answer_was_given_up() {
        let (settings, mut told) = listened_to();
        drop(begun(&settings, "00"));
        let spans = told.try_recv().expect("it is told of, though nobody records it");
        assert!(says(&spans, "error.type", "client_gone"), "{spans:?}");
        assert!(told.try_recv().is_err(), "once");
    }

    #[test]
    fn an_answer_is_told_of_for_a_reason() {
        let (settings, mut told) = listened_to();
        let took = Duration::from_millis(5);
        let mut response = Response::default();
        begun(&settings, "01").answered(&response, took);
        assert!(says(&told.try_recv().expect("it is recorded"), "wwmaa.kept", "sampled"));
        // No route has these: they are none's slowest.
        begun(&settings, "00").answered(&response, took);
        assert!(told.try_recv().is_err(), "there is no reason");
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        begun(&settings, "00").answered(&response, took);
        assert!(says(&told.try_recv().expect("it failed"), "error.type", "503"));
    }
}
