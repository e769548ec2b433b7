//! Registration opens

use crate::scenario::{Plan, Scenario, Scope};

/// See the module.
pub(super) struct RsvpLoad;

impl Scenario for RsvpLoad {
    fn name(&self) -> &'static str {
        "event-rsvp-load"
    }

    fn title(&self) -> &'static str {
        "Registration opens"
    }

    fn description(&self) -> &'static str {
        "Registration opens"
    }

    fn plan(&self, _scope: &Scope) -> Plan {
        unimplemented!("being written")
    }
}
