//! The edge that every answer passes, and what it counts.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;

use crate::api::{internal_error, refusal};
use crate::app::App;

/// What was answered so far.
#[derive(Debug, Default)]
pub(crate) struct Metrics {}

/// Middleware around everything: counts, turns a panic into an answer.
pub(crate) async fn edge(State(_app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => refusal(&internal_error()),
    }
}
