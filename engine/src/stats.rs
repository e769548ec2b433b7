//! The formulas, with their sources.
//!
//! Confidence is 95 % throughout: one-sided for goals, two-sided for intervals that are shown.

use statrs::{
    distribution::{ContinuousCDF, Normal},
    function::gamma::ln_gamma,
};

/// One-sided confidence of a verdict.
pub const CONFIDENCE: f64 = 0.95;
/// What a verdict may err by.
const ALPHA: f64 = 1.0 - CONFIDENCE;

/// The regularised incomplete beta function `I_x(a, b)`, by its continued fraction (Lentz's method;
/// Press et al., *Numerical Recipes*, 3rd ed., §6.4).
///
/// `statrs` has it too, but stops silently after 140 terms; the fraction needs `O(√max(a, b))` of
/// them, and a page load makes millions of requests.
pub fn beta_regularized(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_regularized(b, a, 1.0 - x);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp() / a;
    front_times_fraction(front, a, b, x).clamp(0.0, 1.0)
}

/// `front` times the continued fraction of the incomplete beta function.
fn front_times_fraction(front: f64, a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = f64::MIN_POSITIVE * 1e16;
    let away_from_zero = |y: f64| if y.abs() < TINY { TINY } else { y };
    let mut upper = 1.0;
    let mut lower = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = lower;
    let terms = 200 + (20.0 * a.max(b).sqrt()) as u32;
    for m in (1..=terms).map(f64::from) {
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for term in [even, odd] {
            lower = 1.0 / away_from_zero(1.0 + term * lower);
            upper = away_from_zero(1.0 + term / upper);
            fraction *= upper * lower;
        }
        if (fraction - before).abs() <= 1e-15 * fraction.abs() {
            break;
        }
    }
    front * fraction
}

/// `P(X ≤ k)` for `X` binomial with `n` draws of probability `p`; `I_{1−p}(n−k, k+1)` (Abramowitz &
/// Stegun 26.5.24). Fractions of draws are allowed: a sample may count as less than it is.
pub fn binomial_cdf(k: f64, n: f64, p: f64) -> f64 {
    if k < 0.0 {
        0.0
    } else if k >= n {
        1.0
    } else {
        beta_regularized(n - k, k + 1.0, 1.0 - p)
    }
}

/// True when `bad` of `n` show, with 95 % confidence, a true share below `limit`: the upper
/// Clopper–Pearson bound is below it, that is `P(X ≤ bad | n, limit) < 5 %` (Clopper & Pearson,
/// *Biometrika* 26, 1934).
pub fn shown_below(bad: f64, n: f64, limit: f64) -> bool {
    bad < n && binomial_cdf(bad, n, limit) < ALPHA
}

/// True when `bad` of `n` show a true share above `limit`: the lower bound is above it, that is
/// `P(X ≥ bad | n, limit) < 5 %`.
pub fn shown_above(bad: f64, n: f64, limit: f64) -> bool {
    // P(X ≥ k) = I_p(k, n−k+1), without the cancellation of 1 − P(X ≤ k−1).
    bad > 0.0 && beta_regularized(bad, n - bad + 1.0, limit) < ALPHA
}

/// The one-sided 95 % Clopper–Pearson bounds, lower and upper, of a share of `bad` among `n`.
pub fn clopper_pearson(bad: f64, n: f64) -> (f64, f64) {
    let low = if bad <= 0.0 { 0.0 } else { boundary(|limit| shown_above(bad, n, limit)) };
    let high = if bad >= n { 1.0 } else { boundary(|limit| !shown_below(bad, n, limit)) };
    (low, high)
}

/// Where a predicate that holds near 0 stops holding on its way to 1, by bisection.
fn boundary(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The smallest sample with which a share below `limit` can be shown at all, that is with none bad:
/// the least `n` with `(1 − limit)ⁿ < 5 %`. 59 for p95, 299 for p99.
pub fn smallest_sample(limit: f64) -> u64 {
    if limit <= 0.0 {
        return u64::MAX;
    }
    if limit >= 1.0 {
        return 1;
    }
    let estimate = (ALPHA.ln() / (-limit).ln_1p()).floor().max(1.0) as u64;
    // The logarithms may be off by one either way.
    let shown = |n: &u64| shown_below(0.0, *n as f64, limit);
    (estimate.saturating_sub(1).max(1)..estimate + 3).find(shown).unwrap_or(u64::MAX)
}

/// The most that may be bad among `n` for a share below `limit` to be shown; `None` when not even
/// none would do.
pub fn most_bad(n: u64, limit: f64) -> Option<u64> {
    let shown = |bad: u64| shown_below(bad as f64, n as f64, limit);
    if !shown(0) {
        return None;
    }
    let (mut low, mut high) = (0, n);
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        *(if shown(middle) { &mut low } else { &mut high }) = middle;
    }
    Some(low)
}

/// How many more observations would decide, if they were bad in the same proportion as the `bad` of
/// `n` so far; `None` when a hundred million would not (the share is too close to the limit).
pub fn more_needed(bad: f64, n: f64, limit: f64) -> Option<u64> {
    const MOST: f64 = 1e8;
    let share = if n > 0.0 { bad / n } else { 0.0 };
    let decided = |total: f64| {
        let bad = share * total;
        shown_below(bad, total, limit) || shown_above(bad, total, limit)
    };
    let (mut low, mut high) = (n.max(1.0), n.max(1.0));
    while !decided(high) {
        low = high;
        high *= 2.0;
        if high > MOST {
            return None;
        }
    }
    while high - low > 1.0 {
        let middle = f64::midpoint(low, high);
        *(if decided(middle) { &mut high } else { &mut low }) = middle;
    }
    Some((high - n).ceil().max(1.0) as u64)
}

/// The rank, from 1, of the `q`-quantile of `n` values: the smallest with at least `q·n` values at
/// or below it.
pub fn nearest_rank(n: u64, q: f64) -> u64 {
    // A billionth below, so that 0.95 · 100 is rank 95 whichever way it was rounded.
    ((n as f64 * q - 1e-9).ceil() as u64).clamp(1, n.max(1))
}

/// Ranks `(l, u)` whose values enclose the true `q`-quantile with at least 95 % confidence, whatever
/// the distribution: `P(X < l) ≤ 2.5 %` and `P(X ≥ u) ≤ 2.5 %` for `X` binomial `(n, q)` (Conover,
/// *Practical Nonparametric Statistics*, §3.2). `None` on a side where the sample is too small.
pub fn quantile_ranks(n: u64, q: f64) -> (Option<u64>, Option<u64>) {
    let tail = ALPHA / 2.0;
    let below = |rank: u64| binomial_cdf(rank as f64 - 1.0, n as f64, q);
    // `below` rises with the rank: the largest rank with at most the tail below it …
    let low = last_rank(n, |rank| below(rank) <= tail);
    // … and the smallest with all but the tail.
    let high = last_rank(n, |rank| below(rank) < 1.0 - tail).map_or(1, |rank| rank + 1);
    (low, (high <= n).then_some(high))
}

/// The last rank in `1..=n` for which a predicate holds that, once false, stays so.
fn last_rank(n: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    let (mut low, mut high) = (0, n + 1);
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        *(if holds(middle) { &mut low } else { &mut high }) = middle;
    }
    (low > 0).then_some(low)
}

/// One stretch of a sample: how many observations, how many of them bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Observations.
    pub n: u64,
    /// Bad ones.
    pub bad: u64,
}

/// How much less a sample says than as many independent observations would: the variance of the
/// blocks' shares against what independence would give, `Σ n_b (s_b − s̄)² / (B − 1) / (p (1 − p))`,
/// and at least 1. For blocks of one size that is `Var(s_b)·n_b / (p(1−p))`; the weights allow for
/// sizes that differ. `p` is the share of the goal.
pub fn design_effect(blocks: &[Block], p: f64) -> f64 {
    let (n, bad) = blocks.iter().fold((0, 0), |(n, bad), block| (n + block.n, bad + block.bad));
    if bad == 0 || blocks.len() < 2 || p <= 0.0 || p >= 1.0 {
        return 1.0;
    }
    let mean = bad as f64 / n as f64;
    let spread = |block: &Block| {
        let n = block.n as f64;
        n * (block.bad as f64 / n - mean).powi(2)
    };
    let sum: f64 = blocks.iter().filter(|block| block.n > 0).map(spread).sum();
    (sum / (blocks.len() - 1) as f64 / (p * (1.0 - p))).max(1.0)
}

/// The two-sided p-value of a standard normal deviate.
pub fn two_sided(z: f64) -> f64 {
    (2.0 * Normal::standard().cdf(-z.abs())).min(1.0)
}

/// The median; `None` of nothing. Reorders its argument.
pub fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}
