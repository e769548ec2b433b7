//! What the last quarter of an hour was like, second by second, for a page that draws it.

mod ring;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use contract::ApiError;
use serde::Deserialize;
use tokio::time::{MissedTickBehavior, interval_at};

use self::ring::{Reading, Ring};
use crate::api::{json, refusal};
use crate::app::App;
use crate::clock;
use crate::metrics::Usage;
use crate::sync::lock;

/// How often the mock looks at itself.
const TICK: Duration = Duration::from_secs(1);
/// Seconds that are answered with when nobody says how many.
const DEFAULT_SECONDS: usize = 120;

/// The readings that are kept.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<Ring>);

/// Looks at the mock once a second, for as long as this is polled. A second that is missed is not made up for:
/// the next reading's rates are over the time that really passed.
pub(crate) async fn watch(app: Arc<App>) {
    let started = clock::now();
    let mut ticks = interval_at(started, TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let reading = read(&app, started.elapsed());
        lock(&app.history.0).push(reading);
    }
}

fn read(app: &App, at: Duration) -> Reading {
    Reading {
        at,
        unix_ms: clock::wall().timestamp_millis(),
        answered: app.metrics.by_class(),
        in_flight: app.metrics.in_flight().max(0).unsigned_abs(),
        rss_bytes: Usage::resident_bytes(),
        pools: app.latency.pools(),
    }
}

/// How far back.
#[derive(Debug, Deserialize)]
pub(crate) struct Window {
    seconds: Option<usize>,
}

/// `GET /__admin/history?seconds=N`: the last `N` seconds (120 unless said, 900 are kept) as arrays of equal
/// length, oldest first; [`ring::Series`] says what is in them.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    window: Result<Query<Window>, QueryRejection>,
) -> Response {
    match window {
        Ok(Query(window)) => json(200, &lock(&app.history.0).last(window.seconds.unwrap_or(DEFAULT_SECONDS))),
        Err(_) => refusal(&ApiError::new(422, "seconds: it is a whole number of seconds")),
    }
}
