//! Virtual users, started on time. One entrance, [`drive`]; how a load is read decides the rest.

mod arrivals;
mod crew;
mod paced;
mod visitors;

use std::{future::Future, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    clock::{self, Instant},
    driver::crew::Crew,
    ends::{Ends, Stage},
    load::{Flow, Load, Shard},
    record::Recorder,
};

/// A moment at which something should begin, and how much later the generator, through a fault of
/// its own, began it.
///
/// Waiting for the target is not lateness: a paced user whose last answer outlasted its interval
/// starts late against `at`, and that counts as latency, but `lateness` is only what the timer and
/// the scheduler added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When it was due: latency counts from here.
    pub at: Instant,
    /// The generator's own delay.
    pub lateness: Duration,
}

impl Due {
    /// Due at this moment, on time: for a step that follows another without a pause.
    pub fn now() -> Self {
        Self { at: clock::now(), lateness: Duration::ZERO }
    }
}

/// One turn of a virtual user.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Which user: the arrival's number, the paced user's seat, or the visitor's number. Unique
    /// over all workers, so it can key random streams.
    pub user: u64,
    /// Which turn of this user, from 0. Always 0 for arrivals and visitors.
    pub number: u64,
    /// When the turn should begin.
    pub due: Due,
    /// For thinking: ends with the run or with the flow's own plan, whichever is first.
    pub ends: Ends,
}

/// What one user does. Runs on the thread of its worker; need not be `Send`.
///
/// Implementations write `async fn turn(&mut self, turn: Turn)`.
pub trait VirtualUser: 'static {
    /// One turn: an arrival's whole flow, a paced user's single act, a visitor's whole visit.
    ///
    /// It must end by itself (every wait bounded), and return soon when thinking says
    /// [`Leave`](crate::ends::Leave). When the run is aborted the future is dropped.
    fn turn(&mut self, turn: Turn) -> impl Future<Output = ()>;
}

/// What became of the turns of a flow on one worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Starts of the whole plan (visitors: first visitors of each seat).
    pub planned: u64,
    /// Planned starts that were made.
    pub started: u64,
    /// Visitors who took the place of one who had gone; not part of `planned` or `started`.
    pub replaced: u64,
    /// Arrivals given up because too many were in flight.
    pub dropped: u64,
    /// Paced turns that were due, but whose user was still waiting for an answer when the flow ended.
    pub held_back: u64,
    /// Planned starts that had not come due when the run was interrupted.
    pub cut_short: u64,
    /// Turns that came to their end.
    pub finished: u64,
    /// Turns dropped at the end of the run because they would not end.
    pub unfinished: u64,
    /// Turns that panicked: a defect of the generator.
    pub panicked: u64,
    /// The most users at it at once, on this worker.
    pub peak_users: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.planned += other.planned;
        self.started += other.started;
        self.replaced += other.replaced;
        self.dropped += other.dropped;
        self.held_back += other.held_back;
        self.cut_short += other.cut_short;
        self.finished += other.finished;
        self.unfinished += other.unfinished;
        self.panicked += other.panicked;
        self.peak_users += other.peak_users;
    }
}

/// Drives one shard of a flow to its end, natural or not, and says what became of it.
///
/// Must run inside a `LocalSet` (see [`workers::run`](crate::workers::run)). `epoch` is the start of
/// the scenario, the same on every worker; `health` takes the lateness of every start and the
/// number of users; `make` makes user number `n`. After the last start, turns have the flow's
/// `grace`, then thinking users leave and answers have its `linger`; what still runs is dropped.
pub async fn drive<U: VirtualUser>(
    flow: &Flow,
    shard: Shard,
    epoch: Instant,
    ends: &Ends,
    health: &Recorder,
    make: impl FnMut(u64) -> U + 'static,
) -> Tally {
    let own = Ends::new();
    let mut crew = Crew::new(flow, shard, epoch, own.clone(), health.clone());
    let whole = async {
        match &flow.load {
            Load::Arrivals(rate) => arrivals::start(&mut crew, rate, make).await,
            Load::Paced { users, every } => paced::start(&mut crew, users, *every, make).await,
            Load::Visitors(heads) => visitors::start(&mut crew, heads, make).await,
        }
        crew.wind_up().await;
    };
    tokio::select! {
        biased;
        never = follow(ends, &own) => match never {},
        () = whole => {}
    }
    health.flush();
    crew.tally()
}

/// Passes on the stages of the run's ends to the flow's own, for as long as it is polled.
async fn follow(run: &Ends, own: &Ends) -> std::convert::Infallible {
    for stage in [Stage::Closing, Stage::Leaving, Stage::Aborted] {
        run.reached(stage).await;
        own.advance(stage);
    }
    std::future::pending().await
}
