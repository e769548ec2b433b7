//! What makes holds and answers longer than a route's curve says, each a pure function.

use std::time::Duration;

use fixtures::Counts;
use fixtures::profiles::{Rows, SlowStart, Usl};

use super::pools::Moment;

/// By how much a hold grows when `n` servers of its pool are held, its own among them:
/// `1 + α(n − 1) + βn(n − 1)`, Gunther's Universal Scalability Law.
pub fn inflation(usl: Usl, n: usize) -> f64 {
    let n = n.max(1) as f64;
    1.0 + usl.alpha * (n - 1.0) + usl.beta * n * (n - 1.0)
}

/// How many times as long an answer takes that is asked for `at` after the start: `factor` at the start, 1 from
/// `seconds` on, a straight line between.
pub fn slowness(slow_start: SlowStart, at: Moment) -> f64 {
    let left = (1.0 - at.as_secs_f64() / slow_start.seconds).max(0.0);
    1.0 + (slow_start.factor - 1.0) * left
}

/// What the size of the data adds.
pub fn of_rows(rows: Rows, counts: &Counts) -> Duration {
    let thousands = rows.of.count(counts) as f64 / 1e3;
    Duration::try_from_secs_f64((rows.base_ms + rows.per_1000_ms * thousands) / 1e3).unwrap_or(Duration::ZERO)
}

/// A job that holds servers of a pool every so often, as a pure function of time: run `k` (from 1) starts at
/// `k · every`.
#[derive(Debug, Clone, Copy)]
pub struct Cron {
    /// Which pool, by its place in the model's list.
    pub pool: usize,
    /// How many servers it takes.
    pub servers: usize,
    /// How long it holds them.
    pub hold: Duration,
    /// From one start to the next.
    pub every: Duration,
}

impl Cron {
    /// Which run started last, at `now`; 0 before the first.
    pub fn run_at(&self, now: Moment) -> u64 {
        u64::try_from(now.as_nanos() / self.every.as_nanos().max(1)).unwrap_or(u64::MAX)
    }

    /// From when until when the run holds what it gets.
    pub fn span(&self, run: u64) -> (Moment, Moment) {
        let from = Duration::from_secs_f64(self.every.as_secs_f64() * run as f64);
        (from, from + self.hold)
    }
}
