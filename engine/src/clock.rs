//! The one file that knows what time it is.
//!
//! Everything else is handed instants. Under tokio's paused clock (`start_paused`) ten simulated
//! minutes pass as fast as the work in them.
#![expect(clippy::disallowed_methods, reason = "this is the one file that may ask for the time")]

use std::time::{Duration, SystemTime};

pub use tokio::time::Instant;

/// Tokio's timer rounds up to its next millisecond and overshoots by about one more: a start asks
/// to be woken this much early and covers the rest by yielding.
const EARLY: Duration = Duration::from_millis(1);

/// The monotonic time; virtual where tokio's clock is paused.
pub fn now() -> Instant {
    Instant::now()
}

/// The time of day, for labels only: nothing is measured with it.
pub fn wall() -> SystemTime {
    SystemTime::now()
}

/// Sleeps until `at`, with tokio's accuracy (typically one or two milliseconds late). For thinking.
pub async fn sleep_until(at: Instant) {
    tokio::time::sleep_until(at).await;
}

/// Sleeps until `at` and not before, as exactly as can be had without burning the processor: wakes
/// about a millisecond early, then gives way to other tasks until the moment has come. For starts.
pub async fn until(at: Instant) {
    let mut seen = now();
    if let Some(early) = at.checked_sub(EARLY)
        && early > seen
    {
        tokio::time::sleep_until(early).await;
        seen = now();
    }
    while seen < at {
        tokio::task::yield_now().await;
        let moved = now();
        if moved == seen {
            // A clock that stands still is a paused one: it moves only while everybody sleeps.
            tokio::time::sleep_until(at).await;
        }
        seen = moved.max(now());
    }
}
