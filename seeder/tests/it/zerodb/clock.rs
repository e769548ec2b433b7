//! Time that runs a hundred times as fast, for tests in which somebody waits. Waits are on tokio's clock, and a clock
//! that jumps whenever nobody works would jump over answers that are on their way; this one is moved in steps, each
//! of which leaves everybody a turn.

use std::time::Duration;

/// Runs until the test's runtime ends.
pub(crate) fn hurry() {
    tokio::time::pause();
    tokio::spawn(async {
        // While a thread is at work, the paused clock does not move by itself.
        while tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))).await.is_ok() {
            tokio::time::advance(Duration::from_millis(100)).await;
        }
    });
}
