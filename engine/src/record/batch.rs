//! What a worker hands over once a second: values by column and second, and everything else it counted.

use std::collections::{BTreeMap, HashMap};

use crate::record::{
    CounterId, Fault, FaultKind, ShareId, TimingId,
    values::{Limits, Seconds, Times},
};

/// How many pieces of evidence are kept of each kind of failure and of each counter.
pub(crate) const EVIDENCE: usize = 5;
/// Evidence longer than this is cut: a body may be megabytes.
const EVIDENCE_CHARS: usize = 400;

/// One failure.
#[derive(Debug)]
pub(super) struct FaultSeen {
    pub(super) id: TimingId,
    pub(super) second: i64,
    pub(super) kind: FaultKind,
    pub(super) detail: Option<String>,
}

/// Users at it in one second, on one worker.
#[derive(Clone, Copy, Debug)]
pub(super) struct UsersSeen {
    pub(super) second: i64,
    pub(super) most: i64,
    pub(super) at_end: i64,
}

/// One worker's second.
#[derive(Debug)]
pub(super) struct Batch {
    /// Which recorder it is from.
    pub(super) recorder: usize,
    /// Labelled as warm-up: kept apart, not counted.
    pub(super) warm_up: bool,
    /// The second that is being filled.
    pub(super) open: i64,
    pub(super) times: Times,
    pub(super) faults: Vec<FaultSeen>,
    pub(super) shares: BTreeMap<(ShareId, i64), (u64, u64)>,
    pub(super) counts: BTreeMap<CounterId, (u64, Vec<String>)>,
    /// The generator's delay of each start.
    pub(super) starts: Seconds,
    pub(super) users: Vec<UsersSeen>,
    /// Arrivals that were given up.
    pub(super) dropped: u64,
    limits: Limits,
    level: i64,
    details_sent: HashMap<(TimingId, FaultKind), usize>,
    evidence_sent: HashMap<CounterId, usize>,
}

impl Batch {
    /// An empty batch; seconds before the first are below it.
    pub(super) fn new(recorder: usize, warm_up: bool, limits: Limits) -> Self {
        Self {
            recorder,
            warm_up,
            open: i64::MIN,
            times: Times::new(&limits),
            faults: Vec::new(),
            shares: BTreeMap::new(),
            counts: BTreeMap::new(),
            starts: Seconds::default(),
            users: Vec::new(),
            dropped: 0,
            limits,
            level: 0,
            details_sent: HashMap::new(),
            evidence_sent: HashMap::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.times.is_empty()
            && self.faults.is_empty()
            && self.shares.is_empty()
            && self.counts.is_empty()
            && self.starts.is_empty()
            && self.users.is_empty()
            && self.dropped == 0
    }

    /// Takes the contents, leaving what carries over: who it is, users present, evidence sent.
    pub(super) fn take(&mut self) -> Self {
        let next = Self {
            open: self.open,
            level: self.level,
            details_sent: std::mem::take(&mut self.details_sent),
            evidence_sent: std::mem::take(&mut self.evidence_sent),
            ..Self::new(self.recorder, self.warm_up, self.limits.clone())
        };
        std::mem::replace(self, next)
    }

    /// Takes back what [`Self::take`] gave, when it could not be handed over.
    pub(super) fn put_back(&mut self, mut full: Self) {
        full.details_sent = std::mem::take(&mut self.details_sent);
        full.evidence_sent = std::mem::take(&mut self.evidence_sent);
        *self = full;
    }

    pub(super) fn fault(&mut self, id: TimingId, second: i64, fault: &Fault) {
        let sent = self.details_sent.entry((id, fault.kind.clone())).or_default();
        let detail = (*sent < EVIDENCE).then(|| short(&fault.detail));
        *sent += usize::from(detail.is_some());
        self.faults.push(FaultSeen { id, second, kind: fault.kind.clone(), detail });
    }

    /// Counts; true when evidence of it is still wanted.
    pub(super) fn count(&mut self, id: CounterId, n: u64) -> bool {
        self.counts.entry(id).or_default().0 += n;
        self.evidence_sent.get(&id).is_none_or(|&sent| sent < EVIDENCE)
    }

    pub(super) fn keep(&mut self, id: CounterId, evidence: &str) {
        *self.evidence_sent.entry(id).or_default() += 1;
        self.counts.entry(id).or_default().1.push(short(evidence));
    }

    pub(super) fn users(&mut self, second: i64, change: i64) {
        let before = self.level;
        self.level += change;
        match self.users.last_mut() {
            Some(last) if last.second == second => {
                last.most = last.most.max(self.level);
                last.at_end = self.level;
            }
            _ => self.users.push(UsersSeen { second, most: before.max(self.level), at_end: self.level }),
        }
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(EVIDENCE_CHARS) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}
