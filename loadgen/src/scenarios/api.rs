//! The endpoints

use crate::scenario::{Plan, Scenario, Scope};

/// See the module.
pub(super) struct ApiLoad;

impl Scenario for ApiLoad {
    fn name(&self) -> &'static str {
        "api-load"
    }

    fn title(&self) -> &'static str {
        "The endpoints"
    }

    fn description(&self) -> &'static str {
        "The endpoints"
    }

    fn plan(&self, _scope: &Scope) -> Plan {
        unimplemented!("being written")
    }
}
