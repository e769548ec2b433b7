//! Launch-day crowd

use crate::scenario::{Plan, Scenario, Scope};

/// See the module.
pub(super) struct PageLoad;

impl Scenario for PageLoad {
    fn name(&self) -> &'static str {
        "page-load"
    }

    fn title(&self) -> &'static str {
        "Launch-day crowd"
    }

    fn description(&self) -> &'static str {
        "Launch-day crowd"
    }

    fn plan(&self, _scope: &Scope) -> Plan {
        unimplemented!("being written")
    }
}
