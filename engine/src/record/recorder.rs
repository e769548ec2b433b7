//! The worker's end: pushes to plain vectors, handed over whole once a second.

use std::time::Duration;

use crate::{
    clock::Instant,
    driver::Due,
    record::{CounterId, Fault, Phase, ShareId, TimingId},
};

/// One request, or one sequence of them, as it went.
#[derive(Clone, Debug)]
pub struct Sample {
    /// When it should have begun, and how late the generator was.
    pub due: Due,
    /// When it was sent.
    pub sent: Instant,
    /// When it was done: the whole answer there, or given up.
    pub done: Instant,
    /// How it ended.
    pub outcome: Result<(), Fault>,
}

impl Sample {
    /// A sample of its four parts.
    pub fn new(due: Due, sent: Instant, done: Instant, outcome: Result<(), Fault>) -> Self {
        Self { due, sent, done, outcome }
    }
}

/// The parts of a request, as far as there were any: a request on a kept connection has no
/// `connecting`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Waiting for a connection.
    pub blocked: Option<Duration>,
    /// Making it.
    pub connecting: Option<Duration>,
    /// Securing it.
    pub tls: Option<Duration>,
    /// Sending.
    pub sending: Option<Duration>,
    /// To the first byte.
    pub waiting: Option<Duration>,
    /// To the last.
    pub receiving: Option<Duration>,
}

/// Takes what virtual users saw. Clones share one worker's books; not `Send`: get one per worker
/// from [`Tap::recorder`](crate::record::Tap::recorder).
#[derive(Clone, Debug)]
pub struct Recorder {}

impl Recorder {
    /// Records a sample under an endpoint and any further groups. The first id is the request's own;
    /// the generator's lateness is kept there only.
    pub fn timing(&self, ids: &[TimingId], sample: Sample) {
        let _ = (ids, sample);
        todo!()
    }

    /// Records the parts of a request under each of the series, in the second of `due`.
    pub fn phases(&self, ids: &[TimingId], due: Due, phases: &Phases) {
        let _ = (ids, due, phases);
        todo!()
    }

    /// Records one part, now.
    pub fn phase(&self, id: TimingId, phase: Phase, took: Duration) {
        let _ = (id, phase, took);
        todo!()
    }

    /// Records a duration that is no request of its own, now.
    pub fn value(&self, id: TimingId, value: Duration) {
        let _ = (id, value);
        todo!()
    }

    /// Records one thing that was good or not.
    pub fn share(&self, id: ShareId, good: bool) {
        self.shares(id, u64::from(good), u64::from(!good));
    }

    /// Records a number of things that were good, and a number that were not.
    pub fn shares(&self, id: ShareId, good: u64, bad: u64) {
        let _ = (id, good, bad);
        todo!()
    }

    /// Counts one, with evidence (made only while fewer than the kept number are there).
    pub fn counter(&self, id: CounterId, evidence: impl FnOnce() -> String) {
        let _ = (id, evidence());
        todo!()
    }

    /// Counts `n`.
    pub fn add(&self, id: CounterId, n: u64) {
        let _ = (id, n);
        todo!()
    }
}
