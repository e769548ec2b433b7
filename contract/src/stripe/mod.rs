//! Stripe's events: their shape for API version 2023-10-16, made from templates, and their signatures.

pub mod signature;
pub mod template;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use signature::{SignatureError, TOLERANCE_SECONDS, header, sign, verify};
pub use template::{EventKind, Facts};

/// The API version whose shapes the events have.
pub const API_VERSION: &str = "2023-10-16";
/// The header an event's signature travels in.
pub const SIGNATURE_HEADER: &str = "Stripe-Signature";
/// The endpoint's secret unless `STRIPE_WEBHOOK_SECRET` says otherwise.
pub const DEFAULT_SECRET: &str = "whsec_test_secret";

/// An event as Stripe delivers it. Source: Stripe API reference, "The Event object".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// `evt_…`, unique.
    pub id: String,
    /// Always `event`.
    pub object: String,
    /// The version its `data` is shaped for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// When it happened, in Unix seconds; not when it was delivered.
    pub created: i64,
    /// What happened, such as `invoice.payment_succeeded`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it happened to.
    pub data: EventData,
    /// False in test mode.
    #[serde(default)]
    pub livemode: bool,
    /// Deliveries still to be acknowledged.
    #[serde(default)]
    pub pending_webhooks: u32,
    /// The request that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestRef>,
}

/// What an event happened to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventData {
    /// The object as it is now.
    pub object: Value,
    /// What changed, for `*.updated`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_attributes: Option<Value>,
}

/// The request that caused an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestRef {
    /// `req_…`, or nothing when Stripe itself caused it.
    #[serde(default)]
    pub id: Option<String>,
    /// The key the request carried.
    #[serde(default)]
    pub idempotency_key: Option<String>,
}
