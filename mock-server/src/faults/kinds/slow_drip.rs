//! Bodies that come in drops.

use std::time::Duration;

use super::{Blow, Fault, Hit, Pace};
use crate::faults::keys::Keys;
use crate::faults::read::PlanError;

/// The head comes when it should, the body in pieces of `piece_bytes`, one every `every_ms`.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct SlowDrip {
    pace: Pace,
}

impl Fault for SlowDrip {
    const NAME: &'static str = "slow-drip";
    const UNSCORED: bool = true;

    fn read(keys: &mut Keys<'_>) -> Result<Self, PlanError> {
        let piece_bytes = keys.whole("piece_bytes", 1..=Keys::GIB)?;
        let every_ms = keys.number("every_ms", 0.0..=Keys::HOUR_MS)?;
        let piece_bytes = keys.needed("piece_bytes", piece_bytes)? as usize;
        let every = Duration::from_secs_f64(keys.needed("every_ms", every_ms)? / 1e3);
        Ok(Self { pace: Pace { piece_bytes, every } })
    }

    fn strike(&self, _: Hit, blow: &mut Blow) {
        blow.pace = Some(self.pace);
    }
}
