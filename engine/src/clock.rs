//! The one place that knows what time it is, and that waits.
//!
//! Everything else is handed instants. Under tokio's paused clock (`start_paused`) ten simulated
//! minutes pass as fast as the work in them.
#![expect(clippy::disallowed_methods, reason = "this is the one file that may ask for the time")]

mod timer;
mod waiting;

use std::time::{Duration, SystemTime};

pub use tokio::time::Instant;

pub(crate) use timer::exact;
pub use waiting::{Place, Waiting};

/// The monotonic time; virtual where tokio's clock is paused.
pub fn now() -> Instant {
    Instant::now()
}

/// The time of day, for labels only: nothing is measured with it.
pub fn wall() -> SystemTime {
    SystemTime::now()
}

/// The system's monotonic clock: what [`now`] reads where time is real, as a number that means the same
/// in every process of the machine (`CLOCK_MONOTONIC`, see `clock_gettime(2)`).
pub fn monotonic() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// The time of day of moments near one at which both clocks were read: for what is told to other systems.
#[derive(Debug, Clone, Copy)]
pub struct Anchor {
    wall: SystemTime,
    at: Instant,
}

impl Anchor {
    /// Reads both clocks.
    pub fn now() -> Self {
        Self { wall: wall(), at: now() }
    }

    /// Nanoseconds from 1970 to `at`.
    pub fn unix_ns(&self, at: Instant) -> u64 {
        let since = self.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let then = (since + at.saturating_duration_since(self.at))
            .saturating_sub(self.at.saturating_duration_since(at));
        u64::try_from(then.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Sleeps until `at` and not before: on a worker (see [`workers::run`](crate::workers::run)) by its own timer,
/// typically less than a tenth of a millisecond late; elsewhere by tokio's, which counts whole milliseconds
/// and knows the paused clock.
pub async fn sleep_until(at: Instant) {
    match timer::wait(at) {
        Some(exact) => exact.await,
        None => tokio::time::sleep_until(at).await,
    }
}
