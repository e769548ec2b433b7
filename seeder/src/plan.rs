//! What would be written, before anything is.

use fixtures::{Counts, Size, World};
use serde::Serialize;

/// A world's rows by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The world's seed.
    pub seed: u64,
    /// The world's size.
    pub size: Size,
    /// How many rows of each kind it has.
    pub rows: Counts,
}

/// Counts a world's rows; writes nothing and connects to nobody.
pub fn plan(world: World) -> Plan {
    Plan { seed: world.seed(), size: world.size(), rows: world.counts() }
}
