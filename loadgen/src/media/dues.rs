//! When a packet was due at its sender, as its receivers ask: all participants live on one clock.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use engine::clock::Instant;

use super::Source;

/// How a track's RTP timestamps tell the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBase {
    /// A timestamp …
    pub timestamp: u32,
    /// … and when its packet was due.
    pub at: Instant,
    /// Ticks in a second.
    pub clock_rate: u32,
}

/// The longest a packet is taken to have been under way; what would be longer has timestamps of another base (an SFU
/// may write its own), and says nothing.
const LONGEST: Duration = Duration::from_secs(10);

impl TimeBase {
    /// How long the packet of this timestamp was under way when it arrived at `now`. Timestamps wrap around
    /// (RFC 3550, 5.1): the one nearest to now is meant. At 48 kHz they repeat after a day.
    pub fn under_way(&self, timestamp: u32, now: Instant) -> Option<Duration> {
        let rate = u64::from(self.clock_rate);
        let elapsed = now.saturating_duration_since(self.at);
        let ticks = elapsed.as_secs() * rate + u64::from(elapsed.subsec_nanos()) * rate / 1_000_000_000;
        let behind = (ticks as u32).wrapping_sub(timestamp.wrapping_sub(self.timestamp));
        // Rounding down may put a packet of this very moment one tick ahead of the clock.
        let behind = if behind == u32::MAX { 0 } else { behind };
        let under_way = Duration::from_nanos(u64::from(behind) * 1_000_000_000 / rate);
        (under_way <= LONGEST).then_some(under_way)
    }
}

/// How many packets of a track its publisher has sent. Clones count the same track.
#[derive(Debug, Clone, Default)]
pub struct Sent(Arc<AtomicU64>);

impl Sent {
    /// One more.
    pub fn one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// So far.
    pub fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The time bases of all tracks of a session, what was sent of each, and when it ended.
#[derive(Debug, Default)]
pub struct Dues(Mutex<HashMap<Source, Published>>);

#[derive(Debug)]
struct Published {
    base: TimeBase,
    sent: Sent,
    ended: Option<Instant>,
}

impl Dues {
    /// A track begins; its publisher counts there what it sends.
    pub fn begin(&self, source: Source, base: TimeBase) -> Sent {
        let sent = Sent::default();
        self.tracks().insert(source, Published { base, sent: sent.clone(), ended: None });
        sent
    }

    /// Its publisher sends it no longer.
    pub fn end(&self, source: &Source, at: Instant) {
        if let Some(track) = self.tracks().get_mut(source) {
            track.ended = Some(at);
        }
    }

    /// The time base of a track that has begun.
    pub fn of(&self, source: &Source) -> Option<TimeBase> {
        self.tracks().get(source).map(|track| track.base)
    }

    /// The count of what its publisher sends of a track that has begun.
    pub fn sent(&self, source: &Source) -> Option<Sent> {
        self.tracks().get(source).map(|track| track.sent.clone())
    }

    /// Until when packets of a track may be expected: `now`, or its end where that was before.
    pub fn expected_until(&self, source: &Source, now: Instant) -> Instant {
        let ended = self.tracks().get(source).and_then(|track| track.ended);
        ended.map_or(now, |ended| ended.min(now))
    }

    fn tracks(&self) -> MutexGuard<'_, HashMap<Source, Published>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
