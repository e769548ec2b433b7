//! Queues in virtual time.
//!
//! A pool is `c` servers. Nothing waits here: a request that wants a server from `ready` on for `hold` is told
//! at once when it will get it, and the booking is kept. That makes queueing pure (explicit state, explicit
//! time) and gives each request one absolute deadline instead of a chain of sleeps.
//!
//! # Order
//! Requests that want the pool from the moment they arrive get it first come, first served, exactly as an M/G/c
//! queue would. A request books its later stages on arrival too, for a moment that is still to come; the time a
//! server idles before such a booking is remembered as a gap, and requests that are ready earlier are served in
//! it. No server is ever idle for the sake of somebody who has not come yet.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::line::{Line, Span, count_at};

/// Gaps remembered per pool. More come up only when very many requests have later stages in one pool; the
/// oldest is then forgotten, which costs a little capacity and never order.
const MAX_GAPS: usize = 256;

/// A moment, as time since the mock's start.
pub type Moment = Duration;

/// How large a pool is and how long one may queue for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSpec {
    /// Servers, at least one.
    pub servers: usize,
    /// How many may wait; the next is refused.
    pub queue: usize,
    /// How long one may wait before being refused.
    pub acquire_timeout: Duration,
}

/// A server, granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// From when.
    pub start: Moment,
    /// Until when.
    pub end: Moment,
}

/// A server, not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied {
    /// When the request learns of it: at once when the queue is full, after the timeout otherwise.
    pub at: Moment,
    /// When a server would have been free.
    pub free_at: Moment,
}

/// Whether what is seized can be given back before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasting {
    /// It cannot: a job runs to its end.
    ToItsEnd,
    /// It can: whoever let it happen may call it off.
    UntilReleased,
}

/// How full a pool is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Occupancy {
    /// Servers held.
    pub held: usize,
    /// Requests waiting.
    pub waiting: usize,
}

/// A pool's bookings.
#[derive(Debug, Clone)]
pub struct Pool {
    spec: PoolSpec,
    /// When each server is free for good.
    free_at: BinaryHeap<Reverse<Moment>>,
    /// Idle time before bookings that are still to come.
    gaps: Vec<Span>,
    line: Line,
    /// Who holds a server, from when until when.
    holds: Vec<Span>,
    /// Those of the holds that can be [released](Self::release).
    seized: Vec<Span>,
}

impl Pool {
    /// An idle pool.
    pub fn new(spec: PoolSpec) -> Self {
        let spec = PoolSpec { servers: spec.servers.max(1), ..spec };
        Self {
            spec,
            free_at: (0..spec.servers).map(|_| Reverse(Moment::ZERO)).collect(),
            gaps: Vec::new(),
            line: Line::new(spec.queue, spec.acquire_timeout),
            holds: Vec::new(),
            seized: Vec::new(),
        }
    }

    /// Books a server for `hold`, from `ready` or as soon after as one is free. `now ≤ ready` is the present:
    /// what ended before it is forgotten.
    pub fn book(&mut self, now: Moment, ready: Moment, hold: Duration) -> Result<Grant, Denied> {
        self.forget_before(now);
        let (start, place) = self.earliest(ready, hold);
        self.line.join(ready, start)?;
        let grant = Grant { start, end: start + hold };
        self.take(now, place, grant);
        Ok(grant)
    }

    /// Takes `servers` of it away from `from` until `until`, each as soon as it is free: somebody outside the
    /// requests (a cron job, a brown-out) holds them, who may or may not give them back before.
    pub fn seize(&mut self, now: Moment, servers: usize, from: Moment, until: Moment, lasting: Lasting) {
        self.forget_before(now);
        for _ in 0..servers.min(self.spec.servers) {
            let Reverse(free) = *self.free_at.peek().expect("a pool has at least one server");
            let start = from.max(free);
            if start < until {
                self.take(now, None, Grant { start, end: until });
                if lasting == Lasting::UntilReleased {
                    self.seized.push(Span { from: start, to: until });
                }
            }
        }
    }

    /// Gives back at `now` what is seized and can be: it is free from then on, before what was booked behind it
    /// in the meantime. Who has booked keeps the booking.
    pub fn release(&mut self, now: Moment) {
        self.forget_before(now);
        for span in std::mem::take(&mut self.seized) {
            let rest = Span { from: span.from.max(now), to: span.to };
            if let Some(index) = self.holds.iter().position(|hold| *hold == span) {
                self.holds.swap_remove(index);
            }
            // Servers are alike: any of them whose last booking ends with the span may stand for the seized one.
            let mut free_at = std::mem::take(&mut self.free_at).into_vec();
            match free_at.iter_mut().find(|Reverse(free)| *free == span.to) {
                Some(Reverse(free)) => *free = rest.from,
                None => self.remember_gap(now, rest),
            }
            self.free_at = free_at.into();
        }
    }

    /// How full it is at `now`.
    pub fn occupancy(&self, now: Moment) -> Occupancy {
        Occupancy { held: self.held(now), waiting: self.line.waiting(now) }
    }

    /// How many of its servers are held at a moment, as far as they are booked.
    pub fn held(&self, at: Moment) -> usize {
        count_at(&self.holds, at)
    }

    /// How many will be once somebody who is ready at `at` has got one: never more than there are.
    pub fn held_by_the_next(&self, at: Moment) -> usize {
        (self.held(at) + 1).min(self.spec.servers)
    }

    /// Whether nobody holds, waits for, or has booked it from `now` on.
    pub fn is_idle(&self, now: Moment) -> bool {
        self.free_at.iter().all(|Reverse(free)| *free <= now) && self.line.is_over(now)
    }

    /// When a request that is ready at `ready` gets a server, and where: a gap by its index, or a server's tail.
    fn earliest(&self, ready: Moment, hold: Duration) -> (Moment, Option<usize>) {
        let Reverse(free) = *self.free_at.peek().expect("a pool has at least one server");
        let mut best = (ready.max(free), None);
        for (index, gap) in self.gaps.iter().enumerate() {
            let start = ready.max(gap.from);
            if start + hold <= gap.to && start < best.0 {
                best = (start, Some(index));
            }
        }
        best
    }

    fn take(&mut self, now: Moment, place: Option<usize>, grant: Grant) {
        let idle = if let Some(index) = place {
            let gap = self.gaps.swap_remove(index);
            self.remember_gap(now, Span { from: grant.end, to: gap.to });
            gap.from
        } else {
            let Reverse(free) = self.free_at.pop().expect("a pool has at least one server");
            self.free_at.push(Reverse(grant.end));
            free
        };
        self.remember_gap(now, Span { from: idle, to: grant.start });
        self.holds.push(Span { from: grant.start, to: grant.end });
    }

    fn remember_gap(&mut self, now: Moment, gap: Span) {
        let from = gap.from.max(now);
        if from >= gap.to {
            return;
        }
        if self.gaps.len() == MAX_GAPS {
            let oldest = self.gaps.iter().enumerate().min_by_key(|(_, gap)| gap.to);
            let oldest = oldest.map_or(0, |(index, _)| index);
            self.gaps.swap_remove(oldest);
        }
        self.gaps.push(Span { from, to: gap.to });
    }

    fn forget_before(&mut self, now: Moment) {
        self.gaps.retain(|gap| gap.to > now);
        self.line.forget_before(now);
        self.holds.retain(|hold| hold.to > now);
        self.seized.retain(|span| span.to > now);
    }
}
