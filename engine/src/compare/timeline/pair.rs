//! Two timelines, cut into blocks of the same moments.

use std::collections::{BTreeMap, BTreeSet};

use super::Timeline;
use crate::stats::{self, Block};

/// Two timelines in blocks of the same moments of the plan, ready to be drawn from.
///
/// For every value that occurs and every block it is known how many were at or below it, so the percentile of any
/// multiset of blocks takes a few sums, not a merge of histograms. That takes four bytes for each value, block and side:
/// [`block_length`](super::block_length) says how long blocks must be for there not to be too many.
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
    /// Cut into blocks of so many seconds (see [`block_length`](super::block_length)). Blocks that are empty on both sides are left out.
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
