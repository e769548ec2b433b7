//! The events: about customers of the seeded world, from the contract's templates.

use std::collections::HashMap;

use contract::stripe::{EventKind, Facts};
use fixtures::{Stream, World};

/// Share of events that end their subscription.
const DELETED: f64 = 0.02;
/// Share of subscriptions that an event finds unpaid.
const PAST_DUE: f64 = 0.1;

/// Somebody who pays through Stripe.
#[derive(Debug, Clone)]
struct Payer {
    customer: String,
    subscription: String,
    email: String,
    plan: &'static str,
    amount: u64,
    period: (i64, i64),
}

/// The events of a replay, each made when it is asked for: the same for the same world, seed and number, so the
/// same command again delivers the same events again.
#[derive(Debug)]
pub struct Events {
    seed: u64,
    payers: Vec<Payer>,
}

impl Events {
    /// Events about those in `world` who pay; nothing when nobody does.
    pub fn about(world: &World, seed: u64) -> Option<Self> {
        let members: HashMap<_, _> = world.members().map(|member| (member.id, member.email)).collect();
        let payers: Vec<Payer> = world
            .subscriptions()
            .filter_map(|row| {
                Some(Payer {
                    subscription: row.stripe_subscription_id?,
                    email: members.get(&row.member_id)?.clone(),
                    customer: row.stripe_customer_id,
                    plan: row.tier.as_str(),
                    amount: u64::from(row.tier.price_usd()) * 100,
                    period: (row.current_period_start.timestamp(), row.current_period_end.timestamp()),
                })
            })
            .collect();
        (!payers.is_empty()).then_some(Self { seed, payers })
    }

    /// The body of event `n`, as it is signed. Later numbers happened later, a second each.
    pub fn body(&self, n: u32) -> String {
        let mut draw = Stream::new(self.seed, "replay event", u64::from(n));
        let payer = &self.payers[draw.below(self.payers.len() as u32) as usize];
        let kind = if draw.chance(DELETED) {
            EventKind::SubscriptionDeleted
        } else {
            // The last of them is the deletion.
            EventKind::ALL[draw.below(EventKind::ALL.len() as u32 - 1) as usize]
        };
        let status = if draw.chance(PAST_DUE) { "past_due" } else { "active" };
        let key = format!("replay{:x}x{n}", self.seed);
        let facts = Facts {
            event_id: format!("evt_{key}"),
            created: fixtures::epoch().timestamp() + i64::from(n),
            customer: payer.customer.clone(),
            subscription: payer.subscription.clone(),
            payment_intent: format!("pi_{key}"),
            invoice: format!("in_{key}"),
            request: format!("req_{key}"),
            email: payer.email.clone(),
            amount: payer.amount,
            plan: payer.plan.to_owned(),
            subscription_status: status.to_owned(),
            period_start: payer.period.0,
            period_end: payer.period.1,
        };
        facts.render(kind)
    }
}
