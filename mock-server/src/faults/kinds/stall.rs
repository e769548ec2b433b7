//! A while in which nothing is answered.

use super::{Blow, Fault, Hit};
use crate::faults::keys::Keys;
use crate::faults::read::PlanError;

/// Requests that come while the window is open wait until it closes, then take their planned time: a garbage
/// collection, a failover. Those under way when it opens are let through.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct Stall;

impl Fault for Stall {
    const NAME: &'static str = "stall";
    // A client that gives up first has measured its own patience, which the books cannot know.
    const UNSCORED: bool = true;

    fn read(keys: &mut Keys<'_>) -> Result<Self, PlanError> {
        keys.need_an_end()?;
        Ok(Self)
    }

    fn strike(&self, hit: Hit, blow: &mut Blow) {
        blow.longer += hit.left.unwrap_or_default();
    }
}
