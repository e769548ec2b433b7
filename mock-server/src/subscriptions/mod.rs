//! Plans, who subscribes to which, and what Stripe said was paid.

mod billing;
mod change;

use std::sync::Mutex;

use contract::subscriptions::{ListPlans, MySubscription, PlanList, Subscription};
use contract::{ApiError, Nothing};
use fixtures::{Record, plans};

use crate::api::Api;
use crate::area::{Area, AuditCheck};
use crate::caller::Caller;
use crate::dataset::Dataset;
use crate::mock::Mock;
use crate::sync::lock;
use billing::Billing;

pub(crate) use billing::{Effect, Wins, Written};
pub(crate) use change::Change;

/// Who subscribes to what, and the payments.
pub(crate) struct Subscriptions {
    billing: Mutex<Billing>,
}

pub(crate) fn routes(api: Api) -> Api {
    api.endpoint::<ListPlans>(list_plans).endpoint::<MySubscription>(my_subscription)
}

impl Subscriptions {
    pub(crate) fn load(dataset: &Dataset) -> Self {
        Self { billing: Mutex::new(Billing::load(dataset)) }
    }

    /// The subscription of the member with this id.
    pub(crate) fn of_member(&self, member_id: &str) -> Option<Subscription> {
        lock(&self.billing).of_member(member_id).map(shown)
    }

    /// Writes what an event says, unless something newer is written already (if that is what `wins`), and
    /// journals that it was done.
    pub(crate) fn apply(&self, wins: Wins, event_id: &str, change: &Change) -> Written {
        lock(&self.billing).apply_as(wins, event_id, change)
    }

    /// How often each event was applied, told from the journal of effects. An event that was not is absent.
    pub(crate) fn with_effects<T>(&self, look: impl FnOnce(&mut dyn Iterator<Item = &Effect>) -> T) -> T {
        look(&mut lock(&self.billing).effects())
    }

    /// Plants a defect: applies an event without looking at the book.
    #[cfg(test)]
    pub(crate) fn plant<T>(&self, defect: impl FnOnce(&mut Billing) -> T) -> T {
        defect(&mut lock(&self.billing))
    }
}

impl Area for Subscriptions {
    fn audit(&self) -> Vec<AuditCheck> {
        vec![lock(&self.billing).newest_stands()]
    }

    fn reset_load(&self) {
        lock(&self.billing).reset();
    }

    fn rows(&self, each: &mut dyn FnMut(Record)) {
        lock(&self.billing).rows(each);
    }
}

fn list_plans(_: &Mock, _: &Caller, _: Nothing, _: Nothing) -> Result<PlanList, ApiError> {
    Ok(plans::all())
}

fn my_subscription(mock: &Mock, caller: &Caller, _: Nothing, _: Nothing) -> Result<Subscription, ApiError> {
    mock.subscriptions
        .of_member(&caller.claims()?.sub)
        .ok_or_else(|| ApiError::not_found("No subscription found"))
}

fn shown(row: &fixtures::Subscription) -> Subscription {
    Subscription {
        id: row.id.clone(),
        user_id: row.member_id.clone(),
        tier: row.tier,
        status: row.status,
        stripe_subscription_id: row.stripe_subscription_id.clone(),
        current_period_start: row.current_period_start,
        current_period_end: row.current_period_end,
        cancel_at_period_end: row.cancel_at_period_end,
    }
}
