//! What Sentry takes: a line about the envelope, a line about its item, the item.

use sentry_types::Uuid;
use serde_json::{Value, json};

use crate::telemetry::client::AGENT;

/// What is limited apart. Source: Sentry, "Rate Limiting", data categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Errors.
    Error,
    /// Transactions.
    Transaction,
}

/// One item to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// What it counts as.
    pub category: Category,
    /// Its id.
    pub id: Uuid,
    /// The event or the transaction.
    pub item: Value,
}

impl Category {
    /// Its name where limits are told.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Transaction => "transaction",
        }
    }

    /// The type of its items.
    fn item_type(self) -> &'static str {
        match self {
            Self::Error => "event",
            Self::Transaction => "transaction",
        }
    }
}

impl Envelope {
    /// As it is sent. It names no DSN: whom it is for, its request says.
    pub fn bytes(&self) -> Vec<u8> {
        let item = self.item.to_string();
        let (name, version) = AGENT.split_once('/').unwrap_or((AGENT, ""));
        let head =
            json!({"event_id": self.id.simple().to_string(), "sdk": {"name": name, "version": version}});
        let about = json!({
            "type": self.category.item_type(),
            "length": item.len(),
            "content_type": "application/json",
        });
        format!("{head}\n{about}\n{item}\n").into_bytes()
    }
}
