//! The ends of a run: stop starting, then stop waiting. Every step is bounded by the driver.

use std::{
    pin::Pin,
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
    /// What this is a part of.
    whole: Option<Arc<Ends>>,
}

impl Default for Ends {
    fn default() -> Self {
        Self::new()
    }
}

impl Ends {
    /// A run that has not ended.
    pub fn new() -> Self {
        Self { stage: Arc::new(watch::Sender::new(Stage::Running)), interrupted: Arc::default(), whole: None }
    }

    /// Ends for a part of the run, a scenario say: what ends the run ends the part as well, and the part may
    /// end alone, which neither the run nor its other parts notice.
    #[must_use]
    pub fn part(&self) -> Self {
        Self { whole: Some(Arc::new(self.clone())), ..Self::new() }
    }

    /// Where the run stands.
    pub fn stage(&self) -> Stage {
        let own = *self.stage.borrow();
        self.whole.as_ref().map_or(own, |whole| whole.stage().max(own))
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
            || self.whole.as_ref().is_some_and(|whole| whole.interrupted())
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
        let mut told = self.stage.subscribe();
        // The sender lives in `self`, so the channel cannot close while this waits.
        let own = told.wait_for(|now| *now >= stage);
        let Some(whole) = &self.whole else {
            let _ = own.await;
            return;
        };
        tokio::select! {
            _ = own => {}
            () = whole.whole_reached(stage) => {}
        }
    }

    /// The same in a box: a part may have parts of its own, to any depth.
    fn whole_reached(&self, stage: Stage) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.reached(stage))
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
