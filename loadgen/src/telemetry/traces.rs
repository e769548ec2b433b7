//! Traces: each request has one of its own, which whoever answers it can join. Kept are those drawn by a rate, those of
//! failed requests, and those of the slowest of each route.
//!
//! A worker decides for itself what it keeps and waits for nobody; what many workers, or processes, have kept is put
//! together at the end, within bounds.

mod ids;
mod kept;
mod seen;
mod tracer;

use std::sync::{Arc, Mutex, PoisonError};

use engine::{clock, load::Shard, run::ScenarioRun};
use serde::{Deserialize, Serialize};

use self::kept::Keeper;
pub(crate) use self::{
    kept::Account,
    seen::{Over, Seen, Server},
    tracer::Tracer,
};
use crate::{
    http::Traceparent,
    telemetry::otlp::{Meter, Outlet, Scenario},
};

/// Which requests are part of a trace, and whose traces are kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// Whether requests carry a `traceparent`; without it there are no traces at all.
    pub traceparent: bool,
    /// The share of requests that are traced whatever becomes of them.
    pub sample: f64,
    /// Of each route, so many of the slowest requests.
    pub slowest: usize,
}

impl Default for Wish {
    fn default() -> Self {
        Self { traceparent: true, sample: 0.01, slowest: 10 }
    }
}

/// The traces of one scenario in one process.
#[derive(Debug)]
pub(crate) struct Tracing {
    wish: Wish,
    /// Sets the ids of this run apart from other runs'.
    nonce: Arc<str>,
    /// Which of the parts of the run it is: one scenario may be played more than once.
    part: u64,
    scenario: Arc<Scenario>,
    /// Where what is kept is told at once.
    outlet: Option<Outlet>,
    meter: Option<Meter>,
    /// What workers that have ended have kept.
    kept: Mutex<Keeper>,
}

impl Tracing {
    /// For a scenario that starts about now; `outlet` is where to tell of it.
    pub(crate) fn new(
        wish: Wish,
        nonce: Arc<str>,
        (part, scenario): (u64, &'static str),
        outlet: Option<Outlet>,
    ) -> Arc<Self> {
        let (trace, span) = ids::Key::of(&nonce, scenario, &[format!("part {part}")]).nth(0);
        let root = Traceparent { trace, span, sampled: true };
        let scenario = Arc::new(Scenario { name: scenario, root, anchor: clock::Anchor::now() });
        let meter = outlet
            .as_ref()
            .filter(|outlet| outlet.metrics())
            .map(|_| Meter::new(scenario.name, clock::now()));
        let kept = Mutex::new(Keeper::new(wish.slowest));
        Arc::new(Self { wish, nonce, part, scenario, outlet, meter, kept })
    }

    /// A worker's own tracer: `first_flow` and its shard tell it from all others of the run.
    pub(crate) fn tracer(self: &Arc<Self>, first_flow: usize, shard: Shard) -> Tracer {
        let place =
            [format!("part {}", self.part), format!("flow {first_flow}"), format!("shard {}", shard.index)];
        let key = ids::Key::of(&self.nonce, self.scenario.name, &place);
        Tracer::keeping(ids::Ids::new(key, self.wish), self.clone())
    }

    /// The tracer of requests that are not counted: they have traces, which are not kept.
    pub(crate) fn silent(wish: Wish, nonce: &str, scenario: &str, number: u64) -> Tracer {
        let place = [format!("process {}", std::process::id()), format!("context {number}")];
        let key = ids::Key::of(nonce, scenario, &place);
        Tracer::silent(ids::Ids::new(key, Wish { sample: 0.0, ..wish }))
    }

    /// The scenario's name.
    pub(crate) fn scenario(&self) -> &'static str {
        self.scenario.name
    }

    /// Which of the parts of the run it is.
    pub(crate) fn part(&self) -> u64 {
        self.part
    }

    fn hand_in(&self, keeper: Keeper) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).merge(keeper);
    }

    /// Tells how many users are at it and what has been counted so far, where metrics are wanted; not more often than
    /// the meter wants.
    pub(crate) fn tick(&self, users: u64) {
        self.measure(users, false);
    }

    fn measure(&self, users: u64, last: bool) {
        let (Some(outlet), Some(meter)) = (&self.outlet, &self.meter) else { return };
        let now = clock::now();
        if last || meter.is_due(now) {
            outlet.metrics_of(&self.scenario, meter.metrics(&self.scenario.anchor, now, users));
        }
    }

    /// Tells of the slowest, and gives what was kept. Its workers have ended.
    pub(crate) fn finish(&self) -> Account {
        self.measure(0, true);
        let empty = Keeper::new(self.wish.slowest);
        let kept = std::mem::replace(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner), empty);
        if let Some(outlet) = &self.outlet {
            kept.untold().for_each(|seen| outlet.request(&self.scenario, seen.clone()));
        }
        kept.account(&self.scenario.anchor)
    }

    /// Tells of the scenario itself, once it is over in all processes.
    pub(crate) fn conclude(&self, run: &ScenarioRun, began: clock::Instant, ended: clock::Instant) {
        if let Some(outlet) = &self.outlet {
            outlet.scenario(&self.scenario, run.requests(), began, ended);
        }
    }
}

#[cfg(test)]
mod tests;
