//! How late this machine's timers are.

use std::time::Duration;

use tokio::time::sleep_until;

use crate::clock;

/// Times `probes` sleeps: by how much each was late, the least first.
pub(super) async fn lateness(probes: u32) -> Vec<Duration> {
    let mut late = Vec::new();
    for probe in 0..probes {
        // Lengths that differ by a fraction of tokio's 1 ms tick, to meet it at all phases.
        let due = clock::now() + Duration::from_micros(2_000 + u64::from(probe) * 137 % 1_000);
        sleep_until(due).await;
        late.push(clock::now().saturating_duration_since(due));
    }
    late.sort_unstable();
    late
}
