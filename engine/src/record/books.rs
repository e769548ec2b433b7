//! The collector's books: values per open second, cells once it is closed.

use std::collections::{BTreeMap, btree_map::Entry};

use crate::{
    histogram::{Encoder, HIGHEST_US},
    record::{
        Column, CounterId, FaultKind, LiveCounter, Registry, Role, ShareId, Spread, Standing,
        batch::{Batch, EVIDENCE, FaultSeen, UsersSeen},
        totals::by_name,
        values::{Limits, Seconds, Values},
    },
    run::{Cell, ColumnRun, CounterRun, FaultRun, Outcomes, ShareRun, ShareSecond, TimingRun},
};

/// Kinds of failure kept apart in one series; what comes beyond is counted together.
pub(crate) const KINDS: usize = 64;

/// One column of one series.
#[derive(Debug, Default)]
pub(super) struct ColumnBook {
    /// Limits whose exceedances are counted, nanoseconds, ascending.
    limits_ns: Vec<u64>,
    /// So far: how many values (unanswered ones among them), and how many reached each limit.
    n: u64,
    over: Vec<u64>,
    spread: Spread,
    open: BTreeMap<i64, Values>,
    cells: Vec<Cell>,
}

impl ColumnBook {
    fn enter(&mut self, seconds: Seconds) {
        self.over.resize(self.limits_ns.len(), 0);
        for (second, values) in seconds.into_seconds() {
            self.n += values.total();
            self.spread.enter(&values);
            for (over, more) in self.over.iter_mut().zip(values.over()) {
                *over += more;
            }
            match self.open.entry(second) {
                Entry::Vacant(free) => drop(free.insert(values)),
                Entry::Occupied(mut known) => known.get_mut().merge(&values),
            }
        }
    }

    /// So far: values, and how many of them reached a limit that is counted.
    pub(super) fn standing(&self, limit_ns: u64) -> Standing {
        let place = self.limits_ns.binary_search(&limit_ns).ok();
        let bad = place.and_then(|place| self.over.get(place)).copied().unwrap_or(0);
        Standing { n: self.n, bad }
    }

    /// How they lie so far.
    pub(super) fn spread(&self) -> Spread {
        self.spread.clone()
    }

    /// The values of a second that is still open, microseconds.
    pub(super) fn open_second(&self, second: i64) -> &[u32] {
        self.open.get(&second).map_or(&[], |open| &open.us)
    }

    /// Turns seconds before `second` into cells.
    fn close(&mut self, second: i64, encoder: &mut Encoder) {
        while let Some(entry) = self.open.first_entry().filter(|entry| *entry.key() < second) {
            let (second, open) = entry.remove_entry();
            self.cells.push(encoder.cell_of(second, &open));
        }
    }

    pub(super) fn finish(mut self, column: Column, encoder: &mut Encoder) -> ColumnRun {
        self.close(i64::MAX, encoder);
        self.cells.sort_by_key(|cell| cell.second);
        ColumnRun { column, limits_ns: self.limits_ns, cells: self.cells }
    }
}

/// One timing series.
#[derive(Debug, Default)]
pub(super) struct TimingBook {
    columns: BTreeMap<Column, ColumnBook>,
    outcomes: BTreeMap<i64, (u64, u64)>,
    faults: BTreeMap<FaultKind, FaultBook>,
}

#[derive(Debug, Default)]
struct FaultBook {
    count: u64,
    seconds: BTreeMap<i64, u64>,
    evidence: Vec<String>,
}

impl TimingBook {
    fn enter(&mut self, column: Column, seconds: Seconds) {
        if column == Column::SinceDue {
            for (second, values) in seconds.seconds() {
                let (ok, failed) = self.outcomes.entry(*second).or_default();
                *ok += values.total() - values.failed;
                *failed += values.failed;
            }
        }
        self.columns.entry(column).or_default().enter(seconds);
    }

    fn fault(&mut self, seen: FaultSeen) {
        let room = self.faults.len() < KINDS || self.faults.contains_key(&seen.kind);
        let kind = if room { seen.kind } else { FaultKind::further() };
        let book = self.faults.entry(kind).or_default();
        book.count += 1;
        *book.seconds.entry(seen.second).or_default() += 1;
        if book.evidence.len() < EVIDENCE {
            book.evidence.extend(seen.detail);
        }
    }

    /// The values of a second of a column that is still open, microseconds.
    pub(super) fn open_second(&self, column: Column, second: i64) -> &[u32] {
        self.column(column).map_or(&[], |column| column.open_second(second))
    }

    pub(super) fn column(&self, column: Column) -> Option<&ColumnBook> {
        self.columns.get(&column)
    }

    /// Failures by kind so far.
    pub(super) fn faults_so_far(&self) -> BTreeMap<String, u64> {
        by_name(self.faults.iter().map(|(kind, book)| (kind, book.count)))
    }

    /// Went well, failed.
    pub(super) fn counts(&self) -> (u64, u64) {
        self.outcomes.values().fold((0, 0), |sum, second| (sum.0 + second.0, sum.1 + second.1))
    }
}

/// Everything one scenario (or its warm-up) has handed over.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) registry: Registry,
    pub(super) timings: Vec<TimingBook>,
    shares: Vec<BTreeMap<i64, (u64, u64)>>,
    counters: Vec<(u64, Vec<String>)>,
    pub(super) starts: ColumnBook,
    pub(super) started: u64,
    pub(super) dropped: u64,
    /// Per recorder, what it said of its users.
    users: BTreeMap<usize, Vec<UsersSeen>>,
    /// What endpoints were done with in the newest second, whenever it was due, microseconds since due; those
    /// without an answer at the histogram's upper bound.
    pub(super) done: (i64, Vec<u32>),
    encoder: Encoder,
}

impl Books {
    /// Books for these series, counting these limits.
    pub(super) fn new(registry: Registry, limits: &Limits) -> Self {
        let mut timings: Vec<TimingBook> = registry.timings.iter().map(|_| TimingBook::default()).collect();
        for (series, column, limits) in limits.columns().filter(|(.., limits)| !limits.is_empty()) {
            timings[series].columns.entry(column).or_default().limits_ns = limits.to_vec();
        }
        Self {
            timings,
            shares: vec![BTreeMap::new(); registry.shares.len()],
            counters: vec![(0, Vec::new()); registry.counters.len()],
            starts: ColumnBook::default(),
            started: 0,
            dropped: 0,
            users: BTreeMap::new(),
            done: (i64::MIN, Vec::new()),
            encoder: Encoder::new(),
            registry,
        }
    }

    /// Enters what a worker handed over.
    pub(super) fn enter(&mut self, batch: Batch) {
        if batch.open > self.done.0 {
            self.done = (batch.open, Vec::new());
        }
        for (series, column, seconds) in batch.times.into_columns() {
            let endpoint = self.registry.timings[series].1 == Role::Endpoint;
            if endpoint && column == Column::SinceDue && batch.open == self.done.0 {
                for (_, values) in seconds.seconds() {
                    self.done.1.extend_from_slice(&values.us);
                    let unanswered = usize::try_from(values.unanswered).unwrap_or(usize::MAX);
                    self.done.1.extend(std::iter::repeat_n(HIGHEST_US, unanswered));
                }
            }
            self.timings[series].enter(column, seconds);
        }
        for seen in batch.faults {
            self.timings[seen.id.index()].fault(seen);
        }
        for ((id, second), (good, bad)) in batch.shares {
            let entry = self.shares[id.index()].entry(second).or_default();
            entry.0 += good;
            entry.1 += bad;
        }
        for (id, (n, evidence)) in batch.counts {
            let (total, kept) = &mut self.counters[id.index()];
            *total += n;
            kept.extend(evidence.into_iter().take(EVIDENCE.saturating_sub(kept.len())));
        }
        self.started += batch.starts.total();
        self.dropped += batch.dropped;
        self.starts.enter(batch.starts);
        self.users.entry(batch.recorder).or_default().extend(batch.users);
    }

    /// Closes every second before `second`. What comes later for one of these gets a cell of its own.
    pub(super) fn close(&mut self, second: i64) {
        let columns = self.timings.iter_mut().flat_map(|timing| timing.columns.values_mut());
        for column in columns.chain([&mut self.starts]) {
            column.close(second, &mut self.encoder);
        }
    }

    /// Good ones and bad ones of a share so far.
    pub(super) fn share(&self, id: ShareId) -> (u64, u64) {
        self.shares[id.index()].values().fold((0, 0), |sum, n| (sum.0 + n.0, sum.1 + n.1))
    }

    /// All counters so far.
    pub(super) fn counters_so_far(&self) -> impl Iterator<Item = LiveCounter> {
        let named = self.registry.counters.iter().zip(&self.counters);
        named.map(|(name, (total, _))| LiveCounter { name: name.clone(), total: *total })
    }

    /// A counter so far.
    pub(super) fn counter(&self, id: CounterId) -> u64 {
        self.counters[id.index()].0
    }

    /// Users there now, over all recorders.
    pub(super) fn users_now(&self) -> u64 {
        let last = |seen: &Vec<UsersSeen>| seen.last().map_or(0, |last| last.at_end);
        self.users.values().map(last).sum::<i64>().max(0).cast_unsigned()
    }

    /// The most users of each second: each recorder's, carried on through seconds without a change.
    fn users(&self) -> Vec<(i64, u64)> {
        let seconds = || self.users.values().flatten().map(|seen| seen.second);
        let (Some(first), Some(last)) = (seconds().min(), seconds().max()) else { return Vec::new() };
        let mut total = vec![0_i64; usize::try_from(last - first + 1).unwrap_or(0)];
        for seen in self.users.values() {
            let (mut level, mut steps) = (0, seen.iter().peekable());
            for (second, sum) in (first..).zip(&mut total) {
                let mut most = level;
                while let Some(step) = steps.next_if(|step| step.second <= second) {
                    most = most.max(step.most);
                    level = step.at_end;
                }
                *sum += most;
            }
        }
        (first..).zip(total.into_iter().map(|users| users.max(0).cast_unsigned())).collect()
    }

    /// Closes the books.
    pub(super) fn finish(self) -> Finished {
        let users = self.users();
        let mut encoder = self.encoder;
        let named = self.registry.timings.into_iter().zip(self.timings);
        let timings = named
            .map(|((name, role), book)| TimingRun {
                name,
                role,
                columns: (book.columns.into_iter())
                    .map(|(column, book)| book.finish(column, &mut encoder))
                    .filter(|column| !column.cells.is_empty())
                    .collect(),
                outcomes: (book.outcomes.into_iter())
                    .map(|(second, (ok, failed))| Outcomes { second, ok, failed })
                    .collect(),
                faults: book.faults.into_iter().map(|(kind, book)| fault_run(kind, book)).collect(),
            })
            .collect();
        let shares = self.registry.shares.into_iter().zip(self.shares);
        let counters = self.registry.counters.into_iter().zip(self.counters);
        Finished {
            timings,
            shares: shares.map(|(name, seconds)| share_run(name, seconds)).collect(),
            counters: counters
                .map(|(name, (total, evidence))| CounterRun { name, total, evidence })
                .collect(),
            starts: self.starts.finish(Column::Lateness, &mut encoder),
            users,
        }
    }
}

fn fault_run(kind: FaultKind, book: FaultBook) -> FaultRun {
    FaultRun { kind, count: book.count, seconds: book.seconds.into_iter().collect(), evidence: book.evidence }
}

fn share_run(name: String, seconds: BTreeMap<i64, (u64, u64)>) -> ShareRun {
    let seconds = seconds.into_iter().map(|(second, (good, bad))| ShareSecond { second, good, bad });
    ShareRun { name, seconds: seconds.collect() }
}

/// Closed books.
pub(super) struct Finished {
    pub(super) timings: Vec<TimingRun>,
    pub(super) shares: Vec<ShareRun>,
    pub(super) counters: Vec<CounterRun>,
    pub(super) starts: ColumnRun,
    pub(super) users: Vec<(i64, u64)>,
}
