//! Form bodies with bracketed keys, as Stripe reads them.

use serde_json::{Map, Value};

/// `metadata[a]=b&items[0][price]=c` as an object of objects.
pub(super) fn parse(text: &str) -> Value {
    let mut root = Map::new();
    for (key, value) in form_urlencoded::parse(text.as_bytes()) {
        let mut path = key.split('[').map(|segment| segment.trim_end_matches(']').to_owned());
        let first = path.next().unwrap_or_default();
        insert(&mut root, first, &mut path, value.into_owned());
    }
    Value::Object(root)
}

fn insert(map: &mut Map<String, Value>, key: String, rest: &mut dyn Iterator<Item = String>, value: String) {
    match rest.next() {
        None => {
            map.insert(key, Value::String(value));
        }
        Some(next) => {
            let inner = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                insert(inner, next, rest, value);
            }
        }
    }
}

/// A parameter, if it is given.
pub(super) fn text<'a>(form: &'a Value, name: &str) -> Option<&'a str> {
    form.get(name)?.as_str()
}
