//! Which defects are planted, and switching them while the mock runs.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use contract::{ApiError, FieldError};
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::{json, refusal};
use crate::app::App;
use crate::defects::Defect;

/// A defect, as it is listed.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    /// What it does.
    title: &'static str,
    on: bool,
    /// The scenario that is to turn red with it.
    scenario: &'static str,
}

/// What is asked for.
#[derive(Debug, Deserialize)]
struct Switch {
    name: String,
    on: bool,
}

/// `GET /__admin/defects`: all there are, in their order.
pub(super) async fn list(State(app): State<Arc<App>>) -> Response {
    json(200, &Defect::ALL.map(|defect| line(&app, defect)))
}

/// `PUT /__admin/defects` with `{"name": …, "on": …}`: switches one, and answers with how it is now.
pub(super) async fn switch(State(app): State<Arc<App>>, request: Request) -> Response {
    match asked(request).await {
        Ok((defect, on)) => {
            app.settings.defects.switch(defect, on);
            json(200, &line(&app, defect))
        }
        Err(error) => refusal(&error),
    }
}

async fn asked(request: Request) -> Result<(Defect, bool), ApiError> {
    let body = request.into_body().collect().await;
    let body = body.map_err(|_| ApiError::bad_request("The request body could not be read"))?.to_bytes();
    let fault = |at: &[&str], message: String, input: Value| {
        ApiError::unprocessable(vec![FieldError::new("value_error", at, message, input)])
    };
    let Switch { name, on } = serde_json::from_slice(&body).map_err(|error| {
        fault(&["body"], format!("Expected {{\"name\": …, \"on\": true or false}}: {error}"), Value::Null)
    })?;
    match name.parse() {
        Ok(defect) => Ok((defect, on)),
        Err(unknown) => Err(fault(&["body", "name"], format!("{unknown}"), name.into())),
    }
}

fn line(app: &App, defect: Defect) -> Line {
    Line {
        name: defect.name(),
        title: defect.title(),
        on: app.settings.defects.has(defect),
        scenario: defect.scenario(),
    }
}
