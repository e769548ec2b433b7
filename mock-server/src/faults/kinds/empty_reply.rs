//! Connections that are closed without an answer.

use super::{Blow, Fault, Hit, Lost};
use crate::faults::keys::Keys;
use crate::faults::read::PlanError;

/// The request has its effect and takes its time; then the connection is closed before a byte of the answer, as
/// by a worker that died. On HTTP/2 the stream is reset: closing the connection would strike its neighbours.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct EmptyReply;

impl Fault for EmptyReply {
    const NAME: &'static str = "empty-reply";
    const UNSCORED: bool = true;

    fn read(_: &mut Keys<'_>) -> Result<Self, PlanError> {
        Ok(Self)
    }

    fn strike(&self, _: Hit, blow: &mut Blow) {
        blow.lost.get_or_insert(Lost::Silence);
    }
}
