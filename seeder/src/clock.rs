//! The one file of this crate that knows what time it is. Rows never depend on it; only rates shown to a person do.

#![expect(clippy::disallowed_methods, reason = "the crate's clock")]

use std::time::Instant;

/// Now, for measuring how long something takes.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Now, for whoever waits: it stands still when a test holds the runtime's time.
#[cfg(feature = "stripe")]
pub(crate) fn instant() -> tokio::time::Instant {
    tokio::time::Instant::now()
}
