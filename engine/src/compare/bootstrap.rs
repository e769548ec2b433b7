//! How far a difference between two runs would scatter if they were made again: the block bootstrap.
//!
//! Neighbouring requests are not independent, so whole blocks of seconds are drawn, with replacement (Künsch, *Annals
//! of Statistics* 17, 1989), and of both runs the blocks of the same moments: what the plan makes of a moment (a
//! ramp, a burst) is then no scatter. Bootstraps of few blocks are too sure of themselves: intervals are the expanded
//! percentile intervals, and p-values are never below Student's (Hesterberg, *The American Statistician* 69, 2015).

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::timeline::Pair;

/// How often blocks are drawn again.
pub const DRAWS: usize = 2_000;

/// How blocks are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draws {
    /// How often.
    pub count: usize,
    /// From which seed: equal seeds draw equal blocks.
    pub seed: u64,
}

impl Default for Draws {
    fn default() -> Self {
        Self { count: DRAWS, seed: 42 }
    }
}

/// A figure of two runs, and their difference with what chance makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The first run's.
    pub a: f64,
    /// The second's.
    pub b: f64,
    /// Lower end of the difference's 95 % interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// How often chance alone would make a difference as large, or larger, either way.
    pub p: f64,
}

impl Estimate {
    /// The second run's less the first's.
    pub fn difference(&self) -> f64 {
        self.b - self.a
    }

    /// Half the length of the interval.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// The same of the negated figures: what should be large, seen as what should be small.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self { a: -self.a, b: -self.b, low: -self.high, high: -self.low, p: self.p }
    }

    /// From the figures and what drawing blocks again made of their difference.
    fn new(a: f64, b: f64, blocks: usize, mut differences: Vec<f64>) -> Self {
        let difference = b - a;
        differences.sort_unstable_by(f64::total_cmp);
        let tail = expanded_tail(blocks);
        let last = differences.len().saturating_sub(1);
        let cut = ((tail * differences.len() as f64) as usize).min(last / 2);
        let end = |place: usize| differences.get(place).copied().unwrap_or(difference);
        let (low, high) = (end(cut).min(difference), end(last - cut).max(difference));
        Self { a, b, low, high, p: p_value(difference, blocks, &differences) }
    }
}

/// How the blocks of one series are drawn: the same for every figure of it.
#[derive(Debug)]
struct Urn {
    rng: ChaCha8Rng,
    weights: Vec<u32>,
}

impl Urn {
    fn new(draws: Draws, blocks: usize) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(draws.seed), weights: vec![0; blocks] }
    }

    /// How often each block was drawn this time.
    fn draw(&mut self) -> &[u32] {
        self.weights.fill(0);
        let blocks = self.weights.len() as u64;
        for _ in 0..blocks {
            // The high half of a product: as good as uniform for a number of blocks far below 2^32.
            let place = (u64::from(self.rng.next_u32()) * blocks) >> 32;
            self.weights[place as usize] += 1;
        }
        &self.weights
    }
}

/// The differences of these percentiles (0.95), milliseconds; `None` where one side has no values.
pub fn quantiles<const N: usize>(pair: &Pair, quantiles: [f64; N], draws: Draws) -> Option<[Estimate; N]> {
    let [a, b] = pair.observed(quantiles)?;
    let mut differences = [const { Vec::<f64>::new() }; N];
    for all in &mut differences {
        all.reserve(draws.count);
    }
    let mut urn = Urn::new(draws, pair.blocks());
    for _ in 0..draws.count {
        // A draw that leaves one side without a value says nothing.
        if let Some([a, b]) = pair.quantiles(urn.draw(), quantiles) {
            for (place, all) in differences.iter_mut().enumerate() {
                all.push(b[place] - a[place]);
            }
        }
    }
    let mut differences = differences.into_iter();
    Some(std::array::from_fn(|place| {
        Estimate::new(a[place], b[place], pair.blocks(), differences.next().unwrap_or_default())
    }))
}

/// The difference of two rates: events a second, from how many there were in each block of so many seconds.
pub fn rates(a: &[u64], b: &[u64], length_s: f64, draws: Draws) -> Option<Estimate> {
    let blocks = a.len().min(b.len());
    let seconds = blocks as f64 * length_s;
    if blocks == 0 || seconds <= 0.0 {
        return None;
    }
    let rate = |side: &[u64], weights: &[u32]| {
        side.iter().zip(weights).map(|(n, weight)| *n as f64 * f64::from(*weight)).sum::<f64>() / seconds
    };
    let once = vec![1; blocks];
    let mut urn = Urn::new(draws, blocks);
    let differences = (0..draws.count).map(|_| {
        let weights = urn.draw();
        rate(b, weights) - rate(a, weights)
    });
    Some(Estimate::new(rate(a, &once), rate(b, &once), blocks, differences.collect()))
}

/// How much is cut off each end of the bootstrap's distribution for a 95 % interval: 2.5 % of many blocks, less of
/// few (Hesterberg's expanded percentile interval).
fn expanded_tail(blocks: usize) -> f64 {
    let Some(student) = student(blocks) else { return 0.0 };
    let n = blocks as f64;
    let t = student.inverse_cdf(0.975);
    Normal::standard().cdf(-t * (n / (n - 1.0)).sqrt())
}

/// Student's t with one degree of freedom less than there are blocks.
fn student(blocks: usize) -> Option<StudentsT> {
    StudentsT::new(0.0, 1.0, blocks.checked_sub(1)? as f64).ok()
}

/// Two-sided: the share of draws that scatter as far from the difference as it is from zero, at least one of them
/// counted, and never below what Student's t says of that scatter.
fn p_value(difference: f64, blocks: usize, differences: &[f64]) -> f64 {
    if difference == 0.0 {
        return 1.0;
    }
    let far = |drawn: &&f64| (**drawn - difference).abs() >= difference.abs();
    let share = (1 + differences.iter().filter(far).count()) as f64 / (differences.len() + 1) as f64;
    let n = blocks as f64;
    let mean = differences.iter().sum::<f64>() / differences.len().max(1) as f64;
    let squares: f64 = differences.iter().map(|drawn| (drawn - mean).powi(2)).sum();
    let error = (squares / differences.len().saturating_sub(1).max(1) as f64 * n / (n - 1.0)).sqrt();
    let students = match student(blocks) {
        None => 1.0,
        Some(_) if error == 0.0 => 0.0,
        Some(student) => 2.0 * student.cdf(-difference.abs() / error),
    };
    share.max(students).min(1.0)
}

#[cfg(test)]
mod tests;
