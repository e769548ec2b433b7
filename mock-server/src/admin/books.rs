//! The books: audit, deliveries, digests, latency.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query, State};
use axum::response::Response;
use bytes::Bytes;
use contract::ApiError;
use fixtures::digest::Digester;
use fixtures::{Counts, Record};
use http::request::Parts;
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::{internal_error, json, refusal};
use crate::app::App;
use crate::area::AuditCheck;
use crate::latency::truth::Detail;
use crate::mock::Mock;
use crate::webhooks;

/// Every invariant and its verdict.
#[derive(Debug, Serialize)]
struct Audit {
    /// Whether all hold.
    ok: bool,
    checks: Vec<AuditCheck>,
}

/// What is held.
#[derive(Debug, Serialize)]
struct Held {
    counts: Counts,
    digests: BTreeMap<&'static str, String>,
}

/// The world that a request means.
pub(super) struct Meant(Arc<Mock>);

impl FromRequestParts<Arc<App>> for Meant {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        app.worlds.of(&parts.headers).map(Self).map_err(|no_world| refusal(&no_world))
    }
}

pub(super) async fn audit(Meant(mock): Meant) -> Response {
    let checks = mock.audit();
    json(200, &Audit { ok: checks.iter().all(|check| check.ok), checks })
}

/// The book of webhooks, one event a line.
pub(super) async fn webhooks(Meant(mock): Meant) -> Response {
    let mut text = Vec::new();
    for line in webhooks::ledger(&mock) {
        serde_json::to_writer(&mut text, &line).expect("lines serialise: no failing fields");
        text.push(b'\n');
    }
    let mut response = Response::new(Bytes::from(text).into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    response
}

/// Counts and digests of the rows held, made now.
pub(super) async fn digests(Meant(mock): Meant) -> Response {
    let held = tokio::task::spawn_blocking(move || digest(&mock)).await;
    match held {
        Ok(held) => json(200, &held),
        Err(_) => refusal(&internal_error()),
    }
}

fn digest(mock: &Mock) -> Held {
    let mut digester = Digester::new();
    mock.rows(&mut |record| digester.add(&record));
    Held { counts: counts(mock), digests: digester.finish() }
}

/// How many rows of each kind are held.
pub(super) fn counts(mock: &Mock) -> Counts {
    let mut counts = Counts::default();
    mock.rows(&mut |record| {
        *match record {
            Record::Member(_) => &mut counts.member,
            Record::Instructor(_) => &mut counts.instructor,
            Record::Event(_) => &mut counts.event,
            Record::Rsvp(_) => &mut counts.rsvp,
            Record::Subscription(_) => &mut counts.subscription,
            Record::Content(_) => &mut counts.content,
            Record::Session(_) => &mut counts.session,
            Record::World(_) | Record::End { .. } => return,
        } += 1;
    });
    counts
}

/// Takes away what load left behind; answers with how much of each kind that was.
pub(super) async fn reset_load(Meant(mock): Meant) -> Response {
    let (before, events) = (counts(&mock), webhooks::ledger(&mock).len() as u64);
    let accounts = mock.auth.registered();
    mock.reset_load();
    let after = counts(&mock);
    json(
        200,
        &json!({
            "rsvp": before.rsvp.saturating_sub(after.rsvp),
            "subscription": before.subscription.saturating_sub(after.subscription),
            "webhook": events,
            "account": accounts,
        }),
    )
}

/// How much of the truth.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    hdr: Option<bool>,
}

/// Per route, what was planned and what was held; with `?hdr=false` without the histograms.
pub(super) async fn truth(
    State(app): State<Arc<App>>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    match wanted {
        Ok(Query(Wanted { hdr: Some(false) })) => json(200, &app.latency.truth(Detail::Percentiles)),
        Ok(_) => json(200, &app.latency.truth(Detail::Histograms)),
        Err(_) => refusal(&ApiError::new(422, "hdr: it is true or false")),
    }
}

/// What media was carried: for all worlds since the start, and for each participant of the world that is meant
/// since its last reset.
pub(super) async fn media(State(app): State<Arc<App>>, Meant(mock): Meant) -> Response {
    let plane = app.settings.plane.get();
    json(
        200,
        &json!({
            "sockets": u64::from(plane.is_some()),
            "peers": plane.map_or(0, |plane| plane.peers()),
            "total": plane.map(|plane| plane.figures()).unwrap_or_default(),
            "participants": mock.live.media_figures(),
        }),
    )
}

/// How full the pools are, and how late this machine's timers were when the mock started.
pub(super) async fn pools(State(app): State<Arc<App>>) -> Response {
    let bias = app.latency.timer_bias().as_micros() as u64;
    json(200, &json!({ "pools": app.latency.pools(), "timer_bias_us": bias }))
}

/// How the bus is doing over which live sessions are shared; null without one.
pub(super) async fn bus(State(app): State<Arc<App>>) -> Response {
    json(200, &json!({ "bus": app.settings.bus.as_ref().map(|bus| bus.state()) }))
}

pub(super) async fn reset_truth(State(app): State<Arc<App>>) -> Response {
    app.latency.reset_truth();
    json(200, &json!({ "reset": true }))
}
