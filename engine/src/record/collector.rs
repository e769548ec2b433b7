//! The collecting end: one thread that turns what workers hand over into a run.

use std::time::{Duration, SystemTime};

use crate::{
    clock::Instant,
    goal::Goal,
    load::Flow,
    record::{Recorder, Registry},
    run::{FlowRun, ScenarioRun},
    workers::WorkerLost,
};

/// What a scenario sets out to do and to measure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario's name.
    pub name: String,
    /// Its series.
    pub registry: Registry,
    /// Its goals: their limits are counted exactly.
    pub goals: Vec<Goal>,
    /// Its flows.
    pub flows: Vec<Flow>,
}

impl Plan {
    /// A plan of its parts.
    pub fn new(name: impl Into<String>, registry: Registry, goals: Vec<Goal>, flows: Vec<Flow>) -> Self {
        Self { name: name.into(), registry, goals, flows }
    }
}

/// What is known when the workers are done.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Time of day at the scenario's start.
    pub started: SystemTime,
    /// Start of the scenario, as given to the drivers.
    pub epoch: Instant,
    /// When the last worker was done.
    pub ended: Instant,
    /// True when it did not come to its planned end.
    pub interrupted: bool,
    /// How many workers there were.
    pub workers: u64,
    /// What became of the flows.
    pub flows: Vec<FlowRun>,
    /// Workers that were lost.
    pub lost: Vec<WorkerLost>,
}

/// How a scenario stands while it runs, for the line that shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Live {
    /// Seconds since the scenario's start, of the newest data.
    pub second: i64,
    /// Requests done (samples of endpoints).
    pub requests: u64,
    /// Of these, failed.
    pub failed: u64,
    /// Turns started.
    pub started: u64,
    /// Users at it.
    pub users: u64,
    /// Requests due in the newest whole second.
    pub rate: u64,
    /// p50 and p95 since due of the newest whole second, over all endpoints.
    pub p50: Option<Duration>,
    /// See `p50`.
    pub p95: Option<Duration>,
}

/// Gathers a scenario's records on a thread of its own.
#[derive(Debug)]
pub struct Collector {}

/// Makes recorders; may cross threads.
#[derive(Clone, Debug)]
pub struct Tap {}

impl Tap {
    /// A recorder for this thread; seconds count from `epoch`.
    pub fn recorder(&self, epoch: Instant) -> Recorder {
        let _ = epoch;
        todo!()
    }

    /// A recorder for requests before the start: what it takes is labelled warm-up, kept apart and
    /// not counted. Seconds count from `epoch`, which may be any moment.
    pub fn warm_up(&self, epoch: Instant) -> Recorder {
        let _ = epoch;
        todo!()
    }
}

impl Collector {
    /// Starts gathering.
    pub fn start(plan: Plan) -> Self {
        let _ = plan;
        todo!()
    }

    /// What workers make their recorders from.
    pub fn tap(&self) -> Tap {
        todo!()
    }

    /// How it stands now.
    pub fn live(&self) -> Live {
        todo!()
    }

    /// Ends gathering and gives the run. Recorders still alive are not waited for: drop them, or
    /// call their `flush`, first.
    pub fn finish(self, ending: Ending) -> ScenarioRun {
        let _ = ending;
        todo!()
    }
}
