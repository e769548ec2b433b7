//! What was seen, in the words of the protocol. Attributes are named as OpenTelemetry's semantic conventions have them.

use std::sync::Arc;

use engine::{
    clock::Instant,
    record::{FaultKind, Phases},
};
use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    metrics::v1::{ResourceMetrics, ScopeMetrics},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Link, SpanKind},
        status::StatusCode,
    },
};

use super::{About, Scenario, exporter::Item};
use crate::telemetry::traces::Seen;

/// What makes the spans.
const SCOPE: &str = "loadgen";
/// The version of the conventions.
const SCHEMA: &str = "https://opentelemetry.io/schemas/1.36.0";
/// Set in a span's flags when they say whether its parent was remote. (`SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK`.)
const SAYS_IF_REMOTE: u32 = 0x100;

pub(super) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

pub(super) fn number(key: &str, value: u64) -> KeyValue {
    attribute(key, Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// The spans in these, in messages by scenario; and how many there are.
pub(super) fn traces(service: &str, about: &About, items: &[Item]) -> (u64, ExportTraceServiceRequest) {
    let mut resource_spans: Vec<ResourceSpans> = Vec::new();
    let mut count = 0;
    for (scenario, members) in by_scenario(items) {
        let spans: Vec<Span> = members.into_iter().flat_map(spans_of).collect();
        if spans.is_empty() {
            continue;
        }
        count += spans.len() as u64;
        resource_spans.push(ResourceSpans {
            resource: Some(resource(service, about, scenario)),
            scope_spans: vec![ScopeSpans { scope: Some(scope()), spans, schema_url: SCHEMA.to_owned() }],
            schema_url: SCHEMA.to_owned(),
        });
    }
    (count, ExportTraceServiceRequest { resource_spans })
}

/// The readings in these, and how many there are.
pub(super) fn metrics(service: &str, about: &About, items: &[Item]) -> (u64, ExportMetricsServiceRequest) {
    let readings = items.iter().filter_map(|item| match item {
        Item::Metrics(scenario, metrics) => Some((scenario, metrics)),
        Item::Request(..) | Item::Scenario(..) => None,
    });
    let resource_metrics = readings.map(|(scenario, metrics)| ResourceMetrics {
        resource: Some(resource(service, about, scenario)),
        scope_metrics: vec![ScopeMetrics {
            scope: Some(scope()),
            metrics: metrics.clone(),
            schema_url: SCHEMA.to_owned(),
        }],
        schema_url: SCHEMA.to_owned(),
    });
    let resource_metrics: Vec<ResourceMetrics> = resource_metrics.collect();
    (resource_metrics.len() as u64, ExportMetricsServiceRequest { resource_metrics })
}

/// How many spans it is.
pub(super) fn spans_in(item: &Item) -> u64 {
    match item {
        Item::Request(_, seen) => 1 + parts(&seen.phases).count() as u64,
        Item::Scenario(..) => 1,
        Item::Metrics(..) => 0,
    }
}

fn by_scenario(items: &[Item]) -> Vec<(&Scenario, Vec<&Item>)> {
    let mut all: Vec<(&Arc<Scenario>, Vec<&Item>)> = Vec::new();
    for item in items {
        let (Item::Request(of, _) | Item::Scenario(of, _) | Item::Metrics(of, _)) = item;
        match all.iter_mut().find(|(known, _)| Arc::ptr_eq(known, of)) {
            Some((_, members)) => members.push(item),
            None => all.push((of, vec![item])),
        }
    }
    all.into_iter().map(|(scenario, members)| (scenario.as_ref(), members)).collect()
}

fn spans_of(item: &Item) -> Vec<Span> {
    match item {
        Item::Request(scenario, seen) => request(scenario, seen),
        Item::Scenario(_, span) => vec![Span::clone(span)],
        Item::Metrics(..) => Vec::new(),
    }
}

fn resource(service: &str, about: &About, scenario: &Scenario) -> Resource {
    let attributes = vec![
        text("service.name", service),
        text("service.version", env!("CARGO_PKG_VERSION")),
        text("service.instance.id", &about.instance),
        text("wwmaa.run.id", &about.run),
        text("wwmaa.scenario", scenario.name),
        text("wwmaa.preset", &about.preset),
        text("wwmaa.target", &about.target),
    ];
    Resource { attributes, ..Resource::default() }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: SCOPE.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

/// A scenario's own span: it has a trace to itself, since its requests are too many for one.
pub(super) fn scenario(of: &Scenario, requests: (u64, u64), began: Instant, ended: Instant) -> Span {
    Span {
        trace_id: of.root.trace.to_be_bytes().to_vec(),
        span_id: of.root.span.to_be_bytes().to_vec(),
        flags: SAYS_IF_REMOTE | 1,
        name: of.name.to_owned(),
        kind: SpanKind::Internal.into(),
        start_time_unix_nano: of.anchor.unix_ns(began),
        end_time_unix_nano: of.anchor.unix_ns(ended),
        attributes: vec![number("wwmaa.requests", requests.0), number("wwmaa.requests.failed", requests.1)],
        ..Span::default()
    }
}

/// A request from when it was due to when it was done, and its parts one after another from when it began.
fn request(scenario: &Scenario, seen: &Seen) -> Vec<Span> {
    let anchor = &scenario.anchor;
    let trace_id = seen.trace.trace.to_be_bytes().to_vec();
    let flags = SAYS_IF_REMOTE | u32::from(seen.trace.sampled);
    let whole = Span {
        trace_id: trace_id.clone(),
        span_id: seen.trace.span.to_be_bytes().to_vec(),
        flags,
        name: seen.route.to_owned(),
        kind: SpanKind::Client.into(),
        start_time_unix_nano: anchor.unix_ns(seen.due.at),
        end_time_unix_nano: anchor.unix_ns(seen.done),
        attributes: attributes(seen),
        links: vec![Link {
            trace_id: scenario.root.trace.to_be_bytes().to_vec(),
            span_id: scenario.root.span.to_be_bytes().to_vec(),
            ..Link::default()
        }],
        status: seen
            .fault
            .as_ref()
            .map(|kind| Status { message: kind.to_string(), code: StatusCode::Error.into() }),
        ..Span::default()
    };
    let Phases { blocked, connecting, tls, .. } = seen.phases;
    let before: std::time::Duration = [blocked, connecting, tls].into_iter().flatten().sum();
    // What was measured in pieces may be a little more than the whole.
    let mut at = seen.sent.checked_sub(before).unwrap_or(seen.due.at).max(seen.due.at);
    let pieces = (1..).zip(parts(&seen.phases)).map(|(n, (name, took))| {
        let from = at;
        at = (at + took).min(seen.done);
        Span {
            trace_id: trace_id.clone(),
            span_id: seen.trace.span.wrapping_add(n).max(1).to_be_bytes().to_vec(),
            parent_span_id: whole.span_id.clone(),
            flags,
            name: name.to_owned(),
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: anchor.unix_ns(from),
            end_time_unix_nano: anchor.unix_ns(at),
            ..Span::default()
        }
    });
    let pieces: Vec<Span> = pieces.collect();
    std::iter::once(whole).chain(pieces).collect()
}

/// The parts there were, in their order.
fn parts(phases: &Phases) -> impl Iterator<Item = (&'static str, std::time::Duration)> {
    let Phases { blocked, connecting, tls, sending, waiting, receiving } = *phases;
    [
        ("blocked", blocked.filter(|took| !took.is_zero())),
        ("connecting", connecting),
        ("tls", tls),
        ("sending", sending),
        ("waiting", waiting),
        ("receiving", receiving),
    ]
    .into_iter()
    .filter_map(|(name, took)| Some((name, took?)))
}

fn attributes(seen: &Seen) -> Vec<KeyValue> {
    let mut all = of_route(seen.route, seen.status, seen.fault.as_ref());
    all.push(text("server.address", &seen.server.host));
    all.push(number("server.port", seen.server.port.into()));
    let kept = match (&seen.fault, seen.trace.sampled) {
        (Some(_), _) => "failed",
        (None, true) => "sampled",
        (None, false) => "slowest",
    };
    all.push(text("wwmaa.kept", kept));
    let late = seen.due.lateness.as_micros();
    all.push(number("wwmaa.start.late_us", u64::try_from(late).unwrap_or(u64::MAX)));
    all
}

/// What was asked for, and how it ended.
pub(super) fn of_route(route: &str, status: Option<u16>, fault: Option<&FaultKind>) -> Vec<KeyValue> {
    let (method, template) = split_route_of(route);
    let mut all = vec![
        text("http.request.method", method),
        text("http.route", template),
        text("url.template", template),
    ];
    all.extend(status.map(|status| number("http.response.status_code", status.into())));
    all.extend(fault.map(|kind| text("error.type", error_type(kind))));
    all
}

fn split_route_of(route: &str) -> (&str, &str) {
    route.split_once(' ').unwrap_or(("GET", route))
}

/// A failure's kind in the form the conventions have: a status by its number, the rest by a name.
fn error_type(kind: &FaultKind) -> String {
    match kind {
        FaultKind::Status(status) => status.to_string(),
        FaultKind::Refused => "connection_refused".to_owned(),
        FaultKind::Reset => "connection_reset".to_owned(),
        FaultKind::Timeout => "timeout".to_owned(),
        FaultKind::Tls => "tls".to_owned(),
        FaultKind::Protocol => "protocol".to_owned(),
        FaultKind::Body(check) => format!("body: {check}"),
        FaultKind::Other(name) => name.to_string(),
    }
}
