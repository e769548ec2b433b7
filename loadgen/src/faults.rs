//! Faults that a mock was told to have: which were scheduled, and how often they struck.
//!
//! The load generator cannot read a plan and does not need to: it keeps what the mock answers at
//! `/__admin/faults` as a part of the run's record, and heeds one word of it, `unscored`.

use serde::{Deserialize, Serialize};

/// What `strikes` says of a fault that strikes requests to whichever route.
const EVERY_ROUTE: &str = "every route";

/// A plan of faults and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultPlan {
    /// The plan as it was typed; absent when the mock has none.
    pub toml: Option<String>,
    /// The seed of its draws.
    pub seed: Option<u64>,
    /// Its faults, in the plan's order.
    pub faults: Vec<ScheduledFault>,
}

/// One fault of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduledFault {
    /// Its kind, such as `reset`.
    pub kind: String,
    /// What it strikes: a route, `every route`, or another part of the target.
    pub strikes: String,
    /// When its window opens, in seconds since a scenario's load began.
    pub from_s: f64,
    /// How long the window stays open, in seconds; absent when it stays so.
    pub for_s: Option<f64>,
    /// Which share of those it could strike it was to strike.
    pub share: f64,
    /// Its settings, whatever they are.
    pub settings: serde_json::Value,
    /// How many it could have struck.
    pub met: u64,
    /// How many it did strike.
    pub struck: u64,
    /// Whether answers it struck took another time than the mock's latency books say.
    pub unscored: bool,
}

impl FaultPlan {
    /// The same with what came of it after `earlier`; all of it, when that was another plan.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = self.clone();
        if self.toml == earlier.toml {
            for (fault, earlier) in since.faults.iter_mut().zip(&earlier.faults) {
                fault.met = fault.met.saturating_sub(earlier.met);
                fault.struck = fault.struck.saturating_sub(earlier.struck);
            }
        }
        since
    }

    /// Whether the mock's latency books cannot be held against what was measured of `route`, and by which fault.
    pub fn unscored(&self, route: &str) -> Option<&ScheduledFault> {
        let concerns = |fault: &&ScheduledFault| {
            fault.unscored && fault.struck > 0 && (fault.strikes == EVERY_ROUTE || fault.strikes == route)
        };
        self.faults.iter().find(concerns)
    }
}
