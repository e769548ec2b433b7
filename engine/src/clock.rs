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

/// Sleeps until `at` and not before: on a worker (see [`workers::run`](crate::workers::run)) by its own timer,
/// typically less than a tenth of a millisecond late; elsewhere by tokio's, which counts whole milliseconds
/// and knows the paused clock.
pub async fn sleep_until(at: Instant) {
    match timer::wait(at) {
        Some(exact) => exact.await,
        None => tokio::time::sleep_until(at).await,
    }
}
