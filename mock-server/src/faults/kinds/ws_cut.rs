//! Sockets that are cut.

use std::time::Duration;

use super::{Aim, Blow, Fault, Hit};
use crate::faults::keys::Keys;
use crate::faults::plan::Place;
use crate::faults::read::PlanError;

/// A socket is closed without a word, up to `within_s` (evenly drawn; 0 where the plan does not say) after the
/// window opened, or after the socket did if that was later. Participants keep their places and may come back.
/// Those that were open before the plan was started are cut like those that opened with it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct WsCut {
    within_s: f64,
}

impl Fault for WsCut {
    const NAME: &'static str = "ws-cut";
    const AIM: Aim = Aim::Only(Place::Socket);

    fn read(keys: &mut Keys<'_>) -> Result<Self, PlanError> {
        Ok(Self { within_s: keys.number("within_s", 0.0..=3_600.0)?.unwrap_or(0.0) })
    }

    fn strike(&self, hit: Hit, blow: &mut Blow) {
        blow.socket_cut_after = Some(Duration::from_secs_f64(self.within_s * hit.size));
    }
}
