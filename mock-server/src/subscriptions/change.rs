//! What a Stripe event says about payments and subscriptions (API version 2023-10-16).

use chrono::{DateTime, Utc};
use contract::stripe::{Event, EventKind};
use contract::subscriptions::{SubscriptionStatus, Tier};
use serde_json::Value;

/// What an event says, and when it was so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) version: Version,
    pub(crate) news: News,
}

/// The order of events about one object: when they happened, then what is final over what is not, then the
/// event's id, so that any order of delivery ends in the same state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) created: i64,
    pub(crate) is_final: bool,
    pub(crate) event_id: String,
}

/// News of a payment or of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// A charge or an invoice.
    Payment { id: String, paid: bool, cents: u64 },
    /// A subscription as it is now.
    Subscription(SubscriptionNews),
}

/// A subscription as Stripe says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubscriptionNews {
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) status: SubscriptionStatus,
    pub(crate) tier: Option<Tier>,
    pub(crate) period_start: DateTime<Utc>,
    pub(crate) period_end: DateTime<Utc>,
    pub(crate) cancel_at_period_end: bool,
}

impl News {
    /// The id of what it is about.
    pub(crate) fn subject(&self) -> &str {
        match self {
            Self::Payment { id, .. } => id,
            Self::Subscription(news) => &news.id,
        }
    }
}

impl Change {
    /// What an event of a known type says; nothing when its object lacks what such an object has.
    pub(crate) fn of(kind: EventKind, event: &Event) -> Option<Self> {
        let object = &event.data.object;
        let news = match kind {
            EventKind::PaymentIntentSucceeded => payment(object, true, "amount_received"),
            EventKind::PaymentIntentFailed => payment(object, false, "amount"),
            EventKind::InvoicePaymentSucceeded => payment(object, true, "amount_paid"),
            EventKind::SubscriptionUpdated => subscription(object, None),
            EventKind::SubscriptionDeleted => subscription(object, Some(SubscriptionStatus::Canceled)),
        }?;
        let is_final = matches!(kind, EventKind::SubscriptionDeleted | EventKind::PaymentIntentSucceeded);
        Some(Self { version: Version { created: event.created, is_final, event_id: event.id.clone() }, news })
    }
}

fn text(object: &Value, field: &str) -> Option<String> {
    object[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn payment(object: &Value, paid: bool, amount: &str) -> Option<News> {
    Some(News::Payment { id: text(object, "id")?, paid, cents: object[amount].as_u64()? })
}

fn subscription(object: &Value, ended: Option<SubscriptionStatus>) -> Option<News> {
    let time = |field: &str| DateTime::from_timestamp(object[field].as_i64()?, 0);
    let plan = object["items"]["data"][0]["price"]["lookup_key"].as_str();
    Some(News::Subscription(SubscriptionNews {
        id: text(object, "id")?,
        customer: text(object, "customer")?,
        status: ended.or_else(|| object["status"].as_str().map(status))?,
        tier: plan.and_then(|code| Tier::ALL.into_iter().find(|tier| tier.as_str() == code)),
        period_start: time("current_period_start")?,
        period_end: time("current_period_end")?,
        cancel_at_period_end: object["cancel_at_period_end"].as_bool().unwrap_or(false),
    }))
}

/// Stripe's statuses as the backend maps them (BACKEND.md 6.1).
fn status(stripe: &str) -> SubscriptionStatus {
    match stripe {
        "active" | "trialing" => SubscriptionStatus::Active,
        "canceled" => SubscriptionStatus::Canceled,
        "incomplete_expired" => SubscriptionStatus::Expired,
        _ => SubscriptionStatus::PastDue,
    }
}
