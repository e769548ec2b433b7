//! What Sentry is told of a scenario: a pure function of what was measured.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::{
    histogram::Distribution,
    record::{Column, Role},
    run::{FaultRun, ScenarioRun, TimingRun},
    verdict,
};
use sentry_types::{
    Uuid,
    protocol::v7::{Event, Span, SpanId, SpanStatus, TraceContext, TraceId, Transaction},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Category, Envelope, scrub};
use crate::{preset::Preset, report, run::Measured, stops::Cause, telemetry::client::AGENT};

/// What kind of thing a transaction is.
const OPERATION: &str = "loadtest.scenario";

/// What all that is told has in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    run: String,
    nonce: String,
    target: String,
    preset: String,
}

impl About {
    /// Of a run of this name, set apart from others by its nonce.
    pub fn new(run: &str, nonce: &str, target: &str, preset: Preset) -> Self {
        let [run, nonce, target] = [run, nonce, target].map(str::to_owned);
        Self { run, nonce, target, preset: preset.to_string() }
    }

    /// Bytes that nothing else of this or of another run has; the same when they are made again.
    fn id(&self, parts: &[&str]) -> [u8; 16] {
        let mut hasher = Sha256::new();
        for part in [self.run.as_str(), &self.nonce].iter().chain(parts) {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let digest = hasher.finalize();
        std::array::from_fn(|place| digest[place])
    }

    fn tags(&self, scenario: &str) -> Vec<(String, String)> {
        let tags = [("scenario", scenario), ("run_id", &self.run), ("preset", &self.preset)];
        tags.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }
}

/// An event per kind of failure of each endpoint, the most frequent first, then the scenario's transaction.
pub fn told(about: &About, measured: &Measured) -> Vec<Envelope> {
    let endpoints = measured.run.timings.iter().filter(|timing| timing.role == Role::Endpoint);
    let mut faults: Vec<(&TimingRun, &FaultRun)> =
        endpoints.flat_map(|timing| timing.faults.iter().map(move |fault| (timing, fault))).collect();
    faults.sort_by_key(|(_, fault)| std::cmp::Reverse(fault.count));
    let events = faults.into_iter().map(|(timing, fault)| event(about, measured, timing, fault));
    events.chain([transaction(about, measured)]).collect()
}

fn event(about: &About, measured: &Measured, timing: &TimingRun, fault: &FaultRun) -> Envelope {
    let (scenario, route, kind) = (measured.run.name.as_str(), timing.name.as_str(), fault.kind.to_string());
    let trace = measured
        .traces
        .iter()
        .find(|trace| trace.route == route && trace.fault.as_ref() == Some(&fault.kind));
    let id = uuid(about.id(&["event", scenario, route, &kind]));
    let mut event = Event { event_id: id, ..Event::default() };
    event.timestamp = last_seen(&measured.run, fault);
    event.message = Some(format!("{route}: {kind}"));
    event.transaction = Some(scenario.to_owned());
    event.logger = Some("loadgen".into());
    event.release = Some(AGENT.replace('/', "@").into());
    event.environment = Some(about.target.clone().into());
    event.fingerprint = vec![scenario.to_owned().into(), route.to_owned().into(), kind.clone().into()].into();
    event.tags.extend(about.tags(scenario));
    event.tags.extend([("endpoint".to_owned(), route.to_owned()), ("kind".to_owned(), kind)]);
    let (ok, failed) = timing.counts();
    let evidence: Vec<String> = fault.evidence.iter().map(|seen| scrub(seen)).collect();
    event.extra.extend([
        ("count".to_owned(), fault.count.into()),
        ("requests".to_owned(), (ok + failed).into()),
        ("evidence".to_owned(), evidence.into()),
    ]);
    if let Some(trace) = trace {
        event.tags.insert("trace_id".into(), trace.trace_id.clone());
        if let Ok(trace_id) = trace.trace_id.parse::<TraceId>() {
            let span_id = span(about.id(&["span", &trace.trace_id]));
            let context = TraceContext { trace_id, span_id, ..TraceContext::default() };
            event.contexts.insert("trace".into(), context.into());
        }
    }
    Envelope { category: Category::Error, id, item: json(&event, &[]) }
}

fn transaction(about: &About, measured: &Measured) -> Envelope {
    let run = &measured.run;
    let (began, ended) = (began(run), began(run) + run.duration);
    let id = uuid(about.id(&["transaction", &run.name]));
    let trace_id = TraceId::from(about.id(&["trace", &run.name]));
    let span_id = span(about.id(&["root", &run.name]));
    let context = TraceContext {
        trace_id,
        span_id,
        op: Some(OPERATION.into()),
        status: Some(status(measured)),
        ..TraceContext::default()
    };
    let mut told = Transaction::new();
    told.event_id = id;
    told.name = Some(run.name.clone());
    told.release = Some(AGENT.replace('/', "@").into());
    told.environment = Some(about.target.clone().into());
    (told.start_timestamp, told.timestamp) = (began, Some(ended));
    told.tags.extend(about.tags(&run.name));
    told.tags.insert("verdict".into(), verdict(measured).into());
    told.contexts.insert("trace".into(), context.into());
    told.spans = parts(run)
        .into_iter()
        .map(|(name, from, to)| {
            let mut part =
                Span { span_id: span(about.id(&["part", &run.name, name])), trace_id, ..Span::default() };
            part.parent_span_id = Some(span_id);
            part.op = Some(format!("{OPERATION}.part"));
            part.description = Some(name.to_owned());
            (part.start_timestamp, part.timestamp) = (began + from, Some(began + to));
            part
        })
        .collect();
    let extra = [("transaction_info", json!({"source": "custom"})), ("measurements", measurements(run))];
    Envelope { category: Category::Transaction, id, item: json(&told, &extra) }
}

/// As JSON, with what the library's type has no room for.
fn json(told: &impl serde::Serialize, more: &[(&str, Value)]) -> Value {
    let mut item = serde_json::to_value(told).expect("what is told has string keys only");
    for (name, value) in more {
        item[*name] = value.clone();
    }
    item
}

/// All requests together, from when they were due. What has no answer has no latency: where so many have none that a
/// percentile does not exist, it is not told.
fn measurements(run: &ScenarioRun) -> Value {
    let endpoints = run.timings.iter().filter(|timing| timing.role == Role::Endpoint);
    let all = Distribution::of(
        endpoints.filter_map(|timing| timing.column(Column::SinceDue)).flat_map(|column| &column.cells),
    );
    let (requests, failed) = run.requests();
    let mut told = serde_json::Map::new();
    for (name, percent) in [("p50", 50.0), ("p95", 95.0), ("p99", 99.0)] {
        if let Some(value) = all.percentile(percent).value {
            told.insert(name.into(), json!({"value": value.as_secs_f64() * 1e3, "unit": "millisecond"}));
        }
    }
    told.insert("requests".into(), json!({"value": requests, "unit": "none"}));
    told.insert("failed_requests".into(), json!({"value": failed, "unit": "none"}));
    told.into()
}

/// Ramp up, hold, ramp down, where its load has a part at full height.
fn parts(run: &ScenarioRun) -> Vec<(&'static str, Duration, Duration)> {
    let seconds = |at: f64| Duration::try_from_secs_f64(at.max(0.0)).unwrap_or_default().min(run.duration);
    let Some((from, to)) = run.steady.map(|(from, to)| (seconds(from), seconds(to))) else {
        return Vec::new();
    };
    let parts = [("ramp up", Duration::ZERO, from), ("hold", from, to), ("ramp down", to, run.duration)];
    parts.into_iter().filter(|(_, from, to)| from < to).collect()
}

fn verdict(measured: &Measured) -> &'static str {
    let stopped = measured.ended_early.as_ref().is_some_and(|ended| ended.cause == Cause::Target);
    report::verdict_word(&verdict::judge(&measured.run), stopped)
}

fn status(measured: &Measured) -> SpanStatus {
    match verdict(measured) {
        _ if measured.run.interrupted => SpanStatus::Aborted,
        "PASS" => SpanStatus::Ok,
        "FAIL" => SpanStatus::FailedPrecondition,
        _ => SpanStatus::UnknownError,
    }
}

/// The end of the second in which it was seen last.
fn last_seen(run: &ScenarioRun, fault: &FaultRun) -> SystemTime {
    let second = fault.seconds.iter().map(|(second, _)| second + 1).max().unwrap_or(0);
    began(run) + Duration::from_secs(second.max(0).unsigned_abs())
}

fn began(run: &ScenarioRun) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(run.started_unix_ms)
}

/// Marked as one that is made of other bytes (version 8), as RFC 9562 has it.
fn uuid(mut bytes: [u8; 16]) -> Uuid {
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    Uuid::from_bytes(bytes)
}

fn span(bytes: [u8; 16]) -> SpanId {
    SpanId::from(std::array::from_fn::<u8, 8, _>(|place| bytes[place]))
}
