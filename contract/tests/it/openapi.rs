use std::collections::BTreeSet;

use serde_json::Value;

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get("$ref") {
                found.insert(target.clone());
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_endpoint_is_described_and_every_reference_resolves() {
    let document = contract::openapi::document();
    assert_eq!(document["openapi"], "3.1.0");
    for route in contract::ENDPOINT_ROUTES {
        let (method, path) = route.split_once(' ').expect("method and path");
        let described = &document["paths"][path][method.to_lowercase()];
        assert!(described.is_object(), "{route} is not described");
        assert_eq!(described["responses"]["408"]["description"], "Request Timeout", "{route}");
    }
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.contains("#/components/schemas/ErrorBody"));
    for target in found {
        let pointer = target.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{target} leads nowhere");
    }
}

#[test]
fn parameters_know_where_they_travel() {
    let document = contract::openapi::document();
    let parameters = &document["paths"]["/api/events/{event_id}/registrations"]["get"]["parameters"];
    let place = |name: &str| {
        parameters
            .as_array()
            .into_iter()
            .flatten()
            .find(|parameter| parameter["name"] == name)
            .map(|parameter| (parameter["in"].clone(), parameter["required"].clone()))
    };
    assert_eq!(place("event_id"), Some(("path".into(), true.into())));
    assert_eq!(place("email"), Some(("query".into(), false.into())));
    let search = &document["paths"]["/api/search"]["get"]["parameters"];
    assert!(search.as_array().expect("a list").iter().any(|parameter| parameter["name"] == "verified"));
}
