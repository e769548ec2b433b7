//! Chat messages that do not arrive.

use super::{Aim, Blow, ChatFault, Fault, Hit};
use crate::faults::keys::Keys;
use crate::faults::plan::Place;
use crate::faults::read::PlanError;

/// A message is not delivered to one participant; the others hear it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct ChatLost;

impl Fault for ChatLost {
    const NAME: &'static str = "chat-lost";
    const AIM: Aim = Aim::Only(Place::Chat);

    fn read(_: &mut Keys<'_>) -> Result<Self, PlanError> {
        Ok(Self)
    }

    fn strike(&self, _: Hit, blow: &mut Blow) {
        blow.chat = Some(ChatFault::Lost);
    }
}
