//! Refusals, in FastAPI's shape: `{"detail": "<sentence>"}`, or a list of field errors for a 422.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A refusal: its status and its body.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// HTTP status, 4xx or 5xx.
    pub status: u16,
    /// What the client is told.
    pub body: ErrorBody,
    /// Seconds for a `Retry-After` header.
    pub retry_after: Option<u32>,
}

/// The JSON body of a refusal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// A sentence, or one entry per field for a 422.
    pub detail: Detail,
    /// The booking the participant already holds (409 of an RSVP).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_id: Option<String>,
    /// Whether the event keeps a waitlist (400 of a full event).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waitlist_available: Option<bool>,
}

/// What a refusal says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Detail {
    /// One sentence.
    Sentence(String),
    /// One entry per field that was wrong.
    Fields(Vec<FieldError>),
}

/// One field that was wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// Kind of fault, such as `missing` or `value_error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where: `["body", "email"]`, `["query", "limit"]`.
    pub loc: Vec<Loc>,
    /// What is wrong, for a person.
    pub msg: String,
    /// What was sent.
    pub input: Value,
}

/// One step of the way to a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Loc {
    /// A position in a list.
    Index(usize),
    /// A name.
    Name(String),
}

impl FieldError {
    /// A fault of the field at `loc` (names and list positions, as text).
    pub fn new(kind: &str, loc: &[&str], msg: impl Into<String>, input: Value) -> Self {
        let loc = loc
            .iter()
            .map(|step| step.parse().map_or_else(|_| Loc::Name((*step).to_owned()), Loc::Index))
            .collect();
        Self { kind: kind.to_owned(), loc, msg: msg.into(), input }
    }
}

impl ApiError {
    /// A refusal that says one sentence.
    pub fn new(status: u16, sentence: impl Into<String>) -> Self {
        Self {
            status,
            body: ErrorBody {
                detail: Detail::Sentence(sentence.into()),
                booking_id: None,
                waitlist_available: None,
            },
            retry_after: None,
        }
    }

    /// A 422 with the fields that were wrong.
    pub fn unprocessable(fields: Vec<FieldError>) -> Self {
        let mut error = Self::new(422, "");
        error.body.detail = Detail::Fields(fields);
        error
    }

    /// A 400.
    pub fn bad_request(sentence: impl Into<String>) -> Self {
        Self::new(400, sentence)
    }

    /// A 401.
    pub fn unauthorized(sentence: impl Into<String>) -> Self {
        Self::new(401, sentence)
    }

    /// A 403.
    pub fn forbidden(sentence: impl Into<String>) -> Self {
        Self::new(403, sentence)
    }

    /// A 404.
    pub fn not_found(sentence: impl Into<String>) -> Self {
        Self::new(404, sentence)
    }

    /// A 409.
    pub fn conflict(sentence: impl Into<String>) -> Self {
        Self::new(409, sentence)
    }

    /// Names the booking the participant already holds.
    #[must_use]
    pub fn with_booking(mut self, booking_id: impl Into<String>) -> Self {
        self.body.booking_id = Some(booking_id.into());
        self
    }

    /// Says whether a waitlist is kept.
    #[must_use]
    pub fn with_waitlist(mut self, available: bool) -> Self {
        self.body.waitlist_available = Some(available);
        self
    }

    /// Says when to try again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.body.detail {
            Detail::Sentence(sentence) => write!(f, "{} {sentence}", self.status),
            Detail::Fields(fields) => write!(f, "{} {} invalid fields", self.status, fields.len()),
        }
    }
}

impl std::error::Error for ApiError {}
