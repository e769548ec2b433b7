//! A series second by second, decoded once; and two of them, cut into blocks of the same moments.
//!
//! However long the runs are, both are bounded: see [`MOST_BLOCKS`].

mod pair;

use std::collections::BTreeMap;

use crate::{
    histogram::{self, HIGHEST_US},
    record::Column,
    run::TimingRun,
    stats::Block,
};

pub use pair::Pair;

/// Where a request without an answer ranks, microseconds: behind every latency there can be.
const NO_ANSWER_US: u64 = 2 * HIGHEST_US as u64;

/// The most blocks that two runs are cut into. A histogram has some 24 000 distinct values at most, so a [`Pair`] takes 70 MB
/// a side at worst; and that many blocks say as much of chance as any number.
pub const MOST_BLOCKS: u64 = 700;
/// The length of a block from which on one as long is cut into no finer moments: see [`Timeline::of`].
const USUAL_S: u64 = 5;
/// From so many values of one moment on, those that are equal are counted together.
const MANY: usize = 4_096;

/// How long the blocks of two runs over so many seconds are: `least_s`, doubled until there are [`MOST_BLOCKS`] at most.
pub fn block_length(least_s: u64, span_s: u64) -> u64 {
    let mut length_s = least_s.max(1);
    while span_s.div_ceil(length_s) > MOST_BLOCKS {
        length_s = length_s.saturating_mul(2);
    }
    length_s
}

/// What a series saw, by the second in which it was due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Values in microseconds, as fine as a histogram keeps them, and how many of each.
    values: BTreeMap<i64, Vec<(u64, u64)>>,
    /// Samples, and those that failed.
    outcomes: BTreeMap<i64, Block>,
}

impl Timeline {
    /// A column of a series. A second whose histogram cannot be read counts as unanswered: it must not vanish.
    ///
    /// What took longer than [`MOST_BLOCKS`] usual blocks is kept by moments of several seconds, as many as its blocks have
    /// times the usual length: no block ever cuts one of them.
    pub fn of(timing: &TimingRun, column: Column) -> Self {
        let mut all = Self::default();
        let cells = || timing.column(column).into_iter().flat_map(|column| &column.cells);
        let seconds = || cells().map(|cell| cell.second);
        let span_s = seconds()
            .max()
            .zip(seconds().min())
            .map_or(0, |(last, first)| last.abs_diff(first).saturating_add(1));
        let grain_s = i64::try_from(block_length(USUAL_S, span_s) / USUAL_S).unwrap_or(i64::MAX);
        for cell in cells() {
            let moment = cell.second.div_euclid(grain_s) * grain_s;
            match histogram::decode(&cell.hdr) {
                Some(decoded) => {
                    for step in decoded.iter_recorded() {
                        let us = decoded.median_equivalent(step.value_iterated_to());
                        all.add(moment, us, step.count_at_value());
                    }
                }
                None => all.add(moment, NO_ANSWER_US, cell.count),
            }
            all.add(moment, NO_ANSWER_US, cell.unanswered);
        }
        for second in &timing.outcomes {
            all.count(second.second, second.ok + second.failed, second.failed);
        }
        all
    }

    /// So many values of so many microseconds in a second.
    pub fn add(&mut self, second: i64, us: u64, n: u64) {
        if n > 0 {
            let values = self.values.entry(second).or_default();
            values.push((us, n));
            if values.len() >= MANY && values.len().is_power_of_two() {
                count_together(values);
            }
        }
    }

    /// So many samples in a second, so many of them failed.
    pub fn count(&mut self, second: i64, n: u64, failed: u64) {
        let block = self.outcomes.entry(second).or_default();
        block.n += n;
        block.bad += failed;
    }

    /// Adds all of another as what happened in one "second": a slice of an experiment is one block.
    pub fn add_slice(&mut self, second: i64, slice: &Self) {
        for &(us, n) in slice.values.values().flatten() {
            self.add(second, us, n);
        }
        let (n, failed) = slice.samples();
        self.count(second, n, failed);
    }

    /// Adds all of another, second by second: a group is its routes together.
    pub fn add_all(&mut self, other: &Self) {
        for (second, values) in &other.values {
            for (us, n) in values {
                self.add(*second, *us, *n);
            }
        }
        self.add_samples(other);
    }

    /// Adds the samples of another, without their values: those of a whole scenario are the sum over its endpoints.
    pub fn add_samples(&mut self, other: &Self) {
        for (second, block) in &other.outcomes {
            self.count(*second, block.n, block.bad);
        }
    }

    /// Samples in each of the first so many blocks of so many seconds.
    pub fn samples_by_block(&self, blocks: usize, length_s: u64) -> Vec<u64> {
        let length_s = i64::try_from(length_s.max(1)).unwrap_or(i64::MAX);
        let by_block = self.blocks(length_s);
        (0..).take(blocks).map(|block| by_block.get(&block).map_or(0, |block| block.n)).collect()
    }

    /// The first second in which there is anything.
    pub fn first(&self) -> Option<i64> {
        self.values.keys().chain(self.outcomes.keys()).min().copied()
    }

    /// The last second in which there is anything.
    pub fn last(&self) -> Option<i64> {
        self.values.keys().chain(self.outcomes.keys()).max().copied()
    }

    /// How many values there are, unanswered ones among them.
    pub fn values(&self) -> u64 {
        self.values.values().flatten().map(|(_, n)| n).sum()
    }

    /// Samples, and those that failed.
    pub fn samples(&self) -> (u64, u64) {
        self.outcomes.values().fold((0, 0), |(n, bad), block| (n + block.n, bad + block.bad))
    }

    /// Samples per block of so many seconds, blocks without any left out.
    fn blocks(&self, length_s: i64) -> BTreeMap<i64, Block> {
        let mut blocks: BTreeMap<i64, Block> = BTreeMap::new();
        for (second, block) in &self.outcomes {
            let sum = blocks.entry(second.div_euclid(length_s)).or_default();
            sum.n += block.n;
            sum.bad += block.bad;
        }
        blocks
    }
}

/// Equal values as one.
fn count_together(values: &mut Vec<(u64, u64)>) {
    values.sort_unstable();
    values.dedup_by(|(us, n), (kept, sum)| {
        let equal = us == kept;
        if equal {
            *sum += *n;
        }
        equal
    });
}

/// True for a percentile that fell among those who got no answer.
pub fn is_no_answer(ms: f64) -> bool {
    ms >= f64::from(HIGHEST_US) / 1e3
}

#[cfg(test)]
mod tests;
