//! Stripe's burst

use crate::scenario::{Plan, Scenario, Scope};

/// See the module.
pub(super) struct WebhooksLoad;

impl Scenario for WebhooksLoad {
    fn name(&self) -> &'static str {
        "webhooks-load"
    }

    fn title(&self) -> &'static str {
        "Stripe's burst"
    }

    fn description(&self) -> &'static str {
        "Stripe's burst"
    }

    fn plan(&self, _scope: &Scope) -> Plan {
        unimplemented!("being written")
    }
}
