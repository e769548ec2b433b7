//! What a refusal says, in the server's words, and what kind of failure it is.

use reqwest::StatusCode;
use serde_json::Value;

use crate::error::Fault;

/// Longest quotation of a server.
const QUOTED: usize = 500;

/// The server's own words: `detail`, `message` or `error`, else the text as it came.
pub(super) fn sentence(body: &str) -> String {
    let parsed: Option<Value> = serde_json::from_str(body).ok();
    let said = parsed
        .as_ref()
        .and_then(|body| ["detail", "message", "error"].iter().find_map(|name| words(&body[*name])));
    let text = said.unwrap_or_else(|| body.trim().to_owned());
    if text.is_empty() { "it gave no reason".to_owned() } else { text.chars().take(QUOTED).collect() }
}

/// A sentence, or the sentences of a list of complaints, each with where it is. What was sent is not repeated.
fn words(said: &Value) -> Option<String> {
    match said {
        Value::String(sentence) => Some(sentence.clone()),
        Value::Object(object) => {
            ["message", "msg", "error"].iter().find_map(|name| words(object.get(*name)?))
        }
        Value::Array(complaints) => {
            let each: Vec<String> = complaints.iter().filter_map(complaint).collect();
            (!each.is_empty()).then(|| each.join("; "))
        }
        _ => None,
    }
}

fn complaint(complaint: &Value) -> Option<String> {
    let message = words(complaint)?;
    let place: Vec<String> = complaint["loc"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned))
        .collect();
    Some(if place.is_empty() { message } else { format!("{}: {message}", place.join(".")) })
}

/// What kind of failure a status is.
pub(super) fn kind(status: StatusCode) -> Fault {
    match status {
        StatusCode::UNAUTHORIZED => Fault::Denied,
        StatusCode::FORBIDDEN => Fault::Forbidden,
        StatusCode::NOT_FOUND => Fault::Schema,
        StatusCode::INSUFFICIENT_STORAGE => Fault::Full,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Fault::Busy,
        _ => Fault::Broken,
    }
}

/// Whether the same call may fare better later.
pub(super) const fn may_pass(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn words_are_found_wherever_servers_put_them() {
        for (body, words) in [
            (r#"{"detail":"Row not found"}"#, "Row not found"),
            (r#"{"message":"slow down"}"#, "slow down"),
            (r#"{"error":{"message":"no such project"}}"#, "no such project"),
            (
                r#"{"detail":[{"loc":["body","vectors",3],"msg":"dimension is 3, not 384","input":"secret"}]}"#,
                "body.vectors.3: dimension is 3, not 384",
            ),
            ("Bad Gateway\n", "Bad Gateway"),
            ("", "it gave no reason"),
        ] {
            assert_eq!(sentence(body), words);
        }
    }
}
