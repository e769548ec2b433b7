//! Chat messages that arrive late.

use super::{Aim, Blow, ChatFault, Fault, Hit};
use crate::faults::keys::Keys;
use crate::faults::plan::Place;
use crate::faults::read::PlanError;

/// A message is delivered to one participant after the one that follows it, or with the socket's next ping.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct ChatReordered;

impl Fault for ChatReordered {
    const NAME: &'static str = "chat-reordered";
    const AIM: Aim = Aim::Only(Place::Chat);

    fn read(_: &mut Keys<'_>) -> Result<Self, PlanError> {
        Ok(Self)
    }

    fn strike(&self, _: Hit, blow: &mut Blow) {
        blow.chat = Some(ChatFault::Late);
    }
}
