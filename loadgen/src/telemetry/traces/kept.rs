//! Whose traces are kept, within bounds.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use engine::{clock::Anchor, record::FaultKind};
use serde::{Deserialize, Serialize};

use super::Seen;
use crate::run::{Kept, Traced};

/// Failed requests of one kind that one worker tells of; more are counted.
pub(super) const FAILED_OF_A_KIND: usize = 1_000;
/// Failed requests of one kind whose traces a run names.
const NAMED_OF_A_KIND: usize = 100;
/// Failed requests whose traces a run names.
const NAMED_FAILED: usize = 250;
/// Slow ones.
const NAMED_SLOWEST: usize = 200;
/// All of a scenario.
pub(super) const NAMED: usize = 500;

/// What a worker keeps, or several together.
#[derive(Debug)]
pub(super) struct Keeper {
    /// Of each route.
    slowest: usize,
    sampled: Vec<Arc<Seen>>,
    failed: BTreeMap<FaultKind, Failed>,
    slow: Vec<(&'static str, Vec<Arc<Seen>>)>,
}

#[derive(Debug, Default)]
struct Failed {
    all: u64,
    kept: Vec<Arc<Seen>>,
}

/// What was kept of a scenario.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) traces: Vec<Traced>,
    /// Failed requests that had a trace.
    failed: u64,
    /// Of these, such whose trace was not kept: there were too many.
    left_out: u64,
}

impl Keeper {
    pub(super) fn new(slowest: usize) -> Self {
        Self { slowest, sampled: Vec::new(), failed: BTreeMap::new(), slow: Vec::new() }
    }

    /// Whether there is room for one more that failed in this way; it is counted either way.
    pub(super) fn takes_failed(&mut self, kind: &FaultKind) -> bool {
        if let Some(known) = self.failed.get_mut(kind) {
            known.all += 1;
            return known.kept.len() < FAILED_OF_A_KIND;
        }
        self.failed.insert(kind.clone(), Failed { all: 1, kept: Vec::new() });
        true
    }

    /// Whether one that took so long is among the slowest so far.
    pub(super) fn takes_slow(&self, route: &'static str, took: Duration) -> bool {
        let known = self.slow.iter().find(|(known, _)| *known == route);
        let beats = |kept: &[Arc<Seen>]| kept.iter().any(|seen| seen.took() < took);
        self.slowest > 0 && known.is_none_or(|(_, kept)| kept.len() < self.slowest || beats(kept))
    }

    /// Keeps it, for whichever reasons hold.
    pub(super) fn keep(&mut self, seen: &Arc<Seen>) {
        match &seen.fault {
            Some(kind) if seen.told => {
                let failed = self.failed.entry(kind.clone()).or_default();
                if failed.kept.len() < FAILED_OF_A_KIND {
                    failed.kept.push(seen.clone());
                }
            }
            _ if seen.trace.sampled && self.sampled.len() < NAMED => self.sampled.push(seen.clone()),
            _ => {}
        }
        if self.takes_slow(seen.route, seen.took()) {
            self.keep_slow(seen.clone());
        }
    }

    fn keep_slow(&mut self, seen: Arc<Seen>) {
        let place = self.slow.iter().position(|(known, _)| *known == seen.route).unwrap_or_else(|| {
            self.slow.push((seen.route, Vec::new()));
            self.slow.len() - 1
        });
        let kept = &mut self.slow[place].1;
        if kept.len() >= self.slowest {
            let quickest = (0..kept.len()).min_by_key(|place| kept[*place].took());
            quickest.map(|place| kept.swap_remove(place));
        }
        kept.push(seen);
    }

    /// Both together.
    pub(super) fn merge(&mut self, other: Self) {
        self.sampled.extend(other.sampled);
        for (kind, theirs) in other.failed {
            let ours = self.failed.entry(kind).or_default();
            ours.all += theirs.all;
            ours.kept.extend(theirs.kept);
        }
        for seen in other.slow.into_iter().flat_map(|(_, kept)| kept) {
            if self.takes_slow(seen.route, seen.took()) {
                self.keep_slow(seen);
            }
        }
    }

    /// Those among the slowest that were not told of when they were done: nobody knew yet.
    pub(super) fn untold(&self) -> impl Iterator<Item = &Arc<Seen>> {
        self.slow.iter().flat_map(|(_, kept)| kept).filter(|seen| !seen.told)
    }

    pub(super) fn account(&self, anchor: &Anchor) -> Account {
        let failed = self.failed.values().flat_map(|failed| &failed.kept).map(|seen| (Kept::Failed, seen));
        let slow = self.slow.iter().flat_map(|(_, kept)| kept).map(|seen| (Kept::Slowest, seen));
        let sampled = self.sampled.iter().map(|seen| (Kept::Sampled, seen));
        let all = failed.chain(slow).chain(sampled).map(|(why, seen)| seen.traced(why, anchor));
        let counts = |failed: &Failed| (failed.all, failed.all.saturating_sub(failed.kept.len() as u64));
        let (failed, left_out) =
            self.failed.values().map(counts).fold((0, 0), |sum, n| (sum.0 + n.0, sum.1 + n.1));
        Account { traces: bounded(all.collect(), self.slowest), failed, left_out }
    }
}

impl Account {
    /// Several processes' together.
    pub(crate) fn merge(self, others: impl IntoIterator<Item = Self>, slowest: usize) -> Self {
        let mut all = self;
        for other in others {
            all.traces.extend(other.traces);
            all.failed += other.failed;
            all.left_out += other.left_out;
        }
        Self { traces: bounded(all.traces, slowest), ..all }
    }

    /// What a reader should know of it.
    pub(crate) fn note(&self) -> Option<String> {
        let Self { failed, left_out, .. } = self;
        (*left_out > 0).then(|| {
            format!("Of {failed} failed requests, {left_out} left no trace behind: of each kind a worker keeps the first {FAILED_OF_A_KIND}.")
        })
    }
}

/// Those that a run names: of the failed the first of each kind, of the slow the slowest of each route, then the first
/// that were sampled; each once, in the order in which they were due.
pub(super) fn bounded(mut all: Vec<Traced>, slowest: usize) -> Vec<Traced> {
    all.sort_by(|a, b| (a.due_unix_ms, &a.trace_id).cmp(&(b.due_unix_ms, &b.trace_id)));
    let of = |why: Kept| all.iter().filter(move |traced| traced.why == why);
    let mut named = HashSet::new();
    let mut chosen: Vec<&Traced> = Vec::new();

    let mut kinds: BTreeMap<&Option<FaultKind>, usize> = BTreeMap::new();
    for traced in of(Kept::Failed) {
        let of_kind = kinds.entry(&traced.fault).or_default();
        if *of_kind < NAMED_OF_A_KIND && chosen.len() < NAMED_FAILED && named.insert(&traced.trace_id) {
            *of_kind += 1;
            chosen.push(traced);
        }
    }
    let mut slow: Vec<&Traced> = of(Kept::Slowest).collect();
    slow.sort_by(|a, b| b.took_ms.total_cmp(&a.took_ms));
    let mut routes: BTreeMap<&str, usize> = BTreeMap::new();
    let room = chosen.len() + NAMED_SLOWEST;
    for traced in slow {
        let of_route = routes.entry(&traced.route).or_default();
        *of_route += 1;
        if *of_route <= slowest && chosen.len() < room && named.insert(&traced.trace_id) {
            chosen.push(traced);
        }
    }
    for traced in of(Kept::Sampled) {
        if chosen.len() < NAMED && named.insert(&traced.trace_id) {
            chosen.push(traced);
        }
    }
    let mut chosen: Vec<Traced> = chosen.into_iter().cloned().collect();
    chosen.sort_by(|a, b| (a.due_unix_ms, &a.trace_id).cmp(&(b.due_unix_ms, &b.trace_id)));
    chosen
}
