//! Plans to look at: scenarios sized by preset, with the default world.

use fixtures::{DEFAULT_SEED, Size, World};
use loadgen::{
    browser::Browsing,
    live::LiveSession,
    preset::{Preset, Sizing},
    scenario::{Plan, Scope},
    scenarios,
};

/// A scope for scenario `name` is made by [`plan`]; the sizing here is replaced by the scenario's.
fn scope(preset: Preset) -> Scope {
    Scope {
        sizing: Sizing::new("", preset, 1.0),
        seed: DEFAULT_SEED,
        world: World::new(DEFAULT_SEED, Size::default()),
        nonce: "test".into(),
        stripe_secret: contract::stripe::DEFAULT_SECRET.into(),
        tls: false,
        live: LiveSession::default(),
        browsing: Browsing::default(),
    }
}

pub(crate) fn smoke() -> Scope {
    scope(Preset::Smoke)
}

pub(crate) fn quick() -> Scope {
    scope(Preset::Quick)
}

pub(crate) fn full() -> Scope {
    scope(Preset::Full)
}

/// The plan of scenario `name` at the scope's preset.
pub(crate) fn plan(name: &str, scope: &Scope) -> Plan {
    let scenario = scenarios::find(name).expect("a scenario of this name");
    scenario.plan(&Scope { sizing: Sizing::new(name, scope.sizing.preset(), 1.0), ..scope.clone() })
}
