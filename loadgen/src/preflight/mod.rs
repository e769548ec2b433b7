//! Before any load: one request per endpoint that the chosen scenarios use, in order and signed in, each answer held
//! against the contract. What a target lacks shows in two seconds, with the scenarios that need it.
//!
//! | module | what for |
//! |---|---|
//! | `catalogue`, `probes` | for each route one probe: what it asks, and what it needs of others |
//! | `kit`, `reply` | what probes share, and how an answer is judged |
//! | `shape` | where a body differs from the contract, for people |
//! | `round` | asks them all: whatever does not wait for something, at once |
//! | `findings`, `table` | what came of it: as data, and as text |
//!
//! Probes leave nothing behind: a seat is taken at the baseline's event and given back, a session is joined and
//! left, the one event that is delivered to Stripe's endpoint is of a type that changes nothing, nobody signs in
//! with a wrong password, and only sign-ins of the preflight's own are used up.

mod catalogue;
mod findings;
mod kit;
mod probes;
mod reply;
mod round;
mod shape;
mod table;

pub use catalogue::routes as probed_routes;
pub use findings::{Findings, Fitness, Kind, Probed, Trouble};
pub use kit::Kit;
pub use round::ask;
pub use shape::Difference;
pub(crate) use table::summary;
pub use table::{Ink, text};

use crate::{scenario::Plan, suite::Prepared};

/// What a scenario is called, and what it asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The scenario.
    pub scenario: &'static str,
    /// The routes it cannot do without, in the contract's order.
    pub routes: Vec<&'static str>,
}

impl Wanted {
    /// Of scenarios as they are planned.
    pub fn of(prepared: &[Prepared]) -> Vec<Self> {
        let wanted = |prepared: &Prepared| Self {
            scenario: prepared.scenario.name(),
            routes: routes_of(&prepared.plan),
        };
        prepared.iter().map(wanted).collect()
    }
}

/// Every route a plan asks: those that are measured, and those asked beside them.
pub fn routes_of(plan: &Plan) -> Vec<&'static str> {
    let asks = |route: &&'static str| {
        plan.registry.find_timing(route).is_some() || plan.needs.routes.contains(route)
    };
    contract::measured_routes().filter(asks).collect()
}
