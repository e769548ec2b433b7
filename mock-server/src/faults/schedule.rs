//! A plan with a clock: whose window is open now, whose turn it is to be struck, and the counts of both.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::kinds::{Blow, Seized};
use super::plan::{Drawn, FaultPlan, Place};
use super::weather::{Direction, Weather};
use crate::clock;
use crate::latency::Owner;
use crate::latency::stream;
use crate::sync::lock;

/// A plan, running or not.
#[derive(Debug)]
pub(super) struct Schedule {
    plan: Arc<FaultPlan>,
    since: Option<Since>,
    /// On whose account servers are seized.
    owner: Owner,
    /// Of each fault, since the start.
    progress: Vec<Progress>,
    /// Of each fault, since the plan was loaded.
    counts: Arc<Vec<Count>>,
}

/// What a fault met since the start.
#[derive(Debug, Default)]
struct Progress {
    /// How many it could have struck: the ordinals of its draws.
    ordinals: AtomicU64,
    /// Whose packets it met, by the hash of their user ids.
    participants: Mutex<HashSet<u64>>,
}

#[derive(Debug, Clone, Copy)]
struct Since {
    instant: Instant,
    wall: DateTime<Utc>,
}

#[derive(Debug, Default)]
struct Count {
    met: AtomicU64,
    struck: AtomicU64,
}

/// What is scheduled, and what came of it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// The plan as it was typed; absent when there is none.
    toml: Option<String>,
    seed: Option<u64>,
    /// When its windows were opened last; absent while it is stopped.
    started_at: Option<DateTime<Utc>>,
    /// Seconds since then.
    running_for_s: Option<f64>,
    faults: Vec<FaultReport>,
}

/// One fault of a plan, and what came of it.
#[derive(Debug, Serialize)]
struct FaultReport {
    kind: &'static str,
    /// What it strikes: a route, `every route`, or another part of the platform.
    strikes: &'static str,
    /// When its window opens, in seconds since the start.
    from_s: f64,
    /// How long it stays open, in seconds; absent when it stays so.
    for_s: Option<f64>,
    /// Which share of those it could strike it does strike.
    share: f64,
    /// Its table in the plan.
    settings: Value,
    /// How many it could have struck since the plan was loaded.
    met: u64,
    /// How many of them it did strike.
    struck: u64,
    /// Whether answers it struck took another time than `/__admin/truth` says.
    unscored: bool,
}

impl Schedule {
    /// This plan, not started yet.
    pub(super) fn new(plan: FaultPlan) -> Self {
        let counts = plan.faults.iter().map(|_| Count::default()).collect();
        Self::over(Arc::new(plan), None, Owner::default(), Arc::new(counts))
    }

    fn over(plan: Arc<FaultPlan>, since: Option<Since>, owner: Owner, counts: Arc<Vec<Count>>) -> Self {
        let progress = plan.faults.iter().map(|_| Progress::default()).collect();
        Self { plan, since, owner, progress, counts }
    }

    /// The same, with windows that are counted from `now` and ordinals that begin anew.
    pub(super) fn started(&self, now: Instant, owner: Owner) -> Self {
        let since = Since { instant: now, wall: clock::wall() };
        Self::over(Arc::clone(&self.plan), Some(since), owner, Arc::clone(&self.counts))
    }

    /// The same, striking nothing.
    pub(super) fn stopped(&self) -> Self {
        Self::over(Arc::clone(&self.plan), None, self.owner, Arc::clone(&self.counts))
    }

    pub(super) fn is_running(&self) -> bool {
        self.since.is_some()
    }

    /// What strikes there at this moment; `None` for the most part.
    pub(super) fn strike(&self, place: Place, now: Instant) -> Option<Blow> {
        let elapsed = now.saturating_duration_since(self.since?.instant);
        let mut blow = None;
        for (index, fault) in self.plan.faults.iter().enumerate() {
            if !fault.could_strike(place, elapsed) {
                continue;
            }
            if let Some(drawn) = self.draw(index) {
                let blow: &mut Blow = blow.get_or_insert_default();
                let seized = blow.seized.len();
                fault.strike(drawn, elapsed, blow);
                // What is to be seized is counted once it is: its pool may be gone with another profile.
                if blow.seized.len() == seized {
                    self.has_struck(index);
                }
            }
        }
        blow
    }

    /// Whether some fault may strike there, now or later.
    pub(super) fn aims_at(&self, place: Place) -> bool {
        self.is_running() && self.plan.faults.iter().any(|fault| fault.target.includes(place))
    }

    /// What becomes of this participant's packets at this moment, by all faults together; `None` for the most part.
    /// Each fault counts a participant once.
    pub(super) fn weather(&self, user: &str, direction: Direction, now: Instant) -> Option<Weather> {
        let elapsed = now.saturating_duration_since(self.since?.instant);
        let participant = stream::fold(user);
        let mut all: Option<Weather> = None;
        for (index, fault) in self.plan.faults.iter().enumerate() {
            if !fault.could_strike(Place::Media, elapsed) {
                continue;
            }
            let Some(weather) = fault.kind.weather(user, direction) else { continue };
            let strikes = fault.strikes_media_of(participant);
            if lock(&self.progress[index].participants).insert(participant) {
                self.counts[index].met.fetch_add(1, Ordering::Relaxed);
                self.counts[index].struck.fetch_add(u64::from(strikes), Ordering::Relaxed);
            }
            if strikes {
                all = Some(all.map_or(weather, |others| others.and(weather)));
            }
        }
        all
    }

    /// When a socket that is open at `now` is to be cut: the earliest moment some fault says. Windows that are still
    /// to open count, so that sockets which are open then are cut as well.
    pub(super) fn socket_cut(self: &Arc<Self>, now: Instant) -> Option<SocketCut> {
        let since = self.since?.instant;
        let opened = now.saturating_duration_since(since);
        let mut cut: Option<SocketCut> = None;
        for (index, fault) in self.plan.faults.iter().enumerate() {
            let from = fault.window.from.max(opened);
            if fault.window.is_over(opened) || !fault.could_strike(Place::Socket, from) {
                continue;
            }
            let Some(drawn) = self.draw(index) else { continue };
            let mut blow = Blow::default();
            fault.strike(drawn, from, &mut blow);
            let after = from + blow.socket_cut_after.unwrap_or_default();
            let at = since + after;
            if !fault.window.is_over(after) && cut.as_ref().is_none_or(|cut| at < cut.at) {
                cut = Some(SocketCut { at, index, schedule: Arc::clone(self) });
            }
        }
        cut
    }

    /// Counts servers that were taken, if they were for this schedule.
    pub(super) fn has_seized(&self, seized: &Seized) {
        if seized.owner == self.owner {
            self.has_struck(seized.index);
        }
    }

    fn has_struck(&self, index: usize) {
        self.counts[index].struck.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one more that this fault could strike; says which it is, if it is struck.
    fn draw(&self, index: usize) -> Option<Drawn> {
        let ordinal = self.progress[index].ordinals.fetch_add(1, Ordering::Relaxed);
        self.counts[index].met.fetch_add(1, Ordering::Relaxed);
        self.plan.faults[index].strikes(ordinal).then_some(Drawn { owner: self.owner, index, ordinal })
    }

    pub(super) fn struck(&self) -> BTreeMap<&'static str, u64> {
        let mut struck = BTreeMap::new();
        for (fault, count) in self.plan.faults.iter().zip(self.counts.iter()) {
            *struck.entry(fault.kind.name()).or_insert(0) += count.struck.load(Ordering::Relaxed);
        }
        struck
    }

    pub(super) fn report(&self, now: Instant) -> Report {
        let faults = self.plan.faults.iter().zip(self.counts.iter()).map(|(fault, count)| FaultReport {
            kind: fault.kind.name(),
            strikes: fault.target.name(),
            from_s: fault.window.from.as_secs_f64(),
            for_s: fault.window.to.map(|to| to.saturating_sub(fault.window.from).as_secs_f64()),
            share: fault.share,
            settings: fault.settings.clone(),
            met: count.met.load(Ordering::Relaxed),
            struck: count.struck.load(Ordering::Relaxed),
            unscored: fault.kind.is_unscored(),
        });
        let running = |since: Since| now.saturating_duration_since(since.instant).as_secs_f64();
        Report {
            toml: Some(self.plan.text.clone()),
            seed: Some(self.plan.seed),
            started_at: self.since.map(|since| since.wall),
            running_for_s: self.since.map(running),
            faults: faults.collect(),
        }
    }
}

/// A socket's end, appointed when it opened or when the plan was started, whichever was later.
#[derive(Debug)]
pub(super) struct SocketCut {
    at: Instant,
    index: usize,
    schedule: Arc<Schedule>,
}

impl SocketCut {
    /// Completes when the socket is to be cut, and counts it.
    pub(super) async fn falls(&self) {
        sleep_until(self.at).await;
        self.schedule.has_struck(self.index);
    }
}

#[cfg(test)]
mod tests;
