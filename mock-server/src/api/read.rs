//! Requests: bounded bodies, parameters, who calls.

use std::sync::Arc;
use std::time::Duration;

use axum::RequestPartsExt as _;
use axum::body::{Body, HttpBody as _};
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use contract::endpoint::{self, ParamError};
use contract::{ApiError, Auth, Endpoint, FieldError};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::refusal;
use crate::app::App;
use crate::caller::{self, Caller};
use crate::mock::Mock;

/// Bytes a body may have.
const BODY_LIMIT_BYTES: usize = 1024 * 1024;

/// Bytes of a body that is too large which are read and dropped, so that its sender gets to read the refusal
/// instead of a reset connection.
const DRAIN_LIMIT_BYTES: usize = 16 * BODY_LIMIT_BYTES;

/// Middleware that reads the body whole before anything else happens, for as long as one may take.
pub(crate) async fn buffer(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, Body::empty())).await;
    }
    let patience = app.settings.limits.body;
    match timeout(patience, collect(body)).await.unwrap_or_else(|_| Err(too_slow(patience))) {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(error) => refusal(&error),
    }
}

/// What is said to those who do not get to the end of a body.
pub(crate) fn too_slow(patience: Duration) -> ApiError {
    ApiError::new(408, format!("The request body did not arrive within {} s", patience.as_secs_f64()))
}

async fn collect(mut body: Body) -> Result<Bytes, ApiError> {
    let mut whole = BytesMut::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::bad_request("The request body could not be read"))?;
        let Ok(data) = frame.into_data() else { continue };
        seen += data.len();
        if seen <= BODY_LIMIT_BYTES {
            whole.extend_from_slice(&data);
        } else if seen > DRAIN_LIMIT_BYTES {
            break;
        }
    }
    if seen > BODY_LIMIT_BYTES {
        return Err(ApiError::new(
            413,
            format!("Request body too large: the limit is {BODY_LIMIT_BYTES} bytes"),
        ));
    }
    Ok(whole.freeze())
}

/// A request in its parts, its body whole.
pub(super) struct Read {
    headers: http::HeaderMap,
    uri: http::Uri,
    captures: Option<Vec<(String, String)>>,
    pub(super) body: Bytes,
}

/// Takes a request apart.
pub(super) async fn read(request: Request) -> Result<Read, ApiError> {
    let (mut parts, body) = request.into_parts();
    let captures = parts
        .extract::<RawPathParams>()
        .await
        .ok()
        .map(|params| params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    let body =
        body.collect().await.map_err(|_| ApiError::bad_request("The request body could not be read"))?;
    Ok(Read { headers: parts.headers, uri: parts.uri, captures, body: body.to_bytes() })
}

/// Who calls (refusing them as the endpoint's `AUTH` says), and with which parameters.
pub(super) fn call<E: Endpoint>(mock: &Mock, read: &Read) -> Result<(Caller, E::Params), ApiError> {
    let caller = identify(mock, E::AUTH, read.headers.clone())?;
    let captures = read.captures.as_ref().ok_or_else(|| ApiError::not_found("Not Found"))?;
    let query = read.uri.query().unwrap_or_default();
    let params =
        endpoint::read_params(captures, query).map_err(|error| unreadable_param(captures, query, error))?;
    Ok((caller, params))
}

fn identify(mock: &Mock, auth: Auth, headers: http::HeaderMap) -> Result<Caller, ApiError> {
    let mut caller = Caller { headers, ..Caller::default() };
    if auth == Auth::Open {
        return Ok(caller);
    }
    caller.token = caller::bearer(&caller.headers)?;
    match (auth, &caller.token) {
        (Auth::Bearer | Auth::Optional, Some(token)) => caller.user = Some(mock.auth.verify(token)?),
        (Auth::Bearer | Auth::Session | Auth::Video, None) => return Err(caller::not_authenticated()),
        _ => {}
    }
    Ok(caller)
}

fn unreadable_param(captures: &[(String, String)], query: &str, error: ParamError) -> ApiError {
    let place = if captures.iter().any(|(name, _)| *name == error.field) { "path" } else { "query" };
    let input = form_value(query, &error.field);
    let (kind, msg) = if error.is_missing() {
        ("missing", "Field required".to_owned())
    } else {
        ("value_error", error.message)
    };
    ApiError::unprocessable(vec![FieldError::new(kind, &[place, &error.field], msg, input)])
}

fn form_value(query: &str, field: &str) -> Value {
    serde_urlencoded::from_str::<Vec<(String, String)>>(query)
        .unwrap_or_default()
        .into_iter()
        .find(|(name, _)| name == field)
        .map_or(Value::Null, |(_, value)| Value::String(value))
}

/// Reads the body as the endpoint's input, with every fault named by its place.
pub(super) fn input<E: Endpoint>(body: &[u8]) -> Result<E::Input, ApiError> {
    if E::BODY == contract::Body::None {
        return Ok(serde_json::from_value(json!({})).expect("an endpoint without a body takes nothing"));
    }
    // No body at all is good enough where nothing in it is required.
    if body.is_empty()
        && let Ok(input) = serde_json::from_slice("{}".as_bytes())
    {
        return Ok(input);
    }
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(not_an_object(body));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let input = serde_path_to_error::deserialize(&mut json).map_err(|error| unreadable_body(body, &error))?;
    json.end().map_err(|error| not_json(&error))?;
    Ok(input)
}

fn unreadable_body(body: &[u8], error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let fault = error.inner();
    if body.is_empty() {
        return ApiError::unprocessable(vec![FieldError::new(
            "missing",
            &["body"],
            "Field required",
            Value::Null,
        )]);
    }
    let Ok(sent) = serde_json::from_slice::<Value>(body) else { return not_json(fault) };
    let message = fault.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(sentence, _)| sentence);
    let mut loc = vec!["body".to_owned()];
    loc.extend(error.path().iter().filter_map(|segment| match segment {
        serde_path_to_error::Segment::Seq { index } => Some(index.to_string()),
        serde_path_to_error::Segment::Map { key } => Some(key.clone()),
        serde_path_to_error::Segment::Enum { variant } => Some(variant.clone()),
        serde_path_to_error::Segment::Unknown => None,
    }));
    let missing = message.strip_prefix("missing field `").map(|rest| rest.trim_end_matches('`').to_owned());
    let input = value_at(&sent, &loc[1..]);
    let (kind, msg) = match missing {
        Some(field) => {
            loc.push(field);
            ("missing", "Field required".to_owned())
        }
        None => ("value_error", message.to_owned()),
    };
    let loc: Vec<&str> = loc.iter().map(String::as_str).collect();
    ApiError::unprocessable(vec![FieldError::new(kind, &loc, msg, input)])
}

/// A list is refused before it is read: serde would take it for a struct's fields in their order.
fn not_an_object(body: &[u8]) -> ApiError {
    match serde_json::from_slice::<Value>(body) {
        Ok(sent) => {
            let msg = "Input should be a valid dictionary or object to extract fields from";
            ApiError::unprocessable(vec![FieldError::new("model_attributes_type", &["body"], msg, sent)])
        }
        Err(fault) => not_json(&fault),
    }
}

fn not_json(fault: &serde_json::Error) -> ApiError {
    let at = fault.column().to_string();
    ApiError::unprocessable(vec![FieldError::new(
        "json_invalid",
        &["body", &at],
        format!("JSON decode error: {fault}"),
        json!({}),
    )])
}

fn value_at(sent: &Value, steps: &[String]) -> Value {
    steps
        .iter()
        .try_fold(sent, |value, step| match value {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            other => other.get(step),
        })
        .cloned()
        .unwrap_or(Value::Null)
}
