//! The knee: the load at which latency leaves its plateau.
//!
//! Kneedle (Satopää, Albrecht, Irwin and Raghavan, *Finding a "Kneedle" in a Haystack: Detecting Knee Points in
//! System Behavior*, ICDCS Workshops 2011), in its form for a curve that rises and bends upward: both axes are
//! scaled to 0..1, and the knee is where the curve lies farthest below the straight line between its ends,
//! `x − y`, provided that the distance falls again by the method's threshold, the mean step in `x`
//! (sensitivity 1). Without smoothing: there are a dozen points, each a percentile over a whole trial.

use serde::{Deserialize, Serialize};

/// Fewer loads than this show no bend.
const FEWEST: usize = 4;
/// A curve whose highest point is below so many times its lowest has not left its plateau.
const RISES: f64 = 1.5;

/// What the trials say of the knee.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knee {
    /// Latency leaves its plateau near this factor.
    Near(f64),
    /// It has not left it.
    Flat,
    /// It rises without a bend.
    NoBend,
    /// Too few loads were tried.
    TooFew,
}

/// The knee of `(factor, latency)` points in any order; of several at one factor the median counts.
pub fn of(points: &[(f64, f64)]) -> Knee {
    let curve = one_each(points);
    let (Some(first), Some(last)) = (curve.first(), curve.last()) else { return Knee::TooFew };
    if curve.len() < FEWEST {
        return Knee::TooFew;
    }
    let lowest = curve.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let highest = curve.iter().map(|point| point.1).fold(0.0, f64::max);
    if highest < RISES * lowest {
        return Knee::Flat;
    }
    let scaled =
        |&(x, y): &(f64, f64)| ((x - first.0) / (last.0 - first.0), (y - lowest) / (highest - lowest));
    let below: Vec<f64> = curve.iter().map(scaled).map(|(x, y)| x - y).collect();
    let farthest = (0..below.len()).max_by(|&a, &b| below[a].total_cmp(&below[b]));
    let threshold = 1.0 / (curve.len() - 1) as f64;
    match farthest {
        Some(place) if below[place] > 0.0 && below[place..].iter().any(|d| *d < below[place] - threshold) => {
            Knee::Near(curve[place].0)
        }
        _ => Knee::NoBend,
    }
}

/// The points in order of their factor, the median of those that share one.
fn one_each(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let groups = sorted.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq());
    let median = |group: &[(f64, f64)]| {
        let mut values: Vec<f64> = group.iter().map(|point| point.1).collect();
        Some((group[0].0, engine::stats::median(&mut values)?))
    };
    groups.filter_map(median).collect()
}
