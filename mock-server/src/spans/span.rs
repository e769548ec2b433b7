//! A request that was served, as spans: the whole, and in it the stages that were planned for it. Attributes are named as
//! OpenTelemetry's semantic conventions have them.

use std::time::Duration;

use axum::response::Response;
use chrono::{DateTime, Utc};
use http::{Method, StatusCode};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode as SpanStatus;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::Parent;

/// Set in a span's flags when they say whether its parent was remote; the second, that it was.
const SAYS_IF_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// Why a request is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It failed here, or its client gave it up.
    Failed,
    /// Who sent it records it.
    Sampled,
    /// It was among the slowest of its route.
    Slowest,
}

impl Kept {
    /// As the load generator calls it for its own spans.
    fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Sampled => "sampled",
            Self::Slowest => "slowest",
        }
    }
}

/// A request that is over.
pub(super) struct Served<'a> {
    pub(super) parent: Parent,
    pub(super) kept: Kept,
    pub(super) method: &'a Method,
    /// The path's template; none where there is no such route.
    pub(super) route: Option<&'a str>,
    /// None when its client gave it up.
    pub(super) response: Option<&'a Response>,
    pub(super) took: Duration,
    /// When it was answered, or given up.
    pub(super) until: DateTime<Utc>,
}

impl Served<'_> {
    /// Its spans; `id` gives each its own.
    pub(super) fn spans(&self, id: impl Fn() -> u64) -> Vec<Span> {
        let end = u64::try_from(self.until.timestamp_nanos_opt().unwrap_or_default()).unwrap_or_default();
        let start = end.saturating_sub(nanos(self.took));
        let failed = self.kept == Kept::Failed;
        let flags = SAYS_IF_REMOTE | u32::from(self.parent.sampled);
        let whole = Span {
            trace_id: self.parent.trace.to_be_bytes().to_vec(),
            span_id: id().to_be_bytes().to_vec(),
            parent_span_id: self.parent.span.to_be_bytes().to_vec(),
            flags: flags | IS_REMOTE,
            name: self
                .route
                .map_or_else(|| self.method.to_string(), |route| format!("{} {route}", self.method)),
            kind: SpanKind::Server.into(),
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes: self.attributes(),
            status: failed.then(|| Status { code: SpanStatus::Error.into(), ..Status::default() }),
            ..Span::default()
        };
        let mut at = start;
        let stages: Vec<Span> = self
            .response
            .into_iter()
            .flat_map(stages)
            .map(|(name, took)| {
                let from = at;
                at = (at + nanos(took)).min(end);
                Span {
                    trace_id: whole.trace_id.clone(),
                    span_id: id().to_be_bytes().to_vec(),
                    parent_span_id: whole.span_id.clone(),
                    flags,
                    name: name.to_owned(),
                    kind: SpanKind::Internal.into(),
                    start_time_unix_nano: from,
                    end_time_unix_nano: at,
                    // A plan, not a measurement: what was measured is the whole.
                    attributes: vec![truth("wwmaa.planned")],
                    ..Span::default()
                }
            })
            .collect();
        std::iter::once(whole).chain(stages).collect()
    }

    fn attributes(&self) -> Vec<KeyValue> {
        let status = self.response.map(Response::status);
        let mut all =
            vec![text("http.request.method", self.method.as_str()), text("wwmaa.kept", self.kept.name())];
        all.extend(self.route.map(|route| text("http.route", route)));
        all.extend(status.map(|status| number("http.response.status_code", status.as_u16().into())));
        if self.kept == Kept::Failed {
            all.push(text("error.type", status.as_ref().map_or("client_gone", StatusCode::as_str)));
        }
        all
    }
}

/// What `Server-Timing` says was planned: waiting for pools, holding each, the application's own time, disturbances.
fn stages(response: &Response) -> impl Iterator<Item = (&str, Duration)> {
    let header = response.headers().get("server-timing").and_then(|value| value.to_str().ok());
    header.unwrap_or_default().split(", ").filter_map(|entry| {
        let (name, ms) = entry.split_once(";dur=")?;
        let took = Duration::try_from_secs_f64(ms.parse::<f64>().ok()? / 1e3).ok()?;
        (name != "total" && !took.is_zero()).then_some((name, took))
    })
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

pub(super) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn truth(key: &str) -> KeyValue {
    attribute(key, Value::BoolValue(true))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn served(timing: &'static str, status: StatusCode) -> Vec<Span> {
        let mut response = Response::new("".into());
        *response.status_mut() = status;
        response.headers_mut().insert("server-timing", timing.parse().expect("a header"));
        let kept = if status.is_server_error() { Kept::Failed } else { Kept::Sampled };
        over(kept, Some(&response))
    }

    fn over(kept: Kept, response: Option<&Response>) -> Vec<Span> {
        let served = Served {
            parent: Parent { trace: 7, span: 8, sampled: true },
            kept,
            method: &Method::GET,
            route: Some("/api/events/{event_id}"),
            response,
            took: Duration::from_millis(10),
            until: DateTime::UNIX_EPOCH + Duration::from_secs(1),
        };
        let next = Cell::new(0);
        served.spans(|| next.replace(next.get() + 1) + 100)
    }

    #[test]
    fn the_stages_follow_each_other_within_the_whole() {
        let spans = served("queue;dur=0.000, db;dur=3.500, app;dur=9.000, total;dur=12.500", StatusCode::OK);
        let said: Vec<_> = spans
            .iter()
            .map(|span| (span.name.as_str(), span.start_time_unix_nano, span.end_time_unix_nano))
            .collect();
        assert_eq!(
            said,
            [
                ("GET /api/events/{event_id}", 990_000_000, 1_000_000_000),
                ("db", 990_000_000, 993_500_000),
                ("app", 993_500_000, 1_000_000_000),
            ]
        );
        assert_eq!(spans[0].parent_span_id, 8_u64.to_be_bytes());
        assert!(spans[1..].iter().all(|stage| stage.parent_span_id == spans[0].span_id));
        assert!(spans.iter().all(|span| span.trace_id == 7_u128.to_be_bytes()));
        assert!(spans[0].status.is_none());
    }

    #[test]
    fn a_failure_of_its_own_is_marked_as_one() {
        let spans = served("app;dur=1.000", StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(spans[0].status.as_ref().map(|status| status.code), Some(SpanStatus::Error.into()));
        assert!(spans[0].attributes.contains(&text("error.type", "503")));
        let refused = served("app;dur=1.000", StatusCode::NOT_FOUND);
        assert!(refused[0].status.is_none(), "a refusal is no failure of the server's");
    }

    #[test]
    fn one_that_was_given_up_has_no_status_and_no_stages() {
        let [whole] = &over(Kept::Failed, None)[..] else { panic!("nothing is known of its stages") };
        assert_eq!(whole.status.as_ref().map(|status| status.code), Some(SpanStatus::Error.into()));
        assert!(whole.attributes.contains(&text("error.type", "client_gone")));
        assert!(whole.attributes.contains(&text("wwmaa.kept", "failed")));
        assert!(whole.attributes.iter().all(|attribute| attribute.key != "http.response.status_code"));
        assert_eq!(whole.end_time_unix_nano - whole.start_time_unix_nano, 10_000_000);
    }
}
