//! What a run is asked to be.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use fixtures::{Size, World, targets::Roots};

use crate::{
    browser::{Browsing, Venue},
    live::LiveSession,
    machine,
    preset::{Preset, Sizing},
    probes,
    run::Headroom,
    scenario::{Scenario, Scope},
    scenarios,
    sfu::Allowance,
    stops::Stop,
    target::Target,
    telemetry,
    watch::Wish,
};

/// The most threads that drive load unless more are asked for: the target needs cores as well.
const DEFAULT_WORKERS: u64 = 2;

/// Everything a run depends on.
#[derive(Clone)]
pub struct Options {
    /// Where load goes.
    pub target: Target,
    /// PEM file of the certificates to trust, for a target reached over TLS.
    pub ca: Option<PathBuf>,
    /// Opens a mock's own books.
    pub admin_token: Option<String>,
    /// The scenarios chosen, in the suite's order.
    pub scenarios: Vec<&'static dyn Scenario>,
    /// How much is rehearsed.
    pub preset: Preset,
    /// By how much the preset's durations are stretched.
    pub time_scale: f64,
    /// How many times the plan's load is offered: heads and rates; intervals, think times and goals stay.
    pub load: f64,
    /// Seed of the requests.
    pub seed: u64,
    /// What exists at the target.
    pub world: World,
    /// The secret webhooks are signed with.
    pub stripe_secret: String,
    /// The shape of the live session.
    pub live: LiveSession,
    /// Which real browsers visit pages beside the crowd.
    pub browsing: Browsing,
    /// The directory in which `run_YYYYMMDD_HHMMSS` is made.
    pub out: PathBuf,
    /// Threads that drive load, in each process.
    pub workers: u64,
    /// What load is split over; `None` for this process alone.
    pub split: Option<Split>,
    /// Local addresses connections come from. With none the system chooses, or the suite does where one has too
    /// few ports.
    pub sources: Vec<IpAddr>,
    /// Measure one user alone first, where the preset has a baseline.
    pub baseline: bool,
    /// What ends the run early, when it lasts.
    pub abort_on: Vec<Stop>,
    /// Ends a scenario once one of its goals is lost whatever the rest would bring.
    pub abort_early: bool,
    /// How much traffic an SFU that has its price may send; `None` where it has none.
    pub allowance: Option<Allowance>,
    /// What is read of the target's side meanwhile.
    pub probes: probes::Wish,
    /// What other systems are told of it.
    pub telemetry: telemetry::Wish,
    /// How much more than launch day the target carries, where a search for a limit has found that.
    pub headroom: Vec<Headroom>,
    /// What is shown while it runs.
    pub watch: Wish,
    /// Where the page to watch it is: a loopback address, if anywhere.
    pub web: Option<SocketAddr>,
    /// What becomes of scenarios that the preflight found cannot work.
    pub unfit: Unfit,
}

/// What becomes of scenarios that the preflight found cannot work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unfit {
    /// The run stops before any load.
    #[default]
    Stop,
    /// They are left out, and the others run.
    LeaveOut,
    /// Endpoints are not asked beforehand and all scenarios run: for a mock that was made to be wrong, which the
    /// scenarios are to notice.
    Play,
}

/// Several processes that share the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// How many.
    pub processes: u64,
    /// The program that is one of them when it is called with the argument `shard`: `loadgen` itself.
    pub program: PathBuf,
}

impl Options {
    /// The whole suite at `smoke` against `target`, with the default seed and world.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            ca: None,
            admin_token: None,
            scenarios: scenarios::ALL.to_vec(),
            preset: Preset::Smoke,
            time_scale: 1.0,
            load: 1.0,
            seed: fixtures::DEFAULT_SEED,
            world: World::new(fixtures::DEFAULT_SEED, Size::default()),
            stripe_secret: contract::stripe::DEFAULT_SECRET.to_owned(),
            live: LiveSession::default(),
            browsing: Browsing::default(),
            out: PathBuf::from("results"),
            workers: machine::cores().min(DEFAULT_WORKERS),
            split: None,
            sources: Vec::new(),
            probes: probes::Wish::default(),
            telemetry: telemetry::Wish::default(),
            headroom: Vec::new(),
            watch: Wish::default(),
            web: None,
            unfit: Unfit::default(),
            baseline: true,
            abort_on: Vec::new(),
            abort_early: false,
            allowance: None,
        }
    }

    /// The target, as far as it bears on real browsers.
    pub fn venue(&self) -> Venue {
        Venue {
            own_roots: self.ca.is_some() || matches!(self.target.roots(), Roots::File(_)),
            on_this_machine: self.target.everywhere().all(|to| to.ip().is_loopback()),
        }
    }

    /// How many processes drive load.
    pub fn processes(&self) -> u64 {
        self.split.as_ref().map_or(1, |split| split.processes)
    }

    /// What the plan of `scenario` depends on.
    pub fn scope(&self, scenario: &str, nonce: Arc<str>) -> Scope {
        Scope {
            sizing: Sizing::new(scenario, self.preset, self.time_scale).at_load(self.load),
            seed: self.seed,
            world: self.world,
            nonce,
            stripe_secret: self.stripe_secret.as_str().into(),
            tls: self.target.tls(),
            live: self.live,
            browsing: self.browsing.clone(),
        }
    }
}

/// A scenario nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scenario `{name}`: it is one of {}", known.join(", "))]
pub struct UnknownScenario {
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub known: Vec<&'static str>,
}

/// The scenarios of these names, each once and in the suite's order; all of them when none is named.
pub fn choose(names: &[String]) -> Result<Vec<&'static dyn Scenario>, UnknownScenario> {
    if let Some(name) = names.iter().find(|name| scenarios::find(name).is_none()) {
        let known = scenarios::ALL.iter().map(|scenario| scenario.name()).collect();
        return Err(UnknownScenario { name: name.clone(), known });
    }
    let chosen =
        |scenario: &&dyn Scenario| names.is_empty() || names.iter().any(|name| name == scenario.name());
    Ok(scenarios::ALL.into_iter().filter(chosen).collect())
}
