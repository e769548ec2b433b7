//! Whether latency drifts where load is steady: a queue that grows.
//!
//! The slope is Theil–Sen's (the median of the slopes between all pairs of seconds), so that a few
//! stalls do not make one; whether it is there at all is asked by the Mann–Kendall test with its
//! correction for ties, its variance widened by `(1 + r)/(1 − r)` for the lag-one correlation `r` of
//! the residuals (Sen, *JASA* 63, 1968; Mann, *Econometrica* 13, 1945; Yue & Wang, *Water Resources
//! Management* 18, 2004): a queue's neighbouring seconds resemble each other without any trend.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    histogram::Distribution,
    record::Column,
    run::{Cell, TimingRun},
    stats,
};

/// Fewer seconds than this say nothing about a trend.
const FEWEST_SECONDS: usize = 20;
/// A trend is significant below this.
const SIGNIFICANT: f64 = 0.01;
/// And matters when the change over the window exceeds this share of the level …
const MATTERS_SHARE: f64 = 0.05;
/// … and this many milliseconds.
const MATTERS_MS: f64 = 10.0;

/// A line through the seconds' medians.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Milliseconds of latency per second of time.
    pub slope_ms_per_s: f64,
    /// Change over the whole window, milliseconds.
    pub change_ms: f64,
    /// The median of the seconds' medians, milliseconds.
    pub level_ms: f64,
    /// Two-sided p-value of there being no trend.
    pub p_value: f64,
    /// Seconds it rests on.
    pub seconds: u64,
}

/// The trend of a series since due in a window of seconds; `None` with too little data.
pub fn trend(timing: &TimingRun, window: (f64, f64)) -> Option<Trend> {
    let mut seconds: BTreeMap<i64, Vec<&Cell>> = BTreeMap::new();
    for cell in &timing.column(Column::SinceDue)?.cells {
        let (from, to) = (cell.second as f64, cell.second as f64 + 1.0);
        if from >= window.0 && to <= window.1 {
            seconds.entry(cell.second).or_default().push(cell);
        }
    }
    let median = |cells: Vec<&Cell>| Distribution::of(cells).percentile(50.0).value;
    let in_ms = |median: Duration| median.as_secs_f64() * 1e3;
    let points: Vec<(f64, f64)> = seconds
        .into_iter()
        .filter_map(|(second, cells)| Some((second as f64, in_ms(median(cells)?))))
        .collect();
    trend_of(&points)
}

/// The trend of `(seconds, milliseconds)` points, ascending in time.
pub fn trend_of(points: &[(f64, f64)]) -> Option<Trend> {
    if points.len() < FEWEST_SECONDS {
        return None;
    }
    let pairs = || points.iter().enumerate().flat_map(|(i, a)| points[i + 1..].iter().map(move |b| (a, b)));
    let mut slopes: Vec<f64> = pairs().map(|(a, b)| (b.1 - a.1) / (b.0 - a.0)).collect();
    let slope = stats::median(&mut slopes)?;
    let s: f64 = pairs()
        .map(|(a, b)| (b.1 - a.1).partial_cmp(&0.0).map_or(0, |order| order as i8))
        .map(f64::from)
        .sum();
    let mut values: Vec<f64> = points.iter().map(|point| point.1).collect();
    let level = stats::median(&mut values)?;
    // `values` is sorted now, so ties are neighbours.
    let ties: f64 =
        values.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|tied| kendall(tied.len() as f64)).sum();
    let residuals: Vec<f64> = points.iter().map(|(t, y)| y - slope * t).collect();
    let r = lag_one(&residuals).clamp(0.0, 0.95);
    let variance = (kendall(points.len() as f64) - ties) / 18.0 * (1.0 + r) / (1.0 - r);
    let z = if variance > 0.0 { (s.abs() - 1.0).max(0.0) / variance.sqrt() } else { 0.0 };
    Some(Trend {
        slope_ms_per_s: slope,
        change_ms: slope * (points[points.len() - 1].0 - points[0].0),
        level_ms: level,
        p_value: stats::two_sided(z),
        seconds: points.len() as u64,
    })
}

/// `n(n − 1)(2n + 5)`: 18 times the variance of Mann and Kendall's statistic.
fn kendall(n: f64) -> f64 {
    n * (n - 1.0) * (2.0 * n + 5.0)
}

/// The correlation of a series with itself one step later.
fn lag_one(series: &[f64]) -> f64 {
    let mean = series.iter().sum::<f64>() / series.len() as f64;
    let variance: f64 = series.iter().map(|y| (y - mean).powi(2)).sum();
    let covariance: f64 = series.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if variance > 0.0 { covariance / variance } else { 0.0 }
}

impl Trend {
    /// True when the trend is both significant (p < 0.01) and large enough to matter: over the window
    /// it changes latency by more than 5 % and more than 10 ms.
    pub fn is_finding(&self) -> bool {
        let matters = (MATTERS_SHARE * self.level_ms).max(MATTERS_MS);
        self.p_value < SIGNIFICANT && self.change_ms.abs() > matters
    }
}
