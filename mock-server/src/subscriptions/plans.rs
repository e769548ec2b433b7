//! The four plans, as WWMAA sells them.

use contract::subscriptions::{Plan, PlanList, Tier};

/// All plans, cheapest first.
pub(super) fn all() -> PlanList {
    PlanList { plans: Tier::ALL.into_iter().map(plan).collect() }
}

fn plan(tier: Tier) -> Plan {
    let (name, interval, features): (_, _, &[&str]) = match tier {
        Tier::Free => ("Free Membership", "free", &["Public events", "Newsletter"]),
        Tier::Basic => (
            "Basic Membership",
            "year",
            &["Members' events", "Ten training videos a month", "Member directory", "10% off events"],
        ),
        Tier::Premium => (
            "Premium Membership",
            "year",
            &[
                "All events",
                "All training videos",
                "Live training sessions",
                "20% off events",
                "Priority support",
            ],
        ),
        Tier::Lifetime => (
            "Instructor Membership",
            "lifetime",
            &["Everything in Premium", "Instructor resources", "Listed in the directory of instructors"],
        ),
    };
    let code = tier.as_str();
    Plan {
        id: code.to_owned(),
        code: code.to_uppercase(),
        name: name.to_owned(),
        price_usd: f64::from(tier.price_usd()),
        billing_interval: interval.to_owned(),
        features: features.iter().map(|feature| (*feature).to_owned()).collect(),
        stripe_price_id: (tier != Tier::Free).then(|| format!("price_loadtest_{code}")),
    }
}
