//! The edge that every answer passes: request ids, counting, panics, and `Server-Timing` where nobody knows it
//! better. A W3C `traceparent` is accepted as it comes and changes no answer; where there is a collector, it is told of the
//! request.

use std::convert::Infallible;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::api::{hide_error, internal_error, refusal};
use crate::app::Settings;
use crate::clock;
use crate::defects::Defect;
use crate::latency::NeverArrives;
use crate::metrics::{Metrics, UnderWay};
use crate::spans::Begun;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Bytes of a request id that are echoed; a longer one is replaced.
const REQUEST_ID_BYTES: usize = 200;
/// Source: W3C, "Server Timing".
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Puts [`Edge`] around every route.
#[derive(Debug, Clone)]
pub(crate) struct EdgeLayer {
    metrics: Arc<Metrics>,
    settings: Arc<Settings>,
}

impl EdgeLayer {
    pub(crate) fn new(metrics: &Arc<Metrics>, settings: &Arc<Settings>) -> Self {
        Self { metrics: Arc::clone(metrics), settings: Arc::clone(settings) }
    }
}

impl<S> Layer<S> for EdgeLayer {
    type Service = Edge<S>;

    fn layer(&self, inner: S) -> Edge<S> {
        Edge { inner, of: self.clone() }
    }
}

/// A service at the edge.
#[derive(Debug, Clone)]
pub(crate) struct Edge<S> {
    inner: S,
    of: EdgeLayer,
}

impl<S> Service<Request> for Edge<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let arrived = clock::now();
        let EdgeLayer { metrics, settings } = &self.of;
        let under_way = UnderWay::begin(metrics);
        let id = request_id(metrics, &request);
        request.headers_mut().insert(REQUEST_ID, id.clone());
        let told = Begun::of(settings, &request, arrived);
        let path = request.extensions().get::<MatchedPath>();
        let hides =
            settings.defects.has(Defect::ErrorsAs200) && !request.uri().path().starts_with("/__admin");
        let place = metrics.place(request.method(), path.map(MatchedPath::as_str));
        let inner = catch_unwind(AssertUnwindSafe(|| self.inner.call(request))).ok();
        Answering { inner, under_way, place, arrived, id: Some(id), hides, told }
    }
}

pin_project! {
    /// A request under way.
    pub(crate) struct Answering<F> {
        // None when already its beginning panicked.
        #[pin]
        inner: Option<F>,
        under_way: UnderWay,
        place: usize,
        arrived: Instant,
        id: Option<HeaderValue>,
        // Whether what fails is answered as if it had not: a planted defect.
        hides: bool,
        // The beginning of a span, where a collector is told of it.
        told: Option<Begun>,
    }
}

impl<F> Future for Answering<F>
where
    F: Future<Output = Result<Response, Infallible>>,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let polled = this.inner.as_mut().as_pin_mut().map_or(Ok(Poll::Ready(None)), |inner| {
            catch_unwind(AssertUnwindSafe(|| inner.poll(context).map(Some)))
        });
        let answer = ready!(polled.unwrap_or(Poll::Ready(None)));
        let mut response = answer.map_or_else(|| refusal(&internal_error()), |Ok(response)| response);
        if *this.hides {
            response = hide_error(response);
        }
        let took = this.arrived.elapsed();
        this.under_way.end();
        let metrics = this.under_way.metrics();
        // What a fault loses on its way out is no answer to anybody who counts answers.
        if response.extensions().get::<NeverArrives>().is_some() {
            metrics.lost();
        } else {
            let bytes = response.body().size_hint().exact();
            metrics.answered(*this.place, response.status(), took, bytes);
        }
        let headers = response.headers_mut();
        if let Some(id) = this.id.take() {
            headers.insert(REQUEST_ID, id);
        }
        headers.entry(SERVER_TIMING).or_insert_with(|| server_timing(took));
        if let Some(begun) = this.told.take() {
            begun.answered(&response, took);
        }
        Poll::Ready(Ok(response))
    }
}

/// The id the client sent, or one of our own.
fn request_id(metrics: &Metrics, request: &Request) -> HeaderValue {
    let sent = request.headers().get(REQUEST_ID);
    let sent = sent.filter(|id| !id.is_empty() && id.len() <= REQUEST_ID_BYTES && id.to_str().is_ok());
    sent.cloned().unwrap_or_else(|| numbered(metrics.next_request()))
}

/// `req-` and sixteen hex digits.
fn numbered(number: u64) -> HeaderValue {
    let mut text = *b"req-0000000000000000";
    hex::encode_to_slice(number.to_be_bytes(), &mut text[4..]).expect("eight bytes are sixteen digits");
    HeaderValue::from_bytes(&text).expect("hex digits are a header value")
}

/// What was measured here, all of it the application's, in ms.
fn server_timing(took: Duration) -> HeaderValue {
    let mut text = [0; 48];
    let mut rest = &mut text[..];
    // 48 bytes hold 584 years.
    write!(rest, "app;dur={:.3}", took.as_secs_f64() * 1e3).expect("it fits");
    let free = rest.len();
    let written = text.len() - free;
    HeaderValue::from_bytes(&text[..written]).expect("digits and punctuation are a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbered_and_times_are_milliseconds() {
        assert_eq!(numbered(0xab), "req-00000000000000ab");
        assert_eq!(server_timing(Duration::from_micros(1_234)), "app;dur=1.234");
        assert_eq!(server_timing(Duration::from_secs(u64::MAX / 1_000)).as_bytes()[..8], *b"app;dur=");
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_wherever_it_comes_from() {
        let metrics = Arc::new(Metrics::default());
        let at_once = tower::service_fn(|_: Request| {
            assert!(metrics.in_flight() < 0, "it panics before there is a future");
            std::future::ready(Ok(Response::default()))
        });
        let later = tower::service_fn(async |request: Request| {
            assert!(request.uri().path().is_empty(), "it panics when polled");
            Ok(Response::default())
        });
        let edge = EdgeLayer::new(&metrics, &Arc::default());
        let Ok(first) = edge.layer(at_once).call(Request::default()).await;
        let Ok(second) = edge.layer(later).call(Request::default()).await;
        assert_eq!((first.status().as_u16(), second.status().as_u16()), (500, 500));
        assert!(second.headers().contains_key(SERVER_TIMING));
        assert_eq!((metrics.internal_errors(), metrics.in_flight(), metrics.abandoned()), (2, 0, 0));
    }
}
