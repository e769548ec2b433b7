//! One live training session

use crate::scenario::{Plan, Scenario, Scope};

/// See the module.
pub(super) struct RtcLoad;

impl Scenario for RtcLoad {
    fn name(&self) -> &'static str {
        "rtc-load"
    }

    fn title(&self) -> &'static str {
        "One live training session"
    }

    fn description(&self) -> &'static str {
        "One live training session"
    }

    fn plan(&self, _scope: &Scope) -> Plan {
        unimplemented!("being written")
    }
}
