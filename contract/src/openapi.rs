//! The OpenAPI 3.1 document, made from the endpoint types themselves.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::endpoint::{Auth, Body, Endpoint, SHARED_ERRORS};
use crate::error::ErrorBody;
use crate::{for_each_endpoint, stripe};

/// The whole document.
pub fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
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
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
        },
    })
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
            json!({ "required": true, "content": { "application/json": { "schema": schema } } }),
        );
    }
    operation.insert("responses".into(), responses::<E>(generator));
    match E::AUTH {
        Auth::Open => {}
        Auth::Optional => {
            operation.insert("security".into(), json!([{}, { "bearer": [] }]));
        }
        Auth::Bearer | Auth::Session | Auth::Video => {
            operation.insert("security".into(), json!([{ "bearer": [] }]));
        }
    }
    let path = paths.entry(E::template()).or_insert_with(|| json!({}));
    path[E::method().to_lowercase()] = Value::Object(operation);
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
    responses.insert(
        E::OK.to_string(),
        json!({ "description": "Success", "content": { "application/json": { "schema": success } } }),
    );
    for status in E::ERRORS.iter().chain(SHARED_ERRORS) {
        responses.entry(status.to_string()).or_insert_with(|| {
            json!({ "description": reason(*status), "content": { "application/json": { "schema": refusal } } })
        });
    }
    Value::Object(responses)
}

fn reason(status: u16) -> String {
    http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Refused")
        .to_owned()
}
