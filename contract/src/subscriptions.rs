//! Plans and subscriptions.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Nothing, endpoint};

endpoint! {
    /// The plans on offer.
    ListPlans = "GET /api/subscriptions/plans", Open, None Nothing => 200 PlanList,
    params Nothing, errors []
}
endpoint! {
    /// The bearer's own subscription.
    MySubscription = "GET /api/subscriptions/my-subscription", Bearer, None Nothing => 200 Subscription,
    params Nothing, errors [401, 403, 404]
}

/// What a member pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Nothing.
    Free,
    /// 29 USD a year.
    Basic,
    /// 79 USD a year.
    Premium,
    /// 149 USD once.
    Lifetime,
}

impl Tier {
    /// All of them, cheapest first.
    pub const ALL: [Self; 4] = [Self::Free, Self::Basic, Self::Premium, Self::Lifetime];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Basic => "basic",
            Self::Premium => "premium",
            Self::Lifetime => "lifetime",
        }
    }

    /// Its price in US dollars.
    pub fn price_usd(self) -> u32 {
        match self {
            Self::Free => 0,
            Self::Basic => 29,
            Self::Premium => 79,
            Self::Lifetime => 149,
        }
    }
}

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// Paid.
    Active,
    /// A payment failed.
    PastDue,
    /// Ended by the member.
    Canceled,
    /// Ran out.
    Expired,
}

/// Answer of [`ListPlans`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanList {
    /// The plans, cheapest first.
    pub plans: Vec<Plan>,
}

/// A plan on offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The plan's id.
    pub id: String,
    /// Its code, such as `PREMIUM`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Price in US dollars.
    pub price_usd: f64,
    /// `free`, `year` or `lifetime`.
    pub billing_interval: String,
    /// What it brings.
    pub features: Vec<String>,
    /// Stripe's price, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe_price_id: Option<String>,
}

/// Answer of [`MySubscription`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subscription {
    /// The subscription's id.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// What is paid for.
    pub tier: Tier,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// Stripe's id, when Stripe bills it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe_subscription_id: Option<String>,
    /// When the paid period began.
    pub current_period_start: DateTime<Utc>,
    /// When it ends.
    pub current_period_end: DateTime<Utc>,
    /// Whether it ends then for good.
    pub cancel_at_period_end: bool,
}
