//! What the three drivers share: tasks, counts, and how a flow ends.

use std::{cell::RefCell, future::Future, rc::Rc, time::Duration};

use tokio::task::JoinSet;

use crate::{
    clock::{self, Instant},
    driver::{Due, Tally, Turn, VirtualUser},
    ends::{Ends, Stage},
    load::{Flow, Load, Shard},
    record::Recorder,
};

/// The users of one flow on one worker.
pub(super) struct Crew {
    pub(super) shard: Shard,
    /// How many arrivals this worker may have in flight.
    pub(super) most: usize,
    /// When the flow's own time is zero.
    pub(super) begin: Instant,
    /// When the last start is due at the latest.
    last: Instant,
    grace: Duration,
    linger: Duration,
    /// Turns that were held up by the target go on until their time is over.
    catches_up: bool,
    pub(super) ends: Ends,
    pub(super) books: Books,
    pub(super) tasks: JoinSet<()>,
}

impl Crew {
    pub(super) fn new(flow: &Flow, shard: Shard, epoch: Instant, ends: Ends, health: Recorder) -> Self {
        let mine = flow.max_in_flight / shard.of + u64::from(flow.max_in_flight % shard.of > shard.index);
        Self {
            shard,
            most: usize::try_from(mine).unwrap_or(usize::MAX),
            begin: epoch + flow.starts_at,
            last: epoch + flow.ends_at(),
            grace: flow.grace,
            linger: flow.linger,
            catches_up: matches!(flow.load, Load::Paced { .. }),
            ends,
            books: Books { health, counts: Rc::default() },
            tasks: JoinSet::new(),
        }
    }

    /// The moment `seconds` into the flow.
    pub(super) fn at(&self, seconds: f64) -> Instant {
        self.begin + Duration::from_secs_f64(seconds)
    }

    pub(super) fn tally(&self) -> Tally {
        self.books.counts.borrow().tally
    }

    /// Forgets tasks that have ended.
    pub(super) fn reap(&mut self) {
        while self.tasks.try_join_next().is_some() {}
    }

    /// Everybody has been brought in, or nobody more is to be: waits for the end of the plan, then
    /// for what still runs, within bounds.
    pub(super) async fn wind_up(&mut self) {
        let patience = async {
            tokio::select! {
                () = clock::sleep_until(self.last) => {}
                () = self.ends.reached(Stage::Closing) => {}
            }
            if !self.catches_up {
                self.ends.close();
            }
            tokio::select! {
                () = clock::sleep_until(clock::now() + self.grace) => {}
                () = self.ends.reached(Stage::Leaving) => {}
            }
            self.ends.leave();
            tokio::select! {
                () = clock::sleep_until(clock::now() + self.linger) => {}
                () = self.ends.reached(Stage::Aborted) => {}
            }
        };
        let all_done = async { while self.tasks.join_next().await.is_some() {} };
        tokio::select! {
            biased;
            () = all_done => {}
            () = patience => {}
        }
        self.tasks.shutdown().await;
    }
}

/// Counts of one flow, shared by its tasks.
#[derive(Clone)]
pub(super) struct Books {
    health: Recorder,
    counts: Rc<RefCell<Counts>>,
}

#[derive(Default)]
struct Counts {
    tally: Tally,
    users: u64,
}

impl Books {
    pub(super) fn count(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.counts.borrow_mut().tally);
    }

    /// An arrival that would be too many in flight is not made.
    pub(super) fn give_up(&self) {
        self.count(|tally| tally.dropped += 1);
        self.health.dropped();
    }

    /// A user is there for as long as the returned value lives.
    pub(super) fn arrive(&self) -> Presence {
        let mut counts = self.counts.borrow_mut();
        counts.users += 1;
        counts.tally.peak_users = counts.tally.peak_users.max(counts.users);
        self.health.user_came();
        Presence { books: self.clone() }
    }

    /// Has a user take a turn, which is counted whichever way it ends.
    pub(super) fn turn<'a, U: VirtualUser>(
        &self,
        user: &'a mut U,
        turn: Turn,
    ) -> impl Future<Output = ()> + 'a {
        let books = self.clone();
        async move {
            books.health.start(turn.due);
            let under_way = UnderWay { books, finished: false };
            user.turn(turn).await;
            under_way.finish();
        }
    }
}

/// How late the generator is for something due at `at`, where the user was free from `free` on:
/// waiting for the target is not the generator's fault.
pub(super) fn late(at: Instant, free: Instant) -> Due {
    Due { at, lateness: clock::now().saturating_duration_since(at.max(free)) }
}

/// See [`Books::arrive`].
pub(super) struct Presence {
    books: Books,
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.books.counts.borrow_mut().users -= 1;
        self.books.health.user_left();
    }
}

/// A turn that has begun. One that is dropped before its end was cut off by the end of the run, or
/// panicked.
struct UnderWay {
    books: Books,
    finished: bool,
}

impl UnderWay {
    fn finish(mut self) {
        self.finished = true;
        self.books.count(|tally| tally.finished += 1);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.finished {
            let panicked = std::thread::panicking();
            self.books
                .count(|tally| *(if panicked { &mut tally.panicked } else { &mut tally.unfinished }) += 1);
        }
    }
}
