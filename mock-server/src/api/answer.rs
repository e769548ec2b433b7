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
    if !answer.status().is_server_error() {
        return answer;
    }
    let mut hidden = json(200, &serde_json::json!({ "status": "error" }));
    // What else is to become of the answer (that it is lost, say) is written there.
    *hidden.extensions_mut() = std::mem::take(&mut answer.into_parts().0.extensions);
    hidden
}

/// A refusal.
pub(crate) fn refusal(error: &ApiError) -> Response {
    let mut response = json(error.status, &error.body);
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_error_keeps_what_else_is_to_become_of_it() {
        let mut failed = refusal(&ApiError::new(500, "It failed"));
        failed.extensions_mut().insert("to be lost");
        let hidden = hide_error(failed);
        assert_eq!(hidden.status(), 200);
        assert_eq!(hidden.extensions().get(), Some(&"to be lost"));
        assert_eq!(hide_error(refusal(&ApiError::not_found("No"))).status(), 404);
    }
}
