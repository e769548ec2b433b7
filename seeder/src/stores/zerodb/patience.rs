//! How often a call is sent again, and how long is waited before.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::DateTime;
use fixtures::Stream;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// How often a call is sent, the first time included.
pub(super) const ATTEMPTS: u32 = 6;
/// Longest wait for an answer.
pub(super) const ANSWER: Duration = Duration::from_secs(10);
/// Longest wait that a server may ask for; whoever asks for more is given up.
pub(super) const LONGEST: Duration = Duration::from_mins(1);

/// Wait before the first repetition; doubles with each.
const FIRST: Duration = Duration::from_millis(500);
/// No wait of our own is longer.
const CAP: Duration = Duration::from_secs(8);

/// Spreads waits, so that calls refused together do not come back together.
#[derive(Debug, Default)]
pub(super) struct Jitter(AtomicU64);

impl Jitter {
    /// The wait after attempt `attempt` (from 0): `min(CAP, FIRST · 2^attempt)`, shortened by up to a half.
    pub(super) fn wait(&self, attempt: u32) -> Duration {
        let whole = FIRST.saturating_mul(1 << attempt.min(16)).min(CAP);
        let draw = self.0.fetch_add(1, Ordering::Relaxed);
        whole.mul_f64(Stream::new(0, "zerodb jitter", draw).within(0.5, 1.0))
    }
}

/// What a server asks for: seconds, or a moment, which is held against the server's own clock.
pub(super) fn asked_for(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    let now = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some((until - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_cap_and_differ() {
        let jitter = Jitter::default();
        for (attempt, whole) in [(0, 500), (1, 1_000), (3, 4_000), (4, 8_000), (30, 8_000)] {
            let wait = jitter.wait(attempt).as_millis();
            assert!(wait <= whole && wait * 2 >= whole - 2, "{attempt}: {wait}");
        }
        assert_ne!(jitter.wait(0), jitter.wait(0));
    }

    #[test]
    fn servers_ask_for_seconds_or_name_a_moment() {
        let headers = |after: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, after.parse().expect("a header"));
            headers.insert(DATE, "Fri, 01 Jan 2027 00:00:00 GMT".parse().expect("a header"));
            headers
        };
        assert_eq!(asked_for(&headers("7")), Some(Duration::from_secs(7)));
        assert_eq!(asked_for(&headers("Fri, 01 Jan 2027 00:00:05 GMT")), Some(Duration::from_secs(5)));
        assert_eq!(asked_for(&headers("Thu, 31 Dec 2026 00:00:05 GMT")), Some(Duration::ZERO));
        assert_eq!(asked_for(&headers("soon")), None);
        assert_eq!(asked_for(&HeaderMap::new()), None);
    }
}
