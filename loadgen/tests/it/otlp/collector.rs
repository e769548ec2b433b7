//! A collector of the tests' own: it decodes what comes and keeps it.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::ResourceMetrics,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message;

/// What a collector has been told.
#[derive(Default)]
pub(super) struct Heard {
    spans: Mutex<Vec<Told>>,
    pub(super) readings: Mutex<Vec<ResourceMetrics>>,
    pub(super) headers: Mutex<Vec<HeaderMap>>,
}

/// A span, with the attributes of who told it.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) resource: Vec<KeyValue>,
    pub(super) span: Span,
}

/// Serves on a thread of its own, for as long as the process lives, and answers with this.
pub(super) fn start(status: StatusCode) -> (String, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let app = Router::new()
        .route("/v1/traces", post(traces))
        .route("/v1/metrics", post(metrics))
        .with_state((heard.clone(), status));
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
            let address = listener.local_addr().expect("it is bound");
            tell.send(format!("http://{address}")).expect("the test waits");
            let _ = axum::serve(listener, app).await;
        });
    });
    (told.recv().expect("it listens"), heard)
}

type Shared = State<(Arc<Heard>, StatusCode)>;

async fn traces(State((heard, status)): Shared, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let message = ExportTraceServiceRequest::decode(body).expect("it is what it says it is");
    let mut spans = heard.spans.lock().expect("no test panics here");
    for of in message.resource_spans {
        let resource = of.resource.expect("each has one").attributes;
        let all = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.extend(all.map(|span| Told { resource: resource.clone(), span }));
    }
    heard.headers.lock().expect("no test panics here").push(headers);
    status
}

async fn metrics(State((heard, status)): Shared, headers: HeaderMap, body: Bytes) -> StatusCode {
    let message = ExportMetricsServiceRequest::decode(body).expect("it is what it says it is");
    heard.readings.lock().expect("no test panics here").extend(message.resource_metrics);
    heard.headers.lock().expect("no test panics here").push(headers);
    status
}

impl Heard {
    pub(super) fn all(&self) -> Vec<Told> {
        self.spans.lock().expect("no test panics here").clone()
    }

    /// Those of one kind.
    pub(super) fn of(&self, kind: SpanKind) -> Vec<Told> {
        self.all().into_iter().filter(|told| told.span.kind() == kind).collect()
    }
}

impl Told {
    /// What an attribute says, of the span or of who told it.
    pub(super) fn says(&self, key: &str) -> Option<String> {
        let all = self.span.attributes.iter().chain(&self.resource);
        all.filter(|attribute| attribute.key == key).find_map(text)
    }

    pub(super) fn failed(&self) -> bool {
        self.span.status.as_ref().is_some_and(|status| status.code == 2)
    }

    pub(super) fn took_ns(&self) -> u64 {
        self.span.end_time_unix_nano - self.span.start_time_unix_nano
    }
}

pub(super) fn text(attribute: &KeyValue) -> Option<String> {
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        Value::BoolValue(truth) => Some(truth.to_string()),
        _ => None,
    }
}
