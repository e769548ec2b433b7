//! A while in which nothing is answered.

use super::{Blow, Fault, Hit};
use crate::faults::keys::Keys;
use crate::faults::read::PlanError;

/// Answers to requests that come while the window is open are held until it closes, and take their planned time on
/// top: a garbage collection of whoever sends them, a failover of a proxy. Effects go on: a request takes its effect
/// when it would have without the stall, so what was answered last may have happened first. Requests under way when
/// the window opens are let through.
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
