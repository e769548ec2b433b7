//! Values as they are recorded: counted when they come, and kept in four bytes each until their second is closed.

use std::{sync::Arc, time::Duration};

use crate::{
    histogram::HIGHEST_US,
    record::{Column, TimingId},
};

/// What one column saw in one second.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    /// Limits whose exceedances are counted, nanoseconds, ascending.
    limits_ns: Arc<[u64]>,
    /// The values, rounded to what a histogram holds.
    pub(crate) us: Vec<u32>,
    /// Samples without an answer: over every limit.
    pub(crate) unanswered: u64,
    /// Samples that did not go well, unanswered ones among them.
    pub(crate) failed: u64,
    /// For each limit, how many took it or longer; unanswered ones left out.
    over: Vec<u64>,
    /// Of the values as they came, not as they are kept.
    pub(crate) sum_ns: u64,
    pub(crate) min_ns: u64,
    pub(crate) max_ns: u64,
    /// Values beyond the histogram's bounds, which were put at its upper bound.
    pub(crate) clamped: u64,
}

impl Values {
    pub(crate) fn new(limits_ns: Arc<[u64]>) -> Self {
        Self {
            us: Vec::new(),
            unanswered: 0,
            failed: 0,
            over: vec![0; limits_ns.len()],
            sum_ns: 0,
            min_ns: u64::MAX,
            max_ns: 0,
            clamped: 0,
            limits_ns,
        }
    }

    pub(crate) fn add(&mut self, nanos: u64) {
        self.sum_ns = self.sum_ns.wrapping_add(nanos);
        self.min_ns = self.min_ns.min(nanos);
        self.max_ns = self.max_ns.max(nanos);
        for (limit, over) in self.limits_ns.iter().zip(&mut self.over) {
            *over += u64::from(nanos >= *limit);
        }
        let us = nanos / 1_000 + u64::from(nanos % 1_000 >= 500);
        self.clamped += u64::from(us > u64::from(HIGHEST_US));
        self.us.push(u32::try_from(us).map_or(HIGHEST_US, |us| us.min(HIGHEST_US)));
    }

    /// How many there were, unanswered ones among them.
    pub(crate) fn total(&self) -> u64 {
        self.us.len() as u64 + self.unanswered
    }

    /// For each limit, how many took it or longer; unanswered ones among them.
    pub(crate) fn over(&self) -> impl Iterator<Item = u64> {
        self.over.iter().map(|over| over + self.unanswered)
    }

    /// Adds what another worker saw of the same column.
    pub(super) fn merge(&mut self, other: &Self) {
        self.us.extend_from_slice(&other.us);
        self.unanswered += other.unanswered;
        self.failed += other.failed;
        for (over, more) in self.over.iter_mut().zip(&other.over) {
            *over += more;
        }
        self.sum_ns = self.sum_ns.wrapping_add(other.sum_ns);
        self.min_ns = self.min_ns.min(other.min_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        self.clamped += other.clamped;
    }
}

/// The seconds of one column that are being filled: mostly one, since what is done now was mostly due now.
#[derive(Debug, Default)]
pub(super) struct Seconds {
    limits_ns: Arc<[u64]>,
    seconds: Vec<(i64, Values)>,
}

impl Seconds {
    /// The values of a second.
    pub(super) fn at(&mut self, second: i64) -> &mut Values {
        let known = self.seconds.iter().rposition(|(known, _)| *known == second);
        let place = known.unwrap_or_else(|| {
            self.seconds.push((second, Values::new(self.limits_ns.clone())));
            self.seconds.len() - 1
        });
        &mut self.seconds[place].1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seconds.is_empty()
    }

    /// How many values there are.
    pub(super) fn total(&self) -> u64 {
        self.seconds.iter().map(|(_, values)| values.total()).sum()
    }

    pub(super) fn seconds(&self) -> &[(i64, Values)] {
        &self.seconds
    }

    pub(super) fn into_seconds(self) -> impl Iterator<Item = (i64, Values)> {
        self.seconds.into_iter()
    }
}

/// The limits of every column of every series, nanoseconds, ascending.
#[derive(Clone, Debug)]
pub(super) struct Limits(Arc<[Arc<[u64]>]>);

impl Limits {
    /// Of so many series: these limits, by series and column.
    pub(super) fn new(series: usize, limits: &[(TimingId, Column, Duration)]) -> Self {
        let mut table = vec![Vec::new(); series * Column::ALL.len()];
        for (id, column, limit) in limits {
            if let Some(known) = table.get_mut(place(*id, *column)) {
                known.push(nanos(*limit));
            }
        }
        let sorted = table.into_iter().map(|mut limits: Vec<u64>| {
            limits.sort_unstable();
            limits.dedup();
            limits.into()
        });
        Self(sorted.collect())
    }

    /// Of each column of each series.
    pub(super) fn columns(&self) -> impl Iterator<Item = (usize, Column, &Arc<[u64]>)> {
        (0..).zip(&*self.0).map(|(place, limits)| {
            (place / Column::ALL.len(), Column::ALL[place % Column::ALL.len()], limits)
        })
    }
}

/// Every column of every series, as one worker fills them.
#[derive(Debug)]
pub(super) struct Times(Vec<Seconds>);

impl Times {
    pub(super) fn new(limits: &Limits) -> Self {
        let empty = |limits: &Arc<[u64]>| Seconds { limits_ns: limits.clone(), seconds: Vec::new() };
        Self(limits.0.iter().map(empty).collect())
    }

    /// The values of a column in a second.
    pub(super) fn at(&mut self, id: TimingId, column: Column, second: i64) -> &mut Values {
        self.0[place(id, column)].at(second)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(Seconds::is_empty)
    }

    /// What is there, by series and column.
    pub(super) fn into_columns(self) -> impl Iterator<Item = (usize, Column, Seconds)> {
        (0..)
            .zip(self.0)
            .map(|(place, seconds)| {
                (place / Column::ALL.len(), Column::ALL[place % Column::ALL.len()], seconds)
            })
            .filter(|(.., seconds)| !seconds.is_empty())
    }
}

fn place(id: TimingId, column: Column) -> usize {
    id.index() * Column::ALL.len() + column.place()
}

pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
