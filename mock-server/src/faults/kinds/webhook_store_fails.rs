//! A store of processed webhooks that cannot be read.

use super::{Aim, Blow, Fault, Hit};
use crate::faults::keys::Keys;
use crate::faults::plan::Place;
use crate::faults::read::PlanError;

/// Whether an event was processed before cannot be known. The right thing to do then is to apply nothing and say
/// 503 with `Retry-After`, so that Stripe delivers it again.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct WebhookStoreFails;

impl Fault for WebhookStoreFails {
    const NAME: &'static str = "webhook-store-fails";
    const AIM: Aim = Aim::Only(Place::WebhookStore);

    fn read(_: &mut Keys<'_>) -> Result<Self, PlanError> {
        Ok(Self)
    }

    fn strike(&self, _: Hit, blow: &mut Blow) {
        blow.store_fails = true;
    }
}
