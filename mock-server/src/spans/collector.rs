//! The collector, and the one task that tells it.

use std::pin::pin;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::span::text;

/// What this server is called.
const SERVICE: &str = "wwmaa-mock";
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long what is left may take at the end.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long one waits for others to be told together with.
const GATHERING: Duration = Duration::from_millis(200);
/// The most requests that are told of at once.
const TOGETHER: usize = 256;

/// An OpenTelemetry collector: OTLP over HTTP, in protobuf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector {
    traces: Uri,
}

/// What is no collector's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no `http://HOST:PORT`, such as http://127.0.0.1:4318")]
pub struct CollectorError;

impl FromStr for Collector {
    type Err = CollectorError;

    fn from_str(text: &str) -> Result<Self, CollectorError> {
        let base: Uri = text.parse().map_err(|_| CollectorError)?;
        if base.scheme_str() != Some("http")
            || base.host().is_none_or(str::is_empty)
            || base.query().is_some()
            // A user and a password would be seen by others, and are not sent.
            || base.authority().is_some_and(|at| at.as_str().contains('@'))
        {
            return Err(CollectorError);
        }
        let traces = format!("{}/v1/traces", text.trim_end_matches('/'));
        Ok(Self { traces: traces.parse().map_err(|_| CollectorError)? })
    }
}

impl Collector {
    /// Tells what comes until `over`, then what is left; how many requests' spans did not get there.
    pub(super) async fn told(
        &self,
        waiting: &mut mpsc::Receiver<Vec<Span>>,
        over: &CancellationToken,
    ) -> u64 {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        let (mut batch, mut lost) = (Vec::new(), 0);
        let mut time_is_up = pin!(async {
            over.cancelled().await;
            tokio::time::sleep(LAST_WORDS).await;
        });
        loop {
            let more = tokio::select! {
                biased;
                more = waiting.recv_many(&mut batch, TOGETHER) => more > 0,
                () = over.cancelled() => false,
            };
            if !more {
                return lost;
            }
            let together = async {
                while batch.len() < TOGETHER {
                    let room = TOGETHER - batch.len();
                    waiting.recv_many(&mut batch, room).await;
                }
            };
            tokio::select! {
                biased;
                _ = tokio::time::timeout(GATHERING, together) => {}
                () = over.cancelled() => {}
            }
            let count = batch.len() as u64;
            let spans = batch.drain(..).flatten().collect();
            let taken = tokio::select! {
                biased;
                taken = self.post(&client, spans) => taken,
                () = tokio::time::sleep(PATIENCE) => false,
                () = &mut time_is_up => false,
            };
            lost += if taken { 0 } else { count };
            if !taken && over.is_cancelled() {
                return lost + waiting.len() as u64;
            }
        }
    }

    /// Whether it took these.
    async fn post(&self, client: &Client<HttpConnector, Full<Bytes>>, spans: Vec<Span>) -> bool {
        let body = message(spans).encode_to_vec();
        let request = Request::post(self.traces.clone())
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(Full::new(Bytes::from(body)))
            .expect("an address that was read, and a header that is one");
        client.request(request).await.is_ok_and(|answer| answer.status().is_success())
    }
}

fn message(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let version = env!("CARGO_PKG_VERSION");
    let attributes = vec![text("service.name", SERVICE), text("service.version", version)];
    let scope = InstrumentationScope {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: version.to_owned(),
        ..InstrumentationScope::default()
    };
    let resource_spans = vec![ResourceSpans {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    }];
    ExportTraceServiceRequest { resource_spans }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signal_is_added_to_the_address() {
        for (typed, traces) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://otel:4318/", "http://otel:4318/v1/traces"),
            ("http://otel:4318/base", "http://otel:4318/base/v1/traces"),
        ] {
            assert_eq!(typed.parse::<Collector>().expect("an address").traces, traces);
        }
        for wrong in ["", "otel:4318", "https://otel:4318", "http://", "http://otel?x=1"] {
            assert_eq!(wrong.parse::<Collector>(), Err(CollectorError), "{wrong}");
        }
    }
}
