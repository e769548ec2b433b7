//! When packets are due: a fixed grid, so that nothing drifts and a late one does not delay the next. Pure.

use std::time::Duration;

use engine::clock::Instant;

/// A slot missed by more than this is skipped: a microphone that stalled does not burst afterwards.
pub const PATIENCE: Duration = Duration::from_millis(100);

/// Moments a fixed time apart.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    start: Instant,
    per_second: u32,
    next: u64,
}

/// What is to be done at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The slot that is due.
    pub slot: Option<Slot>,
    /// Slots before it that were missed.
    pub skipped: u64,
}

/// One moment of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Its place, from 0.
    pub number: u64,
    /// When it is due.
    pub due: Instant,
}

impl Grid {
    /// So many moments a second, one of them `start`.
    pub fn new(start: Instant, per_second: u32) -> Self {
        Self { start, per_second, next: 0 }
    }

    /// The moment of a slot, counted from the start: no rounding adds up.
    fn at(&self, number: u64) -> Instant {
        let nanoseconds = u128::from(number) * 1_000_000_000 / u128::from(self.per_second);
        self.start + Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    /// When the next slot is due.
    pub fn next(&self) -> Instant {
        self.at(self.next)
    }

    /// The place of that slot.
    pub fn next_number(&self) -> u64 {
        self.next
    }

    /// Passes over the slots before `now`, which nobody meant to use.
    pub fn resume(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.start).as_nanos();
        let slots = (elapsed * u128::from(self.per_second)).div_ceil(1_000_000_000);
        self.next = self.next.max(u64::try_from(slots).unwrap_or(u64::MAX));
    }

    /// The next slot if it is due, after those that are too late.
    pub fn step(&mut self, now: Instant) -> Step {
        let mut skipped = 0;
        while self.next() + PATIENCE < now {
            self.next += 1;
            skipped += 1;
        }
        let due = self.next();
        let slot = (due <= now).then_some(Slot { number: self.next, due });
        self.next += u64::from(slot.is_some());
        Step { slot, skipped }
    }
}
