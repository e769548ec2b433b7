//! What a child needs to know to plan and play its shard of a scenario.

use std::{net::IpAddr, path::PathBuf};

use engine::load::Shard;
use fixtures::{Size, World};
use serde::{Deserialize, Serialize};

use crate::{
    live::LiveSession,
    options::{self, Options},
    preset::Preset,
    target::Recipe,
    telemetry::{
        self,
        otlp::{self, About},
        traces,
    },
};

/// One child's work. Equal orders but for `index` plan the same scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Order {
    scenario: String,
    target: Recipe,
    ca: Option<PathBuf>,
    preset: Preset,
    time_scale: f64,
    load: f64,
    seed: u64,
    world_seed: u64,
    size: Size,
    stripe_secret: String,
    live: LiveSession,
    workers: u64,
    sources: Vec<IpAddr>,
    /// Sets the run's rows apart from other runs'.
    pub(super) nonce: String,
    index: u64,
    of: u64,
    traces: traces::Wish,
    /// What to tell of it, and whom.
    #[serde(default)]
    pub(super) telling: Telling,
}

/// What a child tells others than its parent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Telling {
    /// Which part of the run it is, for the ids of traces.
    pub(super) part: u64,
    /// A collector, which each process tells by itself, with the headers of its environment.
    pub(super) otlp: Option<(otlp::Wish, About)>,
}

impl Order {
    /// Shard `shard` of `scenario`, as these options would have it played.
    pub(super) fn new(options: &Options, scenario: &str, nonce: &str, shard: Shard) -> Self {
        Self {
            scenario: scenario.to_owned(),
            target: options.target.recipe(),
            ca: options.ca.clone(),
            preset: options.preset,
            time_scale: options.time_scale,
            load: options.load,
            seed: options.seed,
            world_seed: options.world.seed(),
            size: options.world.size(),
            stripe_secret: options.stripe_secret.clone(),
            live: options.live,
            workers: options.workers,
            sources: options.sources.clone(),
            nonce: nonce.to_owned(),
            index: shard.index,
            of: shard.of,
            traces: options.telemetry.traces,
            telling: Telling::default(),
        }
    }

    /// The same, and this is told of it.
    pub(super) fn telling(mut self, part: u64, otlp: Option<(&otlp::Wish, &About)>) -> Self {
        let instance = |about: &About| format!("{}/{}", about.instance, self.index + 1);
        let otlp =
            otlp.map(|(wish, about)| (wish.clone(), About { instance: instance(about), ..about.clone() }));
        self.telling = Telling { part, otlp };
        self
    }

    /// The share of the scenario that is its own.
    pub(super) fn shard(&self) -> Shard {
        Shard { index: self.index, of: self.of }
    }

    /// The options it was made of, as far as playing depends on them.
    pub(super) fn options(&self) -> Result<Options, String> {
        let target = self.target.target().map_err(|e| e.to_string())?;
        Ok(Options {
            ca: self.ca.clone(),
            scenarios: options::choose(std::slice::from_ref(&self.scenario)).map_err(|e| e.to_string())?,
            preset: self.preset,
            time_scale: self.time_scale,
            load: self.load,
            seed: self.seed,
            world: World::new(self.world_seed, self.size),
            stripe_secret: self.stripe_secret.clone(),
            live: self.live,
            workers: self.workers,
            sources: self.sources.clone(),
            telemetry: telemetry::Wish { traces: self.traces, ..telemetry::Wish::default() },
            ..Options::new(target)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;

    #[test]
    fn an_order_says_all_that_a_plan_depends_on() {
        let target = Target::parse("http://127.0.0.1:9").and_then(|target| target.in_world("blue"));
        let options = Options {
            scenarios: options::choose(&["page-load".to_owned()]).expect("it is known"),
            preset: Preset::Quick,
            time_scale: 0.125,
            seed: 7,
            world: World::new(8, Size { members: 70, ..Size::default() }),
            stripe_secret: "whsec".to_owned(),
            workers: 3,
            sources: vec!["127.0.0.2".parse().expect("an address")],
            ..Options::new(target.expect("a loopback target"))
        };
        let order = Order::new(&options, "page-load", "n1", Shard { index: 1, of: 4 });
        let line = serde_json::to_string(&order).expect("it has string keys");
        let order: Order = serde_json::from_str(&line).expect("what was written");
        let again = order.options().expect("a loopback target");
        assert_eq!(order, Order::new(&again, "page-load", "n1", order.shard()));
        assert_eq!(again.target, options.target);
        assert_eq!(again.world, options.world);
    }
}
