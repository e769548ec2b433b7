//! The OpenAPI 3.1 document, made from the endpoint types themselves.

use schemars::Schema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::RecursiveTransform;
use serde_json::{Map, Value, json};

use crate::endpoint::{Auth, Body, Endpoint, SHARED_ERRORS};
use crate::error::ErrorBody;
use crate::{for_each_endpoint, stripe};

/// The whole document.
pub fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .with_transform(RecursiveTransform(bound))
        .into_generator();
    let mut paths = Map::new();
    macro_rules! describe_all {
        ($($endpoint:ty),* $(,)?) => { $(describe::<$endpoint>(&mut generator, &mut paths);)* };
    }
    for_each_endpoint!(describe_all);
    generator.subschema_for::<ErrorBody>();
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "WWMAA launch API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Members, events with RSVPs, search, subscriptions, Stripe webhooks and live sessions.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                MEMBER: bearer("The access token that signing in answers with, a JWT."),
                SESSION: bearer("The access token that joining a live session answers with."),
                VIDEO: bearer("The video token of a live session, for the SFU."),
            },
        },
    })
}

/// Says how large a number may be, which its format alone leaves to the reader.
fn bound(schema: &mut Schema) {
    if schema.get("format").is_some_and(|format| format == "uint32") && schema.get("maximum").is_none() {
        schema.insert("maximum".to_owned(), json!(u32::MAX));
    }
}

/// Names of the three kinds of bearer token.
const MEMBER: &str = "member";
const SESSION: &str = "session";
const VIDEO: &str = "video";

fn bearer(description: &str) -> Value {
    json!({ "type": "http", "scheme": "bearer", "description": description })
}

/// Which tokens an operation takes; an empty requirement stands for none.
fn security(auth: Auth) -> Option<Value> {
    match auth {
        Auth::Open => None,
        Auth::Optional => Some(json!([{}, { MEMBER: [] }])),
        Auth::Bearer => Some(json!([{ MEMBER: [] }])),
        Auth::Session => Some(json!([{ SESSION: [] }])),
        Auth::Video => Some(json!([{ VIDEO: [] }])),
    }
}

fn describe<E: Endpoint>(generator: &mut SchemaGenerator, paths: &mut Map<String, Value>) {
    let mut operation = Map::new();
    operation.insert("operationId".into(), json!(operation_id::<E>()));
    operation.insert("summary".into(), json!(E::SUMMARY.trim()));
    let parameters = parameters::<E>(generator);
    if !parameters.is_empty() {
        operation.insert("parameters".into(), json!(parameters));
    }
    if E::BODY != Body::None {
        let schema = generator.subschema_for::<E::Input>();
        operation.insert(
            "requestBody".into(),
            json!({ "required": is_wanted::<E>(), "content": { "application/json": { "schema": schema } } }),
        );
    }
    operation.insert("responses".into(), responses::<E>(generator));
    if let Some(security) = security(E::AUTH) {
        operation.insert("security".into(), security);
    }
    let path = paths.entry(E::template()).or_insert_with(|| json!({}));
    path[E::method().to_lowercase()] = Value::Object(operation);
}

/// Whether a body has to be sent: not where nothing in it is required.
fn is_wanted<E: Endpoint>() -> bool {
    serde_json::from_str::<E::Input>("{}").is_err()
}

/// The type's own name, which is unique among endpoints.
fn operation_id<E: Endpoint>() -> &'static str {
    let name = std::any::type_name::<E>();
    name.rsplit("::").next().unwrap_or(name)
}

fn parameters<E: Endpoint>(generator: &mut SchemaGenerator) -> Vec<Value> {
    let schema = generator.root_schema_for::<E::Params>().to_value();
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut parameters = Vec::new();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let in_path = E::template().contains(&format!("{{{name}}}"));
        let mut schema = schema.clone();
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let mut parameter = json!({
            "name": name,
            "in": if in_path { "path" } else { "query" },
            "required": in_path || required.contains(&name.as_str()),
            "schema": schema,
        });
        if let Some(description) = description {
            parameter["description"] = description;
        }
        parameters.push(parameter);
    }
    for header in E::HEADERS {
        parameters.push(json!({
            "name": header,
            "in": "header",
            "required": *header == stripe::SIGNATURE_HEADER,
            "schema": { "type": "string" },
        }));
    }
    parameters
}

fn responses<E: Endpoint>(generator: &mut SchemaGenerator) -> Value {
    let success = generator.subschema_for::<E::Output>();
    let refusal = generator.subschema_for::<ErrorBody>();
    let mut responses = Map::new();
    responses.insert(E::OK.to_string(), response("Success", &success, &[]));
    for status in E::ERRORS.iter().chain(SHARED_ERRORS) {
        responses
            .entry(status.to_string())
            .or_insert_with(|| response(&reason(*status), &refusal, own_headers(*status)));
    }
    Value::Object(responses)
}

fn response(description: &str, schema: &impl serde::Serialize, own_headers: &[(&str, &str, &str)]) -> Value {
    let headers: Map<String, Value> = EVERY_ANSWER
        .iter()
        .chain(own_headers)
        .map(|(name, kind, description)| {
            let header = json!({ "description": description, "required": true, "schema": { "type": kind } });
            ((*name).to_owned(), header)
        })
        .collect();
    json!({
        "description": description,
        "headers": headers,
        "content": { "application/json": { "schema": schema } },
    })
}

/// Name, type and meaning of the headers that come with every answer.
const EVERY_ANSWER: &[(&str, &str, &str)] =
    &[("X-Request-ID", "string", "The id that was sent along, or one made for this request.")];

/// The headers that come with a refusal of this status.
fn own_headers(status: u16) -> &'static [(&'static str, &'static str, &'static str)] {
    match status {
        405 => &[("Allow", "string", "The methods that the path has.")],
        429 | 503 => &[("Retry-After", "integer", "Seconds after which to try again.")],
        _ => &[],
    }
}

fn reason(status: u16) -> String {
    http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Refused")
        .to_owned()
}
