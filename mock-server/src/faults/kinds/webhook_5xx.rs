//! Webhooks that are not taken.

use contract::Endpoint as _;
use contract::webhooks::ReceiveStripe;

use super::{Aim, Blow, Fault, Hit, refusal};
use crate::faults::keys::Keys;
use crate::faults::plan::Place;
use crate::faults::read::PlanError;

/// The receiver answers `status` (500 where the plan does not say) before anything happens.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct Webhook5xx {
    status: u16,
}

impl Fault for Webhook5xx {
    const NAME: &'static str = "webhook-5xx";
    const AIM: Aim = Aim::Only(Place::Request(ReceiveStripe::ROUTE));

    fn read(keys: &mut Keys<'_>) -> Result<Self, PlanError> {
        Ok(Self { status: keys.whole("status", 500..=599)?.unwrap_or(500) as u16 })
    }

    fn strike(&self, _: Hit, blow: &mut Blow) {
        blow.refusal.get_or_insert_with(|| refusal(self.status, None));
    }
}
