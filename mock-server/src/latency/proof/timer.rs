//! How late this machine's timers are.

use std::time::Duration;

use super::Check;
use crate::latency::timer::lateness;

/// Sleeps that are timed.
const PROBES: u32 = 200;
/// A median lateness beyond this and no answer is held as planned. The mock takes the median off every deadline,
/// so what it is matters less than that it is small; a tail is reported and judged by nobody, a busy machine has one.
const TOLERABLE: Duration = Duration::from_millis(5);

/// Times real sleeps: the only proof that waits. Call it inside a runtime with its timer on.
pub async fn timer() -> Check {
    let late = lateness(PROBES).await;
    let at = |share: f64| late[((late.len() as f64 * share) as usize).min(late.len() - 1)];
    let (median, p99) = (at(0.5), at(0.99));
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    Check {
        name: "timers of this machine: lateness, median (p99)".to_owned(),
        expected: "0 ms".to_owned(),
        found: format!("{:.2} ms ({:.2} ms)", ms(median), ms(p99)),
        tolerance: format!("median < {} ms, p99 reported", TOLERABLE.as_millis()),
        ok: median < TOLERABLE,
    }
}
