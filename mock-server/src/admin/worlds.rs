//! Which worlds there are, and who is connected.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use contract::ApiError;
use fixtures::Counts;
use serde::Serialize;
use serde_json::json;

use super::books::counts;
use crate::api::{internal_error, json, refusal};
use crate::app::App;

/// A world and what it holds.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    counts: Counts,
    created: DateTime<Utc>,
    last_used: DateTime<Utc>,
}

/// `GET /__admin/worlds`.
pub(super) async fn list(State(app): State<Arc<App>>) -> Response {
    let counted = tokio::task::spawn_blocking(move || {
        let rows = app.worlds.list().into_iter().map(|world| Row {
            counts: counts(&world.mock),
            name: world.name,
            created: world.created,
            last_used: world.last_used,
        });
        rows.collect::<Vec<_>>()
    });
    match counted.await {
        Ok(rows) => json(200, &rows),
        Err(_) => refusal(&internal_error()),
    }
}

/// `DELETE /__admin/worlds/{name}`.
pub(super) async fn remove(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    match app.worlds.remove(&name) {
        Ok(()) => json(200, &json!({ "deleted": name })),
        Err(error) => refusal(&error),
    }
}

/// `GET /__admin/connections`: how many there are, were, may be, and how often accepting paused.
pub(super) async fn connections(State(app): State<Arc<App>>) -> Response {
    json(200, &app.connections.counts())
}

/// `POST /__admin/snapshot`: keeps all worlds as they are now. What is done meanwhile may or may not be in it, in
/// part even: areas and tables are read one after the other, so ask while nobody books to get one moment.
pub(super) async fn keep(State(app): State<Arc<App>>) -> Response {
    match tokio::task::spawn_blocking(move || app.keep_worlds()).await {
        Ok(Some(Ok(worlds))) => json(200, &json!({ "worlds": worlds })),
        Ok(Some(Err(error))) => {
            tracing::error!("the worlds could not be kept: {error}");
            refusal(&ApiError::new(500, format!("The worlds could not be kept: {error}")))
        }
        Ok(None) => {
            refusal(&ApiError::conflict("There is no place to keep worlds in: start with --data-dir"))
        }
        Err(_) => refusal(&internal_error()),
    }
}
