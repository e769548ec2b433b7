//! Chat messages that arrive twice.

use super::{Aim, Blow, ChatFault, Fault, Hit};
use crate::faults::keys::Keys;
use crate::faults::plan::Place;
use crate::faults::read::PlanError;

/// A message is delivered to one participant twice in a row.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct ChatDuplicated;

impl Fault for ChatDuplicated {
    const NAME: &'static str = "chat-duplicated";
    const AIM: Aim = Aim::Only(Place::Chat);

    fn read(_: &mut Keys<'_>) -> Result<Self, PlanError> {
        Ok(Self)
    }

    fn strike(&self, _: Hit, blow: &mut Blow) {
        blow.chat = Some(ChatFault::Duplicated);
    }
}
