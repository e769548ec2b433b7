//! Moments of readings: when they were by the generator's clock, and by how much another clock is ahead of it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::clock;

/// A moment, by the wall for labels and by the monotonic clock for how long things took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    wall: SystemTime,
    tick: clock::Instant,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { wall: clock::wall(), tick: clock::now() }
    }

    /// Unix time in milliseconds.
    pub(super) fn unix_ms(&self) -> f64 {
        self.wall.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e3
    }

    fn until(&self, later: &Self) -> Duration {
        later.tick.saturating_duration_since(self.tick)
    }
}

/// The middle between asking and having the answer: the best guess at when it was true. Unix milliseconds.
pub(super) fn between(asked: &Moment, answered: &Moment) -> u64 {
    (asked.unix_ms() + asked.until(answered).as_secs_f64() * 500.0) as u64
}

/// By how much another clock is ahead: what the quickest answer said, since it can be the least wrong.
#[derive(Debug, Default)]
pub(super) struct Offset {
    best: Option<(Duration, f64)>,
}

impl Offset {
    /// It said this time, in Unix milliseconds.
    pub(super) fn heard(&mut self, asked: &Moment, answered: &Moment, says: f64) {
        let took = asked.until(answered);
        if self.best.is_none_or(|(best, _)| took < best) {
            let here = asked.unix_ms() + took.as_secs_f64() * 500.0;
            self.best = Some((took, says - here));
        }
    }

    /// Milliseconds.
    pub(super) fn ahead_ms(&self) -> Option<f64> {
        self.best.map(|(_, ahead)| ahead)
    }
}
