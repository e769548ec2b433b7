//! The plan of faults: looked at, replaced, started, stopped.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use contract::ApiError;

use crate::api::{json, refusal};
use crate::app::App;
use crate::faults::{self, FaultPlan, Known};

/// The plan, since when it runs, and how often each fault has struck.
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    report(&app)
}

/// Replaces the plan by the TOML that was sent and starts it.
pub(super) async fn replace(State(app): State<Arc<App>>, body: Bytes) -> Response {
    match read(&app, &body) {
        Ok(plan) => {
            app.settings.faults.replace(Some(plan), &app.latency);
            report(&app)
        }
        Err(error) => refusal(&error),
    }
}

/// Forgets the plan.
pub(super) async fn clear(State(app): State<Arc<App>>) -> Response {
    app.settings.faults.replace(None, &app.latency);
    report(&app)
}

/// Opens the plan's windows anew, from now; does nothing without a plan.
pub(super) async fn start(State(app): State<Arc<App>>) -> Response {
    app.settings.faults.start(&app.latency);
    report(&app)
}

/// Lets nothing strike until the next start; does nothing without a plan.
pub(super) async fn stop(State(app): State<Arc<App>>) -> Response {
    app.settings.faults.stop(&app.latency);
    report(&app)
}

fn report(app: &App) -> Response {
    json(200, &app.settings.faults.report())
}

fn read(app: &App, body: &[u8]) -> Result<FaultPlan, ApiError> {
    let text = std::str::from_utf8(body).map_err(|_| ApiError::bad_request("A plan is TOML in UTF-8"))?;
    let routes: Vec<&str> = contract::measured_routes().collect();
    let pools = app.latency.pool_names();
    let pools: Vec<&str> = pools.iter().map(String::as_str).collect();
    let known = Known { routes: &routes, pools: &pools };
    faults::parse(text, known).map_err(|error| ApiError::bad_request(error.to_string()))
}
