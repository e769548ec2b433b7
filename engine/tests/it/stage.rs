//! Runs flows on one shard or several, on whatever clock the test has, and gives the run.

use std::{cell::RefCell, future::Future, rc::Rc, time::Duration};

use engine::{
    clock::{self, Instant},
    driver::{self, Tally, Turn, VirtualUser},
    ends::Ends,
    goal::Goal,
    load::{Flow, Shard},
    record::{Collector, Ending, Plan, Recorder, Registry},
    run::{FlowRun, ScenarioRun},
};
use tokio::task::LocalSet;

/// A user made of a closure, so that a test reads top to bottom.
pub(crate) struct Does<F>(pub(crate) F);

impl<F, R> VirtualUser for Does<F>
where
    F: FnMut(Turn) -> R + 'static,
    R: Future<Output = ()>,
{
    async fn turn(&mut self, turn: Turn) {
        (self.0)(turn).await;
    }
}

/// What a turn was told, as seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) user: u64,
    pub(crate) number: u64,
    pub(crate) due: f64,
    pub(crate) began: f64,
}

pub(crate) type Log = Rc<RefCell<Vec<Seen>>>;

pub(crate) fn note(log: &Log, epoch: Instant, turn: &Turn) {
    let since = |at: Instant| at.saturating_duration_since(epoch).as_secs_f64();
    log.borrow_mut().push(Seen {
        user: turn.user,
        number: turn.number,
        due: since(turn.due.at),
        began: since(clock::now()),
    });
}

/// One scenario's recording, without its drivers.
pub(crate) struct Books {
    collector: Collector,
    pub(crate) epoch: Instant,
    pub(crate) recorder: Recorder,
}

impl Books {
    pub(crate) fn open(registry: Registry, goals: Vec<Goal>, flows: Vec<Flow>) -> Self {
        let collector = Collector::start(Plan::new("test", registry, goals, flows));
        let epoch = clock::now();
        let recorder = collector.tap().recorder(epoch);
        Self { collector, epoch, recorder }
    }

    pub(crate) fn tap(&self) -> engine::record::Tap {
        self.collector.tap()
    }

    pub(crate) fn close(self, flows: Vec<FlowRun>) -> ScenarioRun {
        drop(self.recorder);
        self.collector.finish(Ending {
            started: std::time::SystemTime::UNIX_EPOCH + Duration::from_hours(500_000),
            epoch: self.epoch,
            ended: clock::now(),
            interrupted: false,
            workers: 1,
            flows,
            lost: Vec::new(),
        })
    }
}

/// Drives a flow on one worker with nothing recorded but its health; gives the tally and the turns.
pub(crate) async fn observe<R>(
    flow: &Flow,
    ends: &Ends,
    act: impl Fn(Turn) -> R + Clone + 'static,
) -> (Tally, Vec<Seen>)
where
    R: Future<Output = ()> + 'static,
{
    observe_shard(flow, Shard::ALL, ends, act).await
}

pub(crate) async fn observe_shard<R>(
    flow: &Flow,
    shard: Shard,
    ends: &Ends,
    act: impl Fn(Turn) -> R + Clone + 'static,
) -> (Tally, Vec<Seen>)
where
    R: Future<Output = ()> + 'static,
{
    let books = Books::open(Registry::new(), Vec::new(), Vec::new());
    let (log, epoch) = (Log::default(), books.epoch);
    let make = {
        let log = log.clone();
        move |_| {
            let (log, act) = (log.clone(), act.clone());
            Does(move |turn: Turn| {
                note(&log, epoch, &turn);
                act(turn)
            })
        }
    };
    let tally = local(driver::drive(flow, shard, epoch, ends, &books.recorder, make)).await;
    books.close(Vec::new());
    let seen = log.borrow().clone();
    (tally, seen)
}

/// Runs a future where it may spawn local tasks.
pub(crate) async fn local<T>(future: impl Future<Output = T>) -> T {
    LocalSet::new().run_until(future).await
}

pub(crate) fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
