//! Connections that are reset.

use super::{Blow, Fault, Hit, Lost};
use crate::faults::keys::Keys;
use crate::faults::read::PlanError;

/// The request has its effect and takes its time; instead of the answer comes a reset: TCP's RST on HTTP/1.1,
/// `RST_STREAM` on HTTP/2.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct Reset;

impl Fault for Reset {
    const NAME: &'static str = "reset";
    const UNSCORED: bool = true;

    fn read(_: &mut Keys<'_>) -> Result<Self, PlanError> {
        Ok(Self)
    }

    fn strike(&self, _: Hit, blow: &mut Blow) {
        blow.lost = Some(Lost::Reset);
    }
}
