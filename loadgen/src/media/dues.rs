//! When a packet was due at its sender, as its receivers ask: all participants live on one clock.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
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

/// The time bases of all tracks of a session, and when each track ended.
#[derive(Debug, Default)]
pub struct Dues(Mutex<HashMap<Source, Published>>);

#[derive(Debug, Clone, Copy)]
struct Published {
    base: TimeBase,
    ended: Option<Instant>,
}

impl Dues {
    /// A track begins.
    pub fn begin(&self, source: Source, base: TimeBase) {
        self.tracks().insert(source, Published { base, ended: None });
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

    /// Until when packets of a track may be expected: `now`, or its end where that was before.
    pub fn expected_until(&self, source: &Source, now: Instant) -> Instant {
        let ended = self.tracks().get(source).and_then(|track| track.ended);
        ended.map_or(now, |ended| ended.min(now))
    }

    fn tracks(&self) -> MutexGuard<'_, HashMap<Source, Published>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
