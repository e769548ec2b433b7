//! Spans for an OpenTelemetry collector: what this server did for requests that say which trace they belong to.
//!
//! Told of are those whose trace is recorded by whoever sent them, and those that failed here. Without a collector none
//! of this is there, and no request pays for it. Nobody waits for a collector: what finds the queue full is dropped.

mod collector;
mod parent;
mod span;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::Method;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::auth::random_key;
use crate::clock;
pub use collector::{Collector, CollectorError};
use parent::Parent;
use span::Served;

/// Requests that may wait to be told of.
const QUEUE: usize = 4_096;

/// What is told of requests, and whom.
#[derive(Debug)]
pub(crate) struct Spans {
    collector: Collector,
    queue: mpsc::Sender<Vec<Span>>,
    waiting: Mutex<Option<mpsc::Receiver<Vec<Span>>>>,
    dropped: AtomicU64,
    /// Ids of spans: a start nobody else has, and how many there were.
    first_id: u64,
    ids: AtomicU64,
    /// Cancelled when no request will come any more.
    over: CancellationToken,
}

/// A request whose span begins.
#[derive(Debug)]
pub(crate) struct Begun {
    parent: Parent,
    method: Method,
    route: Option<MatchedPath>,
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
            first_id: u64::from_be_bytes(seed),
            ids: AtomicU64::new(0),
            over: CancellationToken::new(),
        }
    }

    /// The beginning of this request's span, if it says which trace it belongs to.
    #[expect(clippy::unused_self, reason = "there are none without spans")]
    pub(crate) fn begin(&self, request: &Request) -> Option<Begun> {
        let parent = Parent::of(request.headers())?;
        let route = request.extensions().get::<MatchedPath>().cloned();
        Some(Begun { parent, method: request.method().clone(), route })
    }

    /// Tells of it, answered after `took`.
    pub(crate) fn end(&self, begun: Begun, response: &Response, took: Duration) {
        let Begun { parent, method, route } = begun;
        if !parent.sampled && !response.status().is_server_error() {
            return;
        }
        let route = route.as_ref().map(MatchedPath::as_str);
        let served = Served { parent, method: &method, route, response, took, until: clock::wall() };
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
