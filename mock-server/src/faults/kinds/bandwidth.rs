//! Bodies that come no faster than a line carries them.

use std::time::Duration;

use super::{Blow, Fault, Hit, Pace};
use crate::faults::keys::Keys;
use crate::faults::read::PlanError;

/// Pieces per second a limited body is sent in.
const PIECES_PER_S: u64 = 20;

/// The body comes at `bytes_per_s`, each answer on a line of its own.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct Bandwidth {
    bytes_per_s: u64,
}

impl Fault for Bandwidth {
    const NAME: &'static str = "bandwidth";
    const UNSCORED: bool = true;

    fn read(keys: &mut Keys<'_>) -> Result<Self, PlanError> {
        let bytes_per_s = keys.whole("bytes_per_s", 1..=Keys::GIB)?;
        Ok(Self { bytes_per_s: keys.needed("bytes_per_s", bytes_per_s)? })
    }

    fn strike(&self, _: Hit, blow: &mut Blow) {
        let piece_bytes = (self.bytes_per_s / PIECES_PER_S).max(1);
        let every = Duration::from_secs_f64(piece_bytes as f64 / self.bytes_per_s as f64);
        blow.pace = Some(Pace { piece_bytes: piece_bytes as usize, every });
    }
}
