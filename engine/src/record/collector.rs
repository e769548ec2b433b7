//! The collecting end: one thread that turns what workers hand over into a run.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::SystemTime,
};

use crate::{
    clock::Instant,
    cpu,
    goal::{Claim, Goal},
    load::{Flow, steady_window},
    record::{
        Live, Recorder, Registry,
        batch::Batch,
        books::{Books, Finished},
        totals::planned_by,
        values::Limits,
    },
    run::{FlowRun, Health, ScenarioRun},
    workers::WorkerLost,
};

/// Batches that may wait for the collector. A worker that finds no room keeps its batch and goes on.
const QUEUE: usize = 1_024;
/// A second stays open this long for answers that come late (they belong to the second in which
/// they were due): longer than the default time-out, so that nearly every second is one cell.
const HOLD_S: i64 = 12;

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

    fn limits(&self) -> Limits {
        let limit = |goal: &Goal| match &goal.claim {
            Claim::Percentile { series, column, limit, .. } => Some((*series, *column, *limit)),
            _ => None,
        };
        let limits: Vec<_> = self.goals.iter().filter_map(limit).collect();
        Limits::new(self.registry.timings.len(), &limits)
    }

    /// What is labelled warm-up is held to nothing.
    fn no_limits(&self) -> Limits {
        Limits::new(self.registry.timings.len(), &[])
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

/// What the collector's thread is told.
#[derive(Debug)]
pub(super) enum Message {
    Batch(Box<Batch>),
    End,
}

/// Gathers a scenario's records on a thread of its own.
#[derive(Debug)]
pub struct Collector {
    plan: Plan,
    tap: Tap,
    live: Arc<Mutex<Live>>,
    thread: JoinHandle<Gathered>,
}

/// Makes recorders; may cross threads.
#[derive(Clone, Debug)]
pub struct Tap {
    sender: mpsc::SyncSender<Message>,
    made: Arc<AtomicUsize>,
    limits: Limits,
    no_limits: Limits,
}

impl Tap {
    /// A recorder for this thread; seconds count from `epoch`.
    pub fn recorder(&self, epoch: Instant) -> Recorder {
        self.make(epoch, false, &self.limits)
    }

    /// A recorder for requests before the start: what it takes is labelled warm-up, kept apart and
    /// not counted. Seconds count from `epoch`, which may be any moment.
    pub fn warm_up(&self, epoch: Instant) -> Recorder {
        self.make(epoch, true, &self.no_limits)
    }

    fn make(&self, epoch: Instant, warm_up: bool, limits: &Limits) -> Recorder {
        let recorder = self.made.fetch_add(1, Ordering::Relaxed);
        Recorder::new(Batch::new(recorder, warm_up, limits.clone()), epoch, self.sender.clone())
    }
}

impl Collector {
    /// Starts gathering.
    pub fn start(plan: Plan) -> Self {
        let (sender, inbox) = mpsc::sync_channel(QUEUE);
        let live = Arc::new(Mutex::new(Live::default()));
        let (limits, no_limits) = (plan.limits(), plan.no_limits());
        let gathering = Gathering {
            counted: Books::new(plan.registry.clone(), &limits),
            warm_up: Books::new(plan.registry.clone(), &no_limits),
            live: live.clone(),
            claims: plan.goals.iter().map(|goal| goal.claim.clone()).collect(),
            flows: plan.flows.clone(),
            newest: i64::MIN,
            cpu: cpu::Watch::new(),
        };
        let thread = std::thread::spawn(move || gathering.run(&inbox));
        Self { plan, tap: Tap { sender, made: Arc::default(), limits, no_limits }, live, thread }
    }

    /// What workers make their recorders from.
    pub fn tap(&self) -> Tap {
        self.tap.clone()
    }

    /// How it stands now.
    pub fn live(&self) -> Live {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends gathering and gives the run. Recorders still alive are not waited for: drop them, or
    /// call their `flush`, first.
    ///
    /// # Panics
    ///
    /// When the collector's thread has panicked, with its message.
    pub fn finish(self, ending: Ending) -> ScenarioRun {
        // Fails only when the thread is gone, and then joining says why.
        let _ = self.tap.sender.send(Message::End);
        let gathered = self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        gathered.into_run(self.plan, ending)
    }
}

/// The collector's thread.
struct Gathering {
    counted: Books,
    warm_up: Books,
    live: Arc<Mutex<Live>>,
    claims: Vec<Claim>,
    flows: Vec<Flow>,
    newest: i64,
    cpu: cpu::Watch,
}

/// What it ends with.
#[derive(Debug)]
struct Gathered {
    counted: Books,
    warm_up: Books,
    cpu: cpu::Watch,
}

impl Gathering {
    fn run(mut self, inbox: &mpsc::Receiver<Message>) -> Gathered {
        loop {
            match inbox.recv_timeout(self.cpu.patience()) {
                Ok(Message::Batch(batch)) if batch.warm_up => self.warm_up.enter(*batch),
                Ok(Message::Batch(batch)) => self.enter(*batch),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => break,
            }
            self.cpu.look();
        }
        Gathered { counted: self.counted, warm_up: self.warm_up, cpu: self.cpu }
    }

    fn enter(&mut self, batch: Batch) {
        let open = batch.open;
        self.counted.enter(batch);
        if open > self.newest {
            self.newest = open;
            self.counted.close(open - HOLD_S);
        }
        let mut live = self.counted.live(self.newest, &self.claims, self.cpu.newest());
        live.totals.planned = planned_by(&self.flows, self.newest as f64);
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = live;
    }
}

impl Gathered {
    fn into_run(self, plan: Plan, ending: Ending) -> ScenarioRun {
        let Finished { timings, shares, counters, starts, users } = self.counted.finish();
        let warm_up = self.warm_up.finish().timings;
        let since_1970 = ending.started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        ScenarioRun {
            steady: steady_window(&plan.flows),
            name: plan.name,
            started_unix_ms: u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX),
            duration: ending.ended.saturating_duration_since(ending.epoch),
            interrupted: ending.interrupted,
            flows: ending.flows,
            timings,
            warm_up: warm_up.into_iter().filter(|timing| !timing.columns.is_empty()).collect(),
            shares,
            counters,
            health: Health {
                starts,
                users,
                cpu: self.cpu.between(ending.epoch, ending.ended),
                cores: cpu::allowed_cores(),
                workers: ending.workers,
                lost: ending.lost,
            },
            goals: plan.goals,
        }
    }
}
