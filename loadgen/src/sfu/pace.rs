//! How fast one participant may ask an SFU: fifty calls a second of each session (Cloudflare Realtime SFU, "Limits"), and
//! not before a `Retry-After` (RFC 9110, 10.2.3) is over.

use std::{collections::VecDeque, time::Duration};

use contract::sfu::CALLS_PER_SECOND;
use engine::clock::Instant;
use http::{HeaderMap, StatusCode, header};

/// How often one call is asked again after it was told to wait.
pub const MOST_RETRIES: usize = 3;
/// A longer wait than this is not waited out: the session would be over.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// When calls of one participant went, and until when none may.
#[derive(Debug, Default)]
pub struct Pace {
    /// The newest calls, at most [`CALLS_PER_SECOND`].
    sent: VecDeque<Instant>,
    not_before: Option<Instant>,
}

impl Pace {
    /// When the next call may go, from `now` on; that it goes then is noted.
    pub fn next(&mut self, now: Instant) -> Instant {
        let full = self.sent.len() >= CALLS_PER_SECOND as usize;
        let oldest = if full { self.sent.pop_front() } else { None };
        let free = oldest.map(|oldest| oldest + Duration::from_secs(1));
        let at = [free, self.not_before].into_iter().flatten().fold(now, Instant::max);
        self.sent.push_back(at);
        at
    }

    /// Notes that a call was told at `now` to wait; true when it can be asked again after that.
    pub fn told_to_wait(&mut self, now: Instant, status: StatusCode, headers: &HeaderMap) -> bool {
        if status != StatusCode::TOO_MANY_REQUESTS {
            return false;
        }
        let Some(wait) = retry_after(headers) else { return false };
        self.not_before = Some(now + wait.min(LONGEST_WAIT));
        wait <= LONGEST_WAIT
    }
}

/// The wait a refusal names in seconds. A date is not read: Cloudflare sends none, and the clocks may differ.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests;
