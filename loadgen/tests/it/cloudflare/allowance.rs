//! An allowance that is used up ends the scenario.

use std::{sync::Arc, time::Duration};

use engine::{
    curve::Curve,
    driver::{Turn, VirtualUser},
    ends::Ends,
    exit::{Exit, Inconclusive},
    load::{Flow, Load},
    record::{CounterId, Registry},
};
use loadgen::{
    context::Context,
    options::Options,
    scenario::{Local, Needs, Plan, Scenario, Scope, Script, User},
    sfu::Allowance,
    stops::Cause,
    suite,
    target::Target,
};

use crate::{
    limits::server::{TOKEN, served},
    stage::WORLD,
};

/// What one turn receives: ten of them a second for a minute.
const BYTES: u64 = 1_000_000;
const TURNS: u64 = 600;

/// A scenario that receives media and does nothing else.
struct Listening;

struct Listener {
    context: Context,
    received: CounterId,
}

impl Scenario for Listening {
    fn name(&self) -> &'static str {
        "listening"
    }

    fn title(&self) -> &'static str {
        "Listening"
    }

    fn description(&self) -> &'static str {
        "Receives media and does nothing else."
    }

    fn plan(&self, _: &Scope) -> Plan {
        let mut registry = Registry::new();
        let received = registry.counter("media_bytes_received");
        let turns = Curve::flat(TURNS as f64 / 60.0, 60.0);
        Plan {
            flows: vec![Flow::new("listeners", Load::Arrivals(turns)).grace(Duration::from_secs(1))],
            beside: Vec::new(),
            registry,
            goals: Vec::new(),
            needs: Needs::default(),
            script: Arc::new(Ear(received)),
        }
    }
}

struct Ear(CounterId);

impl Script for Ear {
    fn intents(&self) -> Box<dyn Iterator<Item = String> + '_> {
        Box::new(std::iter::empty())
    }

    fn user(&self, _: usize, _: u64, context: Context) -> Box<dyn User> {
        Box::new(Listener { context, received: self.0 })
    }

    fn warm_up<'a>(&'a self, _: &'a mut Context, _: u64) -> Local<'a, ()> {
        Box::pin(async {})
    }
}

impl VirtualUser for Listener {
    async fn turn(&mut self, _: Turn) {
        self.context.recorder().add(self.received, BYTES);
    }
}

#[test]
fn the_scenario_ends_when_more_has_come_than_was_allowed() {
    let out = tempfile::tempdir().expect("a directory");
    let options = Options {
        scenarios: vec![&Listening],
        allowance: Some(Allowance::gigabytes(0.02)),
        world: *WORLD,
        workers: 1,
        admin_token: Some(TOKEN.to_owned()),
        out: out.path().to_owned(),
        watch: loadgen::watch::Wish { quiet: true, ..Default::default() },
        ..Options::new(Target::parse(&served()).expect("a loopback origin"))
    };
    let outcome = suite::run(&options, &Ends::new()).expect("the server is there");
    let [listening] = &outcome.run.scenarios[..] else { panic!("one scenario was run") };
    let ended = listening.ended_early.as_ref().expect("it was ended");
    assert_eq!((ended.cause, ended.cause.ends_the_run()), (Cause::Allowance, false));
    assert!(ended.why.contains("0.020 GB were allowed (--allow-egress-gb)"), "{}", ended.why);
    let received = listening.run.counters.iter().find(|counter| counter.name == "media_bytes_received");
    let received = received.expect("it is declared").total;
    assert!((20_000_001..TURNS * BYTES).contains(&received), "{received} bytes of {}", TURNS * BYTES);
    assert_eq!(outcome.judgement.exit(Inconclusive::Own), Exit::Invalid);
}
