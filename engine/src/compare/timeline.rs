//! A series second by second, decoded once; and two of them, cut into blocks of the same moments.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    histogram::{self, HIGHEST_US},
    record::Column,
    run::TimingRun,
    stats::{self, Block},
};

/// Where a request without an answer ranks, microseconds: behind every latency there can be.
const NO_ANSWER_US: u64 = 2 * HIGHEST_US as u64;

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
    pub fn of(timing: &TimingRun, column: Column) -> Self {
        let mut all = Self::default();
        for cell in timing.column(column).iter().flat_map(|column| &column.cells) {
            match histogram::decode(&cell.hdr) {
                Some(decoded) => {
                    for step in decoded.iter_recorded() {
                        let us = decoded.median_equivalent(step.value_iterated_to());
                        all.add(cell.second, us, step.count_at_value());
                    }
                }
                None => all.add(cell.second, NO_ANSWER_US, cell.count),
            }
            all.add(cell.second, NO_ANSWER_US, cell.unanswered);
        }
        for second in &timing.outcomes {
            all.count(second.second, second.ok + second.failed, second.failed);
        }
        all
    }

    /// So many values of so many microseconds in a second.
    pub fn add(&mut self, second: i64, us: u64, n: u64) {
        if n > 0 {
            self.values.entry(second).or_default().push((us, n));
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

/// Two timelines in blocks of the same moments of the plan, ready to be drawn from.
///
/// For every value that occurs and every block it is known how many were at or below it, so the percentile of any
/// multiset of blocks takes a few sums, not a merge of histograms.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Every value that occurs on either side, ascending.
    bins: Vec<u64>,
    /// How many blocks.
    blocks: usize,
    /// What each side has.
    sides: [Side; 2],
}

/// One side of a [`Pair`].
#[derive(Clone, Debug)]
struct Side {
    /// By bin, then by block: how many values are in this bin or below.
    at_or_below: Vec<u32>,
    /// Samples by block.
    outcomes: Vec<Block>,
}

impl Pair {
    /// Cut into blocks of so many seconds. Blocks that are empty on both sides are left out.
    pub fn new(a: &Timeline, b: &Timeline, length_s: u64) -> Self {
        let length_s = i64::try_from(length_s.max(1)).unwrap_or(i64::MAX);
        let both = || [a, b].into_iter();
        let blocks_with_any: BTreeSet<i64> =
            both().flat_map(|side| side.values.keys().map(|second| second.div_euclid(length_s))).collect();
        let places: BTreeMap<i64, usize> = blocks_with_any.into_iter().zip(0..).collect();
        let bins: BTreeSet<u64> =
            both().flat_map(|side| side.values.values().flatten().map(|(us, _)| *us)).collect();
        let bins: Vec<u64> = bins.into_iter().collect();
        let sides = [a, b].map(|side| Side::new(side, length_s, &places, &bins));
        Self { bins, blocks: places.len(), sides }
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// How many blocks have values on both sides.
    pub fn full_blocks(&self) -> usize {
        let has = |side: &Side, block: usize| side.total_row(self.blocks).get(block).is_some_and(|n| *n > 0);
        (0..self.blocks).filter(|block| self.sides.iter().all(|side| has(side, *block))).count()
    }

    /// Samples by block, of both sides.
    pub fn outcomes(&self) -> [&[Block]; 2] {
        [&self.sides[0].outcomes, &self.sides[1].outcomes]
    }

    /// These percentiles (0.95), milliseconds, of each side, each block counting as often as its weight says.
    /// `None` where a side has no value at all.
    pub fn quantiles<const N: usize>(&self, weights: &[u32], quantiles: [f64; N]) -> Option<[[f64; N]; 2]> {
        let of = |side: &Side| side.quantiles(&self.bins, self.blocks, weights, quantiles);
        Some([of(&self.sides[0])?, of(&self.sides[1])?])
    }

    /// The same, of all blocks as they are.
    pub fn observed<const N: usize>(&self, quantiles: [f64; N]) -> Option<[[f64; N]; 2]> {
        let [a, b] = self.observed_apart(quantiles);
        Some([a?, b?])
    }

    /// The same, where a side without values takes nothing from the other.
    pub fn observed_apart<const N: usize>(&self, quantiles: [f64; N]) -> [Option<[f64; N]>; 2] {
        let once = vec![1; self.blocks];
        let of = |side: &Side| side.quantiles(&self.bins, self.blocks, &once, quantiles);
        [of(&self.sides[0]), of(&self.sides[1])]
    }
}

/// True for a percentile that fell among those who got no answer.
pub fn is_no_answer(ms: f64) -> bool {
    ms >= f64::from(HIGHEST_US) / 1e3
}

impl Side {
    fn new(timeline: &Timeline, length_s: i64, places: &BTreeMap<i64, usize>, bins: &[u64]) -> Self {
        let blocks = places.len();
        let mut at_or_below = vec![0_u32; bins.len() * blocks];
        for (second, values) in &timeline.values {
            let Some(block) = places.get(&second.div_euclid(length_s)) else { continue };
            for (us, n) in values {
                let Ok(bin) = bins.binary_search(us) else { continue };
                let cell = &mut at_or_below[bin * blocks + block];
                *cell = cell.saturating_add(u32::try_from(*n).unwrap_or(u32::MAX));
            }
        }
        for place in blocks..at_or_below.len() {
            at_or_below[place] = at_or_below[place].saturating_add(at_or_below[place - blocks]);
        }
        let by_block = timeline.blocks(length_s);
        let outcomes = places.keys().map(|block| by_block.get(block).copied().unwrap_or_default());
        Self { at_or_below, outcomes: outcomes.collect() }
    }

    /// By block, how many values there are.
    fn total_row(&self, blocks: usize) -> &[u32] {
        &self.at_or_below[self.at_or_below.len().saturating_sub(blocks)..]
    }

    fn quantiles<const N: usize>(
        &self,
        bins: &[u64],
        blocks: usize,
        weights: &[u32],
        quantiles: [f64; N],
    ) -> Option<[f64; N]> {
        let n = weighted(self.total_row(blocks), weights);
        if n == 0 {
            return None;
        }
        Some(quantiles.map(|q| {
            let rank = stats::nearest_rank(n, q);
            let (mut low, mut high) = (0, bins.len() - 1);
            while low < high {
                let middle = usize::midpoint(low, high);
                let row = &self.at_or_below[middle * blocks..(middle + 1) * blocks];
                if weighted(row, weights) >= rank {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            bins[low] as f64 / 1e3
        }))
    }
}

fn weighted(row: &[u32], weights: &[u32]) -> u64 {
    let mut sum = 0;
    for (n, weight) in row.iter().zip(weights) {
        sum += u64::from(*n) * u64::from(*weight);
    }
    sum
}

#[cfg(test)]
mod tests;
