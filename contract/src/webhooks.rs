//! Where Stripe delivers its events.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Nothing, endpoint};
use crate::stripe::Event;

endpoint! {
    /// Take a signed event, at least once and in any order, and apply it exactly once.
    ReceiveStripe = "POST /api/webhooks/stripe", Open, Raw Event => 200 Receipt,
    params Nothing, errors [400], headers ["Stripe-Signature"]
}

/// Answer of [`ReceiveStripe`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// Always true.
    pub received: bool,
    /// What became of the event.
    pub status: ReceiptStatus,
    /// The event's id.
    pub event_id: String,
    /// The event's type; absent on a duplicate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Present and true when a payment was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_recorded: Option<bool>,
    /// Present and true when a subscription was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_updated: Option<bool>,
}

/// What became of a delivered event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// Applied.
    Success,
    /// Seen before; nothing was applied twice.
    Duplicate,
    /// Of a type the platform does not know.
    Ignored,
    /// The platform says it failed, though the HTTP status is 200 (BACKEND.md 6.1): never right.
    Error,
}
