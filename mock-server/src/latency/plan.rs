//! What will become of a request.

use std::time::Duration;

use fixtures::profiles::MAX_STAGES;

use super::pools::{Denied, Grant, Moment};

/// What will become of a request: `arrived ≤ effect_at ≤ answer_at`, and
/// `stall + queue + hold + app + added` is the time from arrival to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// When it came.
    pub arrived: Moment,
    /// When it changes the state.
    pub effect_at: Moment,
    /// When it is answered: its one absolute deadline. Timers are coarse: one that is less than about 2 ms
    /// ahead is not promised to be met to the millisecond.
    pub answer_at: Moment,
    /// How long it waits for pools.
    pub queue: Duration,
    /// How long it holds their servers.
    pub hold: Duration,
    /// The same for each stage of its route.
    pub holds: [Duration; MAX_STAGES],
    /// How long it spends in the application.
    pub app: Duration,
    /// How long the process's stalls keep it, on arrival and before it leaves.
    pub stall: Duration,
    /// What somebody outside added: a fault.
    pub added: Duration,
    /// Set when a pool turns it away: it has no effect and is answered with a 503.
    pub refused: Option<Refusal>,
}

/// A pool was too full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Which pool, by its place in [`Model::pool_names`](super::model::Model::pool_names).
    pub pool: usize,
    /// Whole seconds after which a server should be free, at least one.
    pub retry_after_seconds: u32,
}

impl Plan {
    /// Arrived at `now` and answered at once.
    pub fn at(now: Moment) -> Self {
        Self {
            arrived: now,
            effect_at: now,
            answer_at: now,
            queue: Duration::ZERO,
            hold: Duration::ZERO,
            holds: [Duration::ZERO; MAX_STAGES],
            app: Duration::ZERO,
            stall: Duration::ZERO,
            added: Duration::ZERO,
            refused: None,
        }
    }

    /// From arrival to answer.
    pub fn total(&self) -> Duration {
        self.answer_at.saturating_sub(self.arrived)
    }

    /// Whether nothing is waited for.
    pub fn is_immediate(&self) -> bool {
        self.answer_at == self.arrived
    }

    pub(super) fn wait_at_door(&mut self, until: Moment) {
        self.stall += until.saturating_sub(self.arrived);
        self.effect_at = until;
        self.answer_at = until;
    }

    pub(super) fn granted(&mut self, stage: usize, grant: Grant) {
        let hold = grant.end.saturating_sub(grant.start);
        self.queue += grant.start.saturating_sub(self.effect_at);
        self.hold += hold;
        self.holds[stage] = hold;
        self.effect_at = grant.end;
        self.answer_at = grant.end;
    }

    pub(super) fn denied(&mut self, pool: usize, denied: Denied) {
        self.queue += denied.at.saturating_sub(self.effect_at);
        self.effect_at = denied.at;
        self.answer_at = denied.at;
        let wait = denied.free_at.saturating_sub(denied.at).as_secs_f64().ceil();
        self.refused = Some(Refusal { pool, retry_after_seconds: (wait as u32).max(1) });
    }

    /// Spends time in the application, after the effect.
    pub fn work(&mut self, time: Duration) {
        self.app += time;
        self.answer_at += time;
    }

    /// Lets somebody outside make it longer.
    pub fn add(&mut self, time: Duration) {
        self.added += time;
        self.answer_at += time;
    }

    pub(super) fn leave_at(&mut self, moment: Moment) {
        self.stall += moment.saturating_sub(self.answer_at);
        self.answer_at = moment;
    }
}
