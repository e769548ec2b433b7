//! Where a body differs from the contract, said so that a person understands it.
//!
//! The contract's own types decide whether a body fits. Of one that does not, every difference is told: by the
//! schema that the OpenAPI document has of the same types.

use std::fmt;

use contract::{Endpoint, openapi};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::scrub::scrub;

/// A place where an answer is not what the contract says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where: `results[3].score`, or what else is looked at (`status`, `content-type`, `the body`).
    pub at: String,
    /// What the contract has there.
    pub expected: String,
    /// What came.
    pub got: String,
}

impl Difference {
    pub(super) fn new(at: impl Into<String>, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self { at: at.into(), expected: expected.into(), got: got.into() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {}", self.at, self.expected, self.got)
    }
}

/// Characters of a value that are quoted.
const MOST_CHARS: usize = 60;

/// The differences of an answer of `E` with this status from the contract; none when it can be read as a `T`.
pub(super) fn differences<E: Endpoint, T: DeserializeOwned>(status: u16, body: &[u8]) -> Vec<Difference> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let Err(first) = serde_path_to_error::deserialize::<_, T>(&mut reader) else { return Vec::new() };
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return vec![Difference::new("the body", "JSON", format!("{} ({})", quoted(body), first.inner()))];
    };
    let document = openapi::document();
    let operation = &document["paths"][E::template()][E::method().to_lowercase()];
    let schema = &operation["responses"][status.to_string()]["content"]["application/json"]["schema"];
    let mut walk = Walk { schemas: &document["components"]["schemas"], found: Vec::new() };
    walk.compare(&mut Vec::new(), schema, &value);
    if walk.found.is_empty() {
        // Right by the schema and unreadable all the same: the reader says best what it wanted.
        return vec![Difference::new(place(&first), "what the contract can read", first.inner().to_string())];
    }
    walk.found
}

fn place(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let path = error.path().to_string();
    if path == "." { "the body".to_owned() } else { path }
}

/// One step into a body.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Field(String),
    Entry(usize),
}

struct Walk<'a> {
    schemas: &'a Value,
    found: Vec<Difference>,
}

impl<'a> Walk<'a> {
    fn compare(&mut self, at: &mut Vec<Step>, schema: &'a Value, value: &Value) {
        let schema = self.resolved(schema);
        if !self.fits(schema, value) {
            return self.note(at, &self.described(schema), &shown(value));
        }
        match value {
            Value::Object(fields) => self.fields(at, schema, fields),
            Value::Array(entries) => {
                let before = self.found.len();
                for (place, entry) in entries.iter().enumerate() {
                    at.push(Step::Entry(place));
                    self.compare(at, &schema["items"], entry);
                    at.pop();
                    // What is wrong with one entry is wrong with the others.
                    if self.found.len() > before {
                        break;
                    }
                }
            }
            _ => {}
        }
    }

    fn fields(&mut self, at: &mut Vec<Step>, schema: &'a Value, fields: &Map<String, Value>) {
        let Some(known) = schema["properties"].as_object() else { return };
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let strangers: Vec<&str> =
            fields.keys().map(String::as_str).filter(|name| !known.contains_key(*name)).collect();
        for (name, schema) in known {
            at.push(Step::Field(name.clone()));
            match fields.get(name) {
                Some(value) => self.compare(at, schema, value),
                None if required.contains(&name.as_str()) => {
                    let instead = match strangers.as_slice() {
                        [] => String::new(),
                        names => format!(" (the contract does not know {})", listed(names)),
                    };
                    self.note(at, &self.described(self.resolved(schema)), &format!("nothing{instead}"));
                }
                None => {}
            }
            at.pop();
        }
    }

    fn note(&mut self, at: &[Step], expected: &str, got: &str) {
        let mut path = String::new();
        for step in at {
            match step {
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) => path.extend([".", name]),
                Step::Entry(place) => path.extend(["[", &place.to_string(), "]"]),
            }
        }
        let at = if path.is_empty() { "the body".to_owned() } else { path };
        self.found.push(Difference::new(at, expected, got));
    }

    /// The schema itself, or the one it only names.
    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        match name {
            Some(name) => self.resolved(&self.schemas[name]),
            None => schema,
        }
    }

    /// Whether a value is of the schema's type, whatever is inside it.
    fn fits(&self, schema: &'a Value, value: &Value) -> bool {
        for several in ["anyOf", "oneOf"] {
            if let Some(choices) = schema[several].as_array() {
                return choices.iter().any(|choice| self.fits(self.resolved(choice), value));
            }
        }
        if let Some(only) = schema.get("const") {
            return only == value;
        }
        if let Some(words) = schema["enum"].as_array() {
            return words.contains(value);
        }
        let types = types(schema);
        let of_kind = types.is_empty() || types.iter().any(|kind| is_of(kind, value));
        of_kind && in_range(schema, value) && is_in_format(schema, value)
    }

    fn described(&self, schema: &'a Value) -> String {
        for several in ["anyOf", "oneOf"] {
            if let Some(choices) = schema[several].as_array() {
                let choices: Vec<_> =
                    choices.iter().map(|choice| self.described(self.resolved(choice))).collect();
                return choices.join(" or ");
            }
        }
        if let Some(only) = schema.get("const") {
            return format!("{only}");
        }
        if let Some(words) = schema["enum"].as_array() {
            return format!(
                "one of {}",
                words.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            );
        }
        let kinds: Vec<String> = types(schema).iter().map(|kind| kind_in_words(kind, schema)).collect();
        if kinds.is_empty() { "anything".to_owned() } else { kinds.join(" or ") }
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

fn in_range(schema: &Value, value: &Value) -> bool {
    let Some(number) = value.as_f64() else { return true };
    schema["minimum"].as_f64().is_none_or(|least| number >= least)
        && schema["maximum"].as_f64().is_none_or(|most| number <= most)
}

fn is_in_format(schema: &Value, value: &Value) -> bool {
    let (Some("date-time"), Some(text)) = (schema["format"].as_str(), value.as_str()) else { return true };
    serde_json::from_value::<chrono::DateTime<chrono::Utc>>(Value::from(text)).is_ok()
}

fn kind_in_words(kind: &str, schema: &Value) -> String {
    let at_least = |what: &str| match schema["minimum"].as_f64() {
        Some(least) => format!("{what} of at least {least}"),
        None => what.to_owned(),
    };
    match kind {
        "integer" => at_least("a whole number"),
        "number" => at_least("a number"),
        "string" if schema["format"] == "date-time" => "a time such as \"2027-01-01T12:00:00Z\"".to_owned(),
        "string" => "a string".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => "a list".to_owned(),
        "object" => "an object".to_owned(),
        other => other.to_owned(),
    }
}

/// A value by its kind, with as much of it as fits.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) if number.is_f64() => format!("a number ({number})"),
        Value::Number(number) => format!("a whole number ({number})"),
        Value::String(text) => format!("a string ({})", Value::from(shortened(text))),
        Value::Array(entries) if entries.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(fields) => {
            let names: Vec<&str> = fields.keys().map(String::as_str).collect();
            if names.is_empty() {
                "an empty object".to_owned()
            } else {
                format!("an object with {}", listed(&names))
            }
        }
    }
}

fn listed(names: &[&str]) -> String {
    const MOST: usize = 6;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MOST);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// The beginning of a text.
pub(super) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(MOST_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The beginning of a body, in quotes and on one line; without the tokens that it may hold.
pub(super) fn quoted(body: &[u8]) -> String {
    let text = scrub(&String::from_utf8_lossy(&body[..body.len().min(4 * MOST_CHARS)]));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() { "nothing".to_owned() } else { format!("`{}`", shortened(&text)) }
}
