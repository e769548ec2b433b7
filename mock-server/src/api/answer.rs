//! Answers: JSON with a status, refusals in FastAPI's shape.

use axum::body::Body;
use axum::response::Response;
use contract::ApiError;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// A JSON answer.
pub(crate) fn json<T: Serialize + ?Sized>(status: u16, body: &T) -> Response {
    let text = serde_json::to_vec(body).expect("answers serialise: string keys, no failing fields");
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).expect("the contract's statuses are valid");
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What `errors-as-200` makes of an answer that says the server failed.
pub(crate) fn hide_error(answer: Response) -> Response {
    if answer.status().is_server_error() {
        json(200, &serde_json::json!({ "status": "error" }))
    } else {
        answer
    }
}

/// A refusal.
pub(crate) fn refusal(error: &ApiError) -> Response {
    let mut response = json(error.status, &error.body);
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
