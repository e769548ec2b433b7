//! A member's dashboard.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::UserSummary;
use crate::endpoint::{Nothing, endpoint};
use crate::events::Event;
use crate::subscriptions::Subscription;

endpoint! {
    /// What the bearer sees first: subscription, events to come, what happened lately.
    GetDashboard = "GET /api/users/me/dashboard", Bearer, None Nothing => 200 Dashboard,
    params Nothing, errors [401, 403]
}

/// Answer of [`GetDashboard`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dashboard {
    /// Whose it is.
    pub user: UserSummary,
    /// What they pay for, when they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<Subscription>,
    /// Events they hold a seat of, soonest first.
    pub upcoming_events: Vec<Event>,
    /// What they did lately, latest first.
    pub recent_activity: Vec<Activity>,
    /// Figures about them.
    pub stats: Stats,
}

/// Something a member did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Activity {
    /// What it was, such as `rsvp`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A sentence about it.
    pub description: String,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// Figures about a member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stats {
    /// Events they came to.
    pub events_attended: u32,
    /// Hours they trained.
    pub hours_trained: f64,
    /// When they may test for their next belt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_grading: Option<DateTime<Utc>>,
}
