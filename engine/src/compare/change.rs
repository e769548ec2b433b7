//! Where a history changed: E-divisive (Matteson & James, *JASA* 109, 2014), its points tested by Student's t as Apache
//! Otava does, rather than by permutations: a history is short, and its answer should not depend on a seed.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// The shortest history of which anything is said.
pub const LEAST_RUNS: usize = 10;
/// The fewest runs on either side of a change.
pub const LEAST_SIDE: usize = 3;

/// A change in a history.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangePoint {
    /// The place of the first value after it.
    pub at: usize,
    /// The mean since the change before it.
    pub before: f64,
    /// The mean until the change after it.
    pub after: f64,
    /// Student's, two-sided.
    pub p: f64,
}

impl ChangePoint {
    /// The change as a share of what was before.
    pub fn share(&self) -> f64 {
        if self.before == 0.0 { f64::INFINITY } else { (self.after - self.before) / self.before }
    }
}

/// Every change whose p-value is below `p_value`, in order. None in a history shorter than [`LEAST_RUNS`].
pub fn points(values: &[f64], p_value: f64) -> Vec<ChangePoint> {
    if values.len() < LEAST_RUNS {
        return Vec::new();
    }
    let mut at = Vec::new();
    divide(values, 0, p_value, &mut at);
    at.sort_unstable();
    prune(values, at, p_value)
}

/// Splits at the best place, and what is on either side of it, as long as the split is more than chance.
fn divide(values: &[f64], offset: usize, p_value: f64, at: &mut Vec<usize>) {
    let Some(split) = best_split(values) else { return };
    let (left, right) = values.split_at(split);
    if student(left, right) < p_value {
        at.push(offset + split);
        divide(left, offset, p_value, at);
        divide(right, offset + split, p_value, at);
    }
}

/// The split with the largest energy distance between its sides, weighted by their sizes.
///
/// With `W` the sums of distances within a side and `C` across, of `m` and `n` values:
/// `m n / (m + n) · (2 C / (m n) − W_l / (m choose 2) − W_r / (n choose 2))`. One value moves over at each step.
fn best_split(values: &[f64]) -> Option<usize> {
    let distance_to = |from: &[f64], value: f64| from.iter().map(|x| (x - value).abs()).sum::<f64>();
    let total: f64 = (0..values.len()).map(|i| distance_to(&values[..i], values[i])).sum();
    let (mut left, mut right) = (0.0, total);
    let mut best: Option<(f64, usize)> = None;
    for split in 1..values.len() {
        let moved = values[split - 1];
        left += distance_to(&values[..split - 1], moved);
        right -= distance_to(&values[split..], moved);
        let (m, n) = (split as f64, (values.len() - split) as f64);
        if split < LEAST_SIDE || values.len() - split < LEAST_SIDE {
            continue;
        }
        let across = total - left - right;
        let pairs = |k: f64| k * (k - 1.0) / 2.0;
        let energy = m * n / (m + n) * (2.0 * across / (m * n) - left / pairs(m) - right / pairs(n));
        if best.is_none_or(|(most, _)| energy > most) {
            best = Some((energy, split));
        }
    }
    best.map(|(_, split)| split)
}

/// Leaves out what is no change between its neighbours: a split that only served to find a better one.
fn prune(values: &[f64], mut at: Vec<usize>, p_value: f64) -> Vec<ChangePoint> {
    loop {
        let found = between(values, &at);
        let weakest = found.iter().enumerate().max_by(|(_, a), (_, b)| a.p.total_cmp(&b.p));
        match weakest {
            Some((place, point)) if point.p >= p_value => drop(at.remove(place)),
            _ => return found,
        }
    }
}

/// The changes at these places, each against its neighbours.
fn between(values: &[f64], at: &[usize]) -> Vec<ChangePoint> {
    let ends = at.iter().copied().skip(1).chain([values.len()]);
    let starts = [0].into_iter().chain(at.iter().copied());
    let point = |((start, &at), end): ((usize, &usize), usize)| {
        let (left, right) = (&values[start..at], &values[at..end]);
        ChangePoint { at, before: mean(left), after: mean(right), p: student(left, right) }
    };
    starts.zip(at).zip(ends).map(point).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The two-sided p-value of Student's t-test for two samples of one variance.
fn student(left: &[f64], right: &[f64]) -> f64 {
    let (mean_l, mean_r) = (mean(left), mean(right));
    let squares = |side: &[f64], mean: f64| side.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let (m, n) = (left.len() as f64, right.len() as f64);
    let freedom = m + n - 2.0;
    let error = ((squares(left, mean_l) + squares(right, mean_r)) / freedom * (1.0 / m + 1.0 / n)).sqrt();
    let difference = (mean_l - mean_r).abs();
    // Values that do not scatter at all: any difference beyond rounding is one.
    if error <= 1e-12 * mean_l.abs().max(mean_r.abs()) {
        return if difference <= 1e-9 * mean_l.abs().max(mean_r.abs()) { 1.0 } else { 0.0 };
    }
    StudentsT::new(0.0, 1.0, freedom).map_or(1.0, |t| 2.0 * t.cdf(-difference / error))
}

#[cfg(test)]
mod tests;
