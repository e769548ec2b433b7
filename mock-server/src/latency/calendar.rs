//! When the whole process stalls.
//!
//! The k-th stall's gap (from the end of the one before) and length are functions of the seed and k alone, so
//! the calendar is the same whoever asks, and never ends. A [`Calendar`] is where somebody has got to in it.
//!
//! # What a stall does
//! It is a pause as clients see it. Who arrives in it waits at the door to its end; an answer that falls due in
//! it leaves at its end. A stall lasts from its start, inclusive, to its end, exclusive. What was under way
//! inside goes on: effects keep their moments, hence their order, and pools their bookings.

use std::collections::VecDeque;
use std::time::Duration;

use fixtures::profiles;

use super::line::Span;
use super::pools::Moment;
use super::quantile::normal_quantile;
use super::stream::{Lane, Stream};

/// The law of the stalls.
#[derive(Debug, Clone, Copy)]
pub struct Stalls {
    stream: Stream,
    mean_gap_seconds: f64,
    ln_median: f64,
    /// Standard deviation of the length's logarithm.
    sigma: f64,
    cap_seconds: f64,
}

impl Stalls {
    /// What a profile says, with draws from `seed`.
    pub fn new(stalls: &profiles::Stalls, seed: u64) -> Self {
        let spread = (stalls.p95_ms / stalls.median_ms).max(1.0).ln();
        Self {
            stream: Stream::new(seed, "stalls"),
            mean_gap_seconds: stalls.mean_gap_s,
            ln_median: (stalls.median_ms / 1e3).ln(),
            sigma: spread / normal_quantile(0.95),
            cap_seconds: stalls.cap_ms / 1e3,
        }
    }

    /// From the end of the stall before (at first: the start) to the start of stall `k`: exponential.
    pub fn gap(&self, k: u64) -> Duration {
        seconds(-self.mean_gap_seconds * self.stream.uniform(Lane::StallGap, k).ln())
    }

    /// How long stall `k` is: lognormal, cut at the cap.
    pub fn length(&self, k: u64) -> Duration {
        let z = normal_quantile(self.stream.uniform(Lane::StallLength, k));
        seconds((self.ln_median + self.sigma * z).exp().min(self.cap_seconds))
    }
}

/// A place in the calendar: the stalls that are not over yet, as far as anybody asked.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// The first stall that is not among `known` yet.
    next: u64,
    /// When the stall before that ends.
    after: Moment,
    known: VecDeque<Span>,
}

impl Calendar {
    /// When the stall that `at` is in ends; `at` itself when it is in none. What ended before `now` is
    /// forgotten, so `now` must not be later than any `at` still to be asked for.
    pub fn end_of_stall(&mut self, stalls: &Stalls, now: Moment, at: Moment) -> Moment {
        while self.known.front().is_some_and(|stall| stall.to <= now) {
            self.known.pop_front();
        }
        while self.known.back().map_or(self.after, |last| last.from) <= at {
            let from = self.after + stalls.gap(self.next);
            let stall = Span { from, to: from + stalls.length(self.next) };
            self.next += 1;
            self.after = stall.to;
            if stall.to > now {
                self.known.push_back(stall);
            }
        }
        self.known.iter().find(|stall| stall.contains(at)).map_or(at, |stall| stall.to)
    }
}

/// Seconds as a duration; what is not a time counts as none.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)
}
