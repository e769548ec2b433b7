//! Who waits in front of a pool, and for how long one may.

use std::time::Duration;

use super::pools::{Denied, Moment};

/// A stretch of time, from inclusive to exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Moment,
    pub(super) to: Moment,
}

impl Span {
    pub(super) fn contains(self, moment: Moment) -> bool {
        self.from <= moment && moment < self.to
    }
}

/// How many of these spans a moment is in.
pub(super) fn count_at(spans: &[Span], moment: Moment) -> usize {
    spans.iter().filter(|span| span.contains(moment)).count()
}

/// A bounded line of impatient people.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// How many may wait.
    queue: usize,
    /// How long one may wait.
    acquire_timeout: Duration,
    /// Who waits, from when until when.
    waits: Vec<Span>,
}

impl Line {
    pub(super) fn new(queue: usize, acquire_timeout: Duration) -> Self {
        Self { queue, acquire_timeout, waits: Vec::new() }
    }

    /// Has somebody who is ready at `ready` wait until `start`, unless too many wait or that is too long.
    pub(super) fn join(&mut self, ready: Moment, start: Moment) -> Result<(), Denied> {
        if start <= ready {
            return Ok(());
        }
        if self.waiting(ready) >= self.queue {
            return Err(Denied { at: ready, free_at: start });
        }
        let patience = ready + self.acquire_timeout;
        self.waits.push(Span { from: ready, to: start.min(patience) });
        if start > patience { Err(Denied { at: patience, free_at: start }) } else { Ok(()) }
    }

    pub(super) fn waiting(&self, at: Moment) -> usize {
        count_at(&self.waits, at)
    }

    pub(super) fn forget_before(&mut self, now: Moment) {
        self.waits.retain(|wait| wait.to > now);
    }

    pub(super) fn is_over(&self, now: Moment) -> bool {
        self.waits.iter().all(|wait| wait.to <= now)
    }
}
