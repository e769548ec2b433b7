//! A limit on a rate, in virtual time: a token bucket, kept as the Generic Cell Rate Algorithm (ITU-T I.371),
//! which is the same thing without counting tokens.
//!
//! One number is kept: when the bucket will be full again, its *theoretical arrival time*. A request may start
//! as soon as that lies no further ahead than all tokens but one take to come, and moves it on by one token. A
//! request that books for later takes its token when it books.

use std::time::Duration;

use super::line::{Line, Span, count_at};
use super::pools::{Denied, Grant, Lasting, Moment, Occupancy};

/// How fast tokens come, how many are kept, and how long one may wait for one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BucketSpec {
    /// Tokens per second, more than none.
    pub rate_per_s: f64,
    /// Tokens when full, at least one.
    pub burst: u32,
    /// How many may wait; the next is refused.
    pub queue: usize,
    /// How long one may wait before being refused.
    pub acquire_timeout: Duration,
}

/// A bucket's bookings.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// From one token to the next.
    every: Duration,
    /// How far ahead the theoretical arrival time may lie.
    tolerance: Duration,
    full_at: Moment,
    closed_until: Moment,
    /// The same by somebody who may [open](Self::open) it before.
    shut_until: Moment,
    line: Line,
    /// Who uses the token they took.
    holds: Vec<Span>,
}

impl Bucket {
    /// A full bucket.
    pub fn new(spec: BucketSpec) -> Self {
        let every = Duration::try_from_secs_f64(1.0 / spec.rate_per_s).unwrap_or(Duration::ZERO);
        Self {
            every,
            tolerance: every * (spec.burst.max(1) - 1),
            full_at: Moment::ZERO,
            closed_until: Moment::ZERO,
            shut_until: Moment::ZERO,
            line: Line::new(spec.queue, spec.acquire_timeout),
            holds: Vec::new(),
        }
    }

    /// Takes a token, at `ready` or as soon after as there is one, and goes on for `hold`.
    pub fn book(&mut self, now: Moment, ready: Moment, hold: Duration) -> Result<Grant, Denied> {
        self.line.forget_before(now);
        self.holds.retain(|span| span.to > now);
        let start = ready.max(self.full_at.saturating_sub(self.tolerance)).max(self.no_token_before());
        self.line.join(ready, start)?;
        self.full_at = self.full_at.max(start) + self.every;
        let grant = Grant { start, end: start + hold };
        self.holds.push(Span { from: grant.start, to: grant.end });
        Ok(grant)
    }

    /// Gives out nothing before `until`.
    pub fn close(&mut self, until: Moment, lasting: Lasting) {
        let end = match lasting {
            Lasting::ToItsEnd => &mut self.closed_until,
            Lasting::UntilReleased => &mut self.shut_until,
        };
        *end = until.max(*end);
    }

    /// Gives out tokens again, unless it is closed for good. Who has booked keeps the booking.
    pub fn open(&mut self) {
        self.shut_until = Moment::ZERO;
    }

    fn no_token_before(&self) -> Moment {
        self.closed_until.max(self.shut_until)
    }

    /// Who uses a token and who waits for one at `now`.
    pub fn occupancy(&self, now: Moment) -> Occupancy {
        Occupancy { held: count_at(&self.holds, now), waiting: self.line.waiting(now) }
    }

    /// Whether it is as if nobody had ever asked.
    pub fn is_idle(&self, now: Moment) -> bool {
        self.full_at.max(self.no_token_before()) <= now && self.line.is_over(now)
    }
}
