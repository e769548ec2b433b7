//! The workers of one process, driving a scenario or a shard of it.

use std::{rc::Rc, sync::Arc, thread, time::Duration};

use engine::{
    clock,
    driver::{self, Tally, Turn, VirtualUser},
    ends::Ends,
    load::{Flow, Shard},
    record::{Registry, Tap},
    run::{FlowRun, ScenarioRun},
    workers::{self, Worker, WorkerLost},
};

use super::setup::Control;
use crate::{
    context::{Context, Surroundings},
    http::Connector,
    scenario::{Local, Script, User},
    telemetry::{
        otlp::Told,
        traces::{Account, Tracing},
    },
};

/// Between two looks at how it stands.
pub(crate) const LOOK: Duration = Duration::from_millis(100);

/// What drove a scenario, and what became of it.
#[derive(Debug)]
pub(crate) struct Driven {
    /// What became of its flows here.
    pub(crate) flows: Vec<FlowRun>,
    /// Threads that drove it here, or should have.
    pub(crate) workers: u64,
    /// Those that were lost.
    pub(crate) lost: Vec<WorkerLost>,
    /// What other processes have recorded.
    pub(crate) parts: Vec<Part>,
}

/// What another process has recorded.
#[derive(Debug)]
pub(crate) struct Part {
    /// The number of its first worker, over all processes.
    pub(crate) first_worker: u64,
    /// Its record.
    pub(crate) run: ScenarioRun,
    /// What it traced.
    pub(crate) traced: Account,
    /// What it told a collector.
    pub(crate) told: Option<Told>,
}

/// What the workers of a scenario share.
pub(crate) struct Crew {
    pub(crate) scenario: &'static str,
    pub(crate) flows: Vec<Flow>,
    /// The number of its first flow in the plan.
    pub(crate) first_flow: usize,
    pub(crate) script: Arc<dyn Script>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) tap: Tap,
    pub(crate) tracing: Arc<Tracing>,
    pub(crate) ends: Ends,
    /// When the scenario starts.
    pub(crate) epoch: clock::Instant,
    /// This process's share of the scenario.
    pub(crate) shard: Shard,
}

impl Crew {
    /// Drives the shard to its end, natural or not. `look` is called again and again meanwhile.
    pub(crate) fn drive(&self, control: &Control, mut look: impl FnMut()) -> Driven {
        let (workers, around) = (control.options.workers, Around::new(control));
        let done = thread::scope(|scope| {
            let playing = scope.spawn(|| workers::run(workers, |worker| self.work(worker, &around)));
            while !playing.is_finished() {
                look();
                thread::sleep(LOOK);
            }
            playing.join()
        });
        self.driven(done, workers)
    }

    /// What became of it when `workers` threads drove it.
    fn driven(&self, done: thread::Result<Worked>, workers: u64) -> Driven {
        let (tallies, lost) = self.sort(done, workers);
        let flow_run = |(place, flow): (usize, &Flow)| {
            FlowRun::new(flow, tallies.iter().filter_map(|worker| worker.get(place).copied()))
        };
        Driven {
            flows: self.flows.iter().enumerate().map(flow_run).collect(),
            workers,
            lost,
            parts: Vec::new(),
        }
    }

    /// Does `work`, which drives this crew, and meanwhile drives `beside` whole on a thread of its own: its users
    /// wait for something that is not to hold up the crew's, nor to be split with them.
    pub(super) fn with_company(
        &self,
        control: &Control,
        beside: Vec<Flow>,
        work: impl FnOnce() -> Driven,
    ) -> (Driven, Driven) {
        let company = Self {
            scenario: self.scenario,
            first_flow: self.flows.len(),
            flows: beside,
            script: self.script.clone(),
            registry: self.registry.clone(),
            tap: self.tap.clone(),
            tracing: self.tracing.clone(),
            ends: self.ends.clone(),
            epoch: self.epoch,
            shard: Shard::ALL,
        };
        if company.flows.is_empty() {
            let none = Driven { flows: Vec::new(), workers: 0, lost: Vec::new(), parts: Vec::new() };
            return (work(), none);
        }
        let around = Around::new(control);
        thread::scope(|scope| {
            let playing = scope.spawn(|| workers::run(1, |worker| company.work(worker, &around)));
            let driven = work();
            let mut beside = company.driven(playing.join(), 1);
            for lost in &mut beside.lost {
                lost.message = format!("of what goes on beside the load: {}", lost.message);
            }
            (driven, beside)
        })
    }

    /// One worker's share: all flows at once, each sharded.
    fn work<'a>(&'a self, worker: Worker, around: &'a Around) -> Local<'a, Vec<Tally>> {
        Box::pin(async move {
            let recorder = self.tap.recorder(self.epoch);
            let shard = self.shard.part(worker.shard());
            let tracer = self.tracing.tracer(self.first_flow, shard);
            let around = Rc::new(Surroundings {
                scenario: self.scenario,
                seed: around.seed,
                world: around.world,
                nonce: around.nonce.clone(),
                connector: (around.connector)(),
                recorder: Some(recorder.clone()),
                registry: self.registry.clone(),
                tracer: Some(Rc::new(tracer)),
            });
            let flows = self.flows.iter().enumerate().map(|(place, flow)| {
                let make = seats(self.first_flow + place, self.script.clone(), around.clone());
                driver::drive(flow, shard, self.epoch, &self.ends, &recorder, make)
            });
            let tallies = futures_util::future::join_all(flows).await;
            recorder.flush();
            tallies
        })
    }

    /// Tallies of the workers that came to their end, and the others, numbered over all processes.
    fn sort(&self, done: thread::Result<Worked>, workers: u64) -> (Vec<Vec<Tally>>, Vec<WorkerLost>) {
        let all_lost =
            || (0..workers).map(|worker| Err(WorkerLost { worker, message: "panicked".into() })).collect();
        let (tallies, lost): (Vec<_>, Vec<_>) =
            done.unwrap_or_else(|_| all_lost()).into_iter().partition(Result::is_ok);
        let numbered =
            |lost: WorkerLost| WorkerLost { worker: self.shard.index * workers + lost.worker, ..lost };
        let lost = lost.into_iter().filter_map(Result::err).map(numbered);
        (tallies.into_iter().filter_map(Result::ok).collect(), lost.collect())
    }
}

type Worked = Vec<Result<Vec<Tally>, WorkerLost>>;

/// What users of every worker have around them.
struct Around {
    seed: u64,
    world: fixtures::World,
    nonce: Arc<str>,
    connector: Box<dyn Fn() -> Connector + Send + Sync>,
}

impl Around {
    fn new(control: &Control) -> Self {
        Self {
            seed: control.options.seed,
            world: control.options.world,
            nonce: control.nonce.clone(),
            connector: Box::new(control.connectors()),
        }
    }
}

/// Makes the users of one flow.
fn seats(
    place: usize,
    script: Arc<dyn Script>,
    around: Rc<Surroundings>,
) -> impl FnMut(u64) -> Seat + 'static {
    let pooled = script.pooled(place);
    move |number| {
        let around = around.clone();
        let context = if pooled { Context::pooled(around, number) } else { Context::of_user(around, number) };
        Seat(script.user(place, number, context))
    }
}

/// A user behind a pointer, as the driver takes it.
struct Seat(Box<dyn User>);

impl VirtualUser for Seat {
    async fn turn(&mut self, turn: Turn) {
        self.0.turn(turn).await;
    }
}
