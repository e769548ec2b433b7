//! A pool that lost servers.

use super::{Blow, Fault, Hit, Seized};
use crate::faults::keys::Keys;
use crate::faults::read::PlanError;

/// `servers` of `pool` are held by nobody until the window closes or the plan is stopped, from the first request in
/// the window on. What queues for the pool is planned with those that are left, and keeps that plan.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::faults) struct BrownOut {
    pool: String,
    servers: usize,
}

impl Fault for BrownOut {
    const NAME: &'static str = "brown-out";
    const ONCE: bool = true;

    fn read(keys: &mut Keys<'_>) -> Result<Self, PlanError> {
        keys.need_an_end()?;
        let servers = keys.whole("servers", 1..=1_000_000)?;
        Ok(Self { pool: keys.pool("pool")?, servers: keys.needed("servers", servers)? as usize })
    }

    fn strike(&self, hit: Hit, blow: &mut Blow) {
        let Hit { left, owner, index, .. } = hit;
        let lasting = left.unwrap_or_default();
        blow.seized.push(Seized { pool: self.pool.clone(), servers: self.servers, lasting, owner, index });
    }
}
