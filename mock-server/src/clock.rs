//! The one file that knows what time it is.
#![expect(clippy::disallowed_methods, reason = "everybody else asks here")]

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// The monotonic clock, which latency is measured on. Stands still under tokio's paused time.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The wall clock, for tokens and signatures.
pub(crate) fn wall() -> DateTime<Utc> {
    Utc::now()
}

/// The clock that events, bookings and subscriptions live by: the world's launch day at the moment its
/// dataset was loaded, advancing with real time. So the same world is the same on every day it is loaded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BusinessClock {
    epoch: DateTime<Utc>,
    loaded_at: Instant,
}

impl BusinessClock {
    /// A clock that reads `epoch` now.
    pub(crate) fn starting_at(epoch: DateTime<Utc>) -> Self {
        Self { epoch, loaded_at: now() }
    }

    /// What it reads.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.epoch + self.loaded_at.elapsed()
    }
}
