//! What Stripe answers: the little that is read of its objects, and its refusals.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::error::{Fault, SeedError};

/// An object of Stripe's. Only what is needed is read, so that nothing else in a newer shape gets in the way once
/// the object is made.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Remote {
    pub(super) id: String,
    #[serde(default)]
    pub(super) livemode: bool,
    #[serde(default)]
    pub(super) deleted: bool,
    #[serde(default)]
    pub(super) metadata: HashMap<String, String>,
    /// How a subscription stands.
    #[serde(default)]
    pub(super) status: Option<String>,
    /// A price's product.
    #[serde(default)]
    pub(super) product: Option<String>,
    /// A price's amount, in cents.
    #[serde(default)]
    pub(super) unit_amount: Option<i64>,
    /// What a subscription bills.
    #[serde(default)]
    pub(super) items: Option<Items>,
}

impl Remote {
    /// The row of a world it stands for, if it is a seeder's.
    pub(super) fn seed_key(&self) -> Option<&str> {
        self.metadata.get(super::content::SEED_KEY).map(String::as_str)
    }
}

/// The items of a subscription.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Items {
    pub(super) data: Vec<Item>,
}

/// An item of a subscription.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Item {
    pub(super) id: String,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) data: Vec<Remote>,
    pub(super) has_more: bool,
}

/// Why there is no good answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Stripe refused.
    #[error("{0}")]
    Refused(Refusal),
    /// No answer came in time.
    #[error("no answer within {} s", .0.as_secs_f64())]
    Silent(Duration),
    /// No connection came about.
    #[error("{0}")]
    Unreachable(String),
    /// The connection went away.
    #[error("{0}")]
    Cut(String),
    /// The answer makes no sense.
    #[error("unreadable answer: {0}")]
    Unreadable(String),
    /// It is about real money.
    #[error("{0} is an object in live mode")]
    Live(String),
    /// An object of others stands where ours belongs.
    #[error("{0}")]
    Foreign(String),
}

/// A refusal in Stripe's own words.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// The family of errors.
    pub(super) kind: Option<String>,
    pub(super) code: Option<String>,
    pub(super) message: String,
    /// Stripe's support finds the call by it.
    pub(super) request_id: Option<String>,
    /// Seconds it wants to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// Whether it wants to be asked again.
    pub(super) should_retry: Option<bool>,
    /// It is what was answered the first time, repeated from memory.
    pub(super) is_replayed: bool,
    /// How often the call was sent by then.
    pub(super) tries: u32,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (status {}", self.message.trim_end_matches('.'), self.status)?;
        if let Some(code) = &self.code {
            write!(f, ", {code}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request {id}")?;
        }
        f.write_str(")")
    }
}

/// How an error object of Stripe's looks.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorBody {
    pub(super) error: ErrorObject,
}

#[derive(Debug, Deserialize)]
pub(super) struct ErrorObject {
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) message: Option<String>,
}

impl Failure {
    /// Whether the object asked about is not there, or no longer.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == 404)
    }

    /// Whether it is what was answered the first time, to the same parameters.
    pub(super) fn is_replayed(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_replayed)
    }

    /// Whether the call's key brings nothing else any more: a server error is repeated from memory, or the key was
    /// first used with other parameters.
    pub(super) fn is_of_a_spent_key(&self) -> bool {
        let Self::Refused(refusal) = self else { return false };
        let is_of_others = refusal.status == 400 && refusal.kind.as_deref() == Some("idempotency_error");
        is_of_others || refusal.is_replayed && refusal.status >= 500
    }

    /// As the seeder says it.
    pub(super) fn while_doing(&self, doing: impl Into<String>) -> SeedError {
        SeedError::store(super::NAME, self.fault(), doing, self)
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Refused(refusal) => match refusal.status {
                401 => Fault::Denied,
                403 => Fault::Forbidden,
                409 | 429 | 500.. => Fault::Busy,
                _ => Fault::Broken,
            },
            Self::Silent(_) | Self::Cut(_) => Fault::Cut,
            Self::Unreachable(_) => Fault::Unreachable,
            Self::Foreign(_) => Fault::Collision,
            Self::Unreadable(_) | Self::Live(_) => Fault::Broken,
        }
    }
}
