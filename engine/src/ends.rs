//! The ends of a run: stop starting, then stop waiting. Every step is bounded by the driver.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use crate::{
    clock::{self, Instant},
    driver::Due,
};

/// How far a run, or one flow of it, has come towards its end. It only moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Turns start as planned.
    Running,
    /// No new turn starts; turns under way go on, their thinking included.
    Closing,
    /// Whoever thinks leaves; requests in flight are still waited for, with a bound.
    Leaving,
    /// Whatever still runs is dropped and counted as unfinished.
    Aborted,
}

/// The run is ending: the user should wind up and return from its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run is ending")]
pub struct Leave;

/// A handle on the ends of a run; clones share one state and may cross threads.
///
/// The handle of the whole run is kept by whoever watches for Ctrl-C. Each flow hands its users a
/// handle of its own (in [`Turn`](crate::driver::Turn)), which follows the run's and also closes
/// when the flow's own plan is over.
#[derive(Clone, Debug)]
pub struct Ends {
    stage: Arc<watch::Sender<Stage>>,
    interrupted: Arc<AtomicBool>,
}

impl Default for Ends {
    fn default() -> Self {
        Self::new()
    }
}

impl Ends {
    /// A run that has not ended.
    pub fn new() -> Self {
        Self { stage: Arc::new(watch::Sender::new(Stage::Running)), interrupted: Arc::default() }
    }

    /// Where the run stands.
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Starts nothing new and lets what runs come to its natural end.
    pub fn close(&self) {
        self.advance(Stage::Closing);
    }

    /// Starts nothing new and sends home whoever thinks.
    pub fn leave(&self) {
        self.advance(Stage::Leaving);
    }

    /// The first Ctrl-C: as [`Self::leave`], and the run is marked as interrupted.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
        self.leave();
    }

    /// The second Ctrl-C: drops everything at once.
    pub fn abort(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
        self.advance(Stage::Aborted);
    }

    /// True after [`Self::interrupt`] or [`Self::abort`]: the run did not come to its planned end.
    pub fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Moves on to `stage`; never back.
    pub(crate) fn advance(&self, stage: Stage) {
        self.stage.send_if_modified(|now| {
            let moves = *now < stage;
            *now = (*now).max(stage);
            moves
        });
    }

    /// Resolves once `stage` or a later one is reached.
    pub async fn reached(&self, stage: Stage) {
        // The sender lives in `self`, so the channel cannot close while this waits.
        let _ = self.stage.subscribe().wait_for(|now| *now >= stage).await;
    }

    /// Thinks for `pause`, or returns early when the run is [`Stage::Leaving`]. What follows the
    /// thought is due when it should have ended; how much later the timer woke is the generator's
    /// own lateness. Both are in the returned [`Due`].
    pub async fn think(&self, pause: Duration) -> Result<Due, Leave> {
        self.until(clock::now() + pause).await
    }

    /// As [`Self::think`], until a given moment. A moment already past returns at once, and the
    /// delay is then not the generator's: its lateness is zero.
    pub async fn until(&self, at: Instant) -> Result<Due, Leave> {
        if self.stage() >= Stage::Leaving {
            return Err(Leave);
        }
        if clock::now() >= at {
            return Ok(Due { at, lateness: Duration::ZERO });
        }
        tokio::select! {
            biased;
            () = self.reached(Stage::Leaving) => Err(Leave),
            () = clock::sleep_until(at) => Ok(Due { at, lateness: clock::now().saturating_duration_since(at) }),
        }
    }
}
