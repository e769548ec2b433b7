//! The one file that knows what time it is.
#![expect(clippy::disallowed_methods, reason = "everybody else asks here")]

use std::time::Instant;

use chrono::{DateTime, Utc};

/// The wall clock, for the names of folders.
pub(crate) fn wall() -> DateTime<Utc> {
    Utc::now()
}

/// The monotonic clock.
pub(crate) fn now() -> Instant {
    Instant::now()
}
