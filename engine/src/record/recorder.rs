//! The worker's end: counts into plain vectors, handed over whole once a second.

use std::{cell::RefCell, rc::Rc, sync::mpsc, time::Duration};

use crate::{
    clock::{self, Instant},
    driver::Due,
    record::{
        Column, CounterId, Fault, Phase, ShareId, TimingId, batch::Batch, collector::Message, values::nanos,
    },
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
///
/// Nothing here waits or locks: values are counted and kept, the collector's thread makes the histograms.
#[derive(Clone, Debug)]
pub struct Recorder {
    desk: Rc<RefCell<Desk>>,
}

#[derive(Debug)]
struct Desk {
    epoch: Instant,
    batch: Batch,
    collector: mpsc::SyncSender<Message>,
}

impl Recorder {
    pub(super) fn new(batch: Batch, epoch: Instant, collector: mpsc::SyncSender<Message>) -> Self {
        Self { desk: Rc::new(RefCell::new(Desk { epoch, batch, collector })) }
    }

    /// Records a sample under an endpoint and any further groups. The first id is the request's own;
    /// the generator's lateness is kept there only.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers make the sample for this call and are done with it"
    )]
    pub fn timing(&self, ids: &[TimingId], sample: Sample) {
        let mut desk = self.desk.borrow_mut();
        let second = desk.turn_to(sample.done, sample.due.at);
        let answered = sample.outcome.as_ref().err().is_none_or(|fault| fault.kind.answered());
        let since = |from: Instant| nanos(sample.done.saturating_duration_since(from));
        let (since_due, since_sent) = (since(sample.due.at), since(sample.sent));
        for &id in ids {
            for (column, took) in [(Column::SinceDue, since_due), (Column::SinceSent, since_sent)] {
                let values = desk.batch.times.at(id, column, second);
                values.failed += u64::from(sample.outcome.is_err());
                if answered {
                    values.add(took);
                } else {
                    values.unanswered += 1;
                }
            }
            if let Err(fault) = &sample.outcome {
                desk.batch.fault(id, second, fault);
            }
        }
        if let Some(&id) = ids.first() {
            desk.time(id, Column::Lateness, second, sample.due.lateness);
        }
    }

    /// Records the parts of a request under each of the series, in the second of `due`.
    pub fn phases(&self, ids: &[TimingId], due: Due, phases: &Phases) {
        let parts = [
            (Phase::Blocked, phases.blocked),
            (Phase::Connecting, phases.connecting),
            (Phase::Tls, phases.tls),
            (Phase::Sending, phases.sending),
            (Phase::Waiting, phases.waiting),
            (Phase::Receiving, phases.receiving),
        ];
        let mut desk = self.desk.borrow_mut();
        let second = desk.second(due.at);
        for &id in ids {
            for (phase, took) in parts {
                if let Some(took) = took {
                    desk.time(id, Column::Phase(phase), second, took);
                }
            }
        }
    }

    /// Records one part, now.
    pub fn phase(&self, id: TimingId, phase: Phase, took: Duration) {
        let mut desk = self.desk.borrow_mut();
        let second = desk.turn_to_now();
        desk.time(id, Column::Phase(phase), second, took);
    }

    /// Records a duration that is no request of its own, now.
    pub fn value(&self, id: TimingId, value: Duration) {
        let mut desk = self.desk.borrow_mut();
        let second = desk.turn_to_now();
        desk.time(id, Column::SinceDue, second, value);
    }

    /// Records one thing that was good or not.
    pub fn share(&self, id: ShareId, good: bool) {
        self.shares(id, u64::from(good), u64::from(!good));
    }

    /// Records a number of things that were good, and a number that were not.
    pub fn shares(&self, id: ShareId, good: u64, bad: u64) {
        let mut desk = self.desk.borrow_mut();
        let second = desk.turn_to_now();
        let entry = desk.batch.shares.entry((id, second)).or_default();
        entry.0 += good;
        entry.1 += bad;
    }

    /// Counts one, with evidence (made only while fewer than the kept number are there).
    pub fn counter(&self, id: CounterId, evidence: impl FnOnce() -> String) {
        let wanted = {
            let mut desk = self.desk.borrow_mut();
            desk.turn_to_now();
            desk.batch.count(id, 1)
        };
        if wanted {
            // Made outside the borrow: it may be anything, even something that records.
            let evidence = evidence();
            self.desk.borrow_mut().batch.keep(id, &evidence);
        }
    }

    /// Counts `n`.
    pub fn add(&self, id: CounterId, n: u64) {
        let mut desk = self.desk.borrow_mut();
        desk.turn_to_now();
        desk.batch.count(id, n);
    }

    /// Hands over what is there, rather than waiting for the second to be over.
    pub fn flush(&self) {
        self.desk.borrow_mut().hand_over_all();
    }

    /// A turn has begun.
    pub(crate) fn start(&self, due: Due) {
        let mut desk = self.desk.borrow_mut();
        desk.turn_to_now();
        let second = desk.second(due.at);
        desk.batch.starts.at(second).add(nanos(due.lateness));
    }

    /// An arrival was given up.
    pub(crate) fn dropped(&self) {
        let mut desk = self.desk.borrow_mut();
        desk.turn_to_now();
        desk.batch.dropped += 1;
    }

    /// One more user is at it.
    pub(crate) fn user_came(&self) {
        self.users(1);
    }

    /// One fewer.
    pub(crate) fn user_left(&self) {
        self.users(-1);
    }

    fn users(&self, change: i64) {
        let mut desk = self.desk.borrow_mut();
        let second = desk.turn_to_now();
        desk.batch.users(second, change);
    }
}

impl Desk {
    /// The second an instant is in, counted from the epoch; negative before it.
    fn second(&self, at: Instant) -> i64 {
        if let Some(after) = at.checked_duration_since(self.epoch) {
            return after.as_secs().cast_signed();
        }
        let before = self.epoch.saturating_duration_since(at);
        -before.as_secs().cast_signed() - i64::from(before.subsec_nanos() > 0)
    }

    fn turn_to_now(&mut self) -> i64 {
        let now = clock::now();
        self.turn_to(now, now)
    }

    /// Hands over the last second's batch once `now` is in a new one; gives the second of `of`.
    fn turn_to(&mut self, now: Instant, of: Instant) -> i64 {
        let open = self.second(now);
        if open > self.batch.open {
            self.hand_over();
            self.batch.open = open;
        }
        self.second(of)
    }

    fn time(&mut self, id: TimingId, column: Column, second: i64, took: Duration) {
        self.batch.times.at(id, column, second).add(nanos(took));
    }

    /// Hands over without ever waiting: if the collector is far behind, the batch just grows on.
    fn hand_over(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let full = self.batch.take();
        if let Err(mpsc::TrySendError::Full(Message::Batch(back))) =
            self.collector.try_send(Message::Batch(Box::new(full)))
        {
            self.batch.put_back(*back);
        }
    }

    /// Hands over even if that means waiting for the collector; it drains without fail until the
    /// run is finished, and after that nobody listens and nothing waits.
    fn hand_over_all(&mut self) {
        if !self.batch.is_empty() {
            let full = self.batch.take();
            let _ = self.collector.send(Message::Batch(Box::new(full)));
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.hand_over_all();
    }
}
