//! Members searching

use crate::scenario::{Plan, Scenario, Scope};

/// See the module.
pub(super) struct SearchLoad;

impl Scenario for SearchLoad {
    fn name(&self) -> &'static str {
        "search-load"
    }

    fn title(&self) -> &'static str {
        "Members searching"
    }

    fn description(&self) -> &'static str {
        "Members searching"
    }

    fn plan(&self, _scope: &Scope) -> Plan {
        unimplemented!("being written")
    }
}
