//! How far a mock under a profile is from what was measured.

use fixtures::profiles::Profile;

use super::Measured;
use crate::latency::calibration::{Percentile, Simulated, TOLERANCE, observe};

/// Standard errors within which 99 % of measured percentiles lie.
const Z: f64 = 2.576;

/// One percentile of one route.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The route.
    pub route: String,
    /// Which percentile.
    pub which: Percentile,
    /// As it was measured, in ms.
    pub measured_ms: f64,
    /// As the mock would have it, in ms.
    pub mock_ms: f64,
    /// Between what as many answers of the mock as were measured would have it, 99 times in a hundred, in ms.
    pub sampled_ms: (f64, f64),
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Within 3 %.
    Ok,
    /// Further off, but so few answers were measured that the same mock could have given them.
    TooFew,
    /// Further off than chance explains.
    Drifts,
}

/// All of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// Three per route, in the order of the measurements.
    pub rows: Vec<Row>,
}

impl Row {
    /// By how much the mock is slower than the target, as a share.
    pub fn difference(&self) -> f64 {
        self.mock_ms / self.measured_ms - 1.0
    }

    /// What it says.
    pub fn verdict(&self) -> Verdict {
        let (least, most) = self.sampled_ms;
        if self.difference().abs() <= TOLERANCE {
            Verdict::Ok
        } else if (least..=most).contains(&self.measured_ms) {
            Verdict::TooFew
        } else {
            Verdict::Drifts
        }
    }
}

impl Drift {
    /// How many rows say this.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict() == verdict).count()
    }
}

/// Simulates a mock under `profile`, whose routes are all unloaded (see [`crate::latency::calibration::calibrate`]),
/// asked for all these routes at their measured rates, and compares. A route whose rate is not known adds no load.
pub fn drift(profile: &Profile, seed: u64, measured: &[Measured]) -> Drift {
    let rates: Vec<(&str, f64)> =
        measured.iter().map(|row| (row.route.as_str(), row.rate_per_s.unwrap_or(0.0))).collect();
    let simulated = observe(profile, seed, &rates);
    let rows = measured.iter().zip(&simulated).flat_map(|(target, mock)| {
        let stated = [target.p50, target.p95, target.p99];
        Percentile::ALL.into_iter().zip(stated).map(|(which, measured_ms)| Row {
            route: target.route.clone(),
            which,
            measured_ms,
            mock_ms: mock.quantile_ms(which.share()),
            sampled_ms: sampled(mock, which.share(), target.count),
        })
    });
    Drift { rows: rows.collect() }
}

/// Where a percentile of `count` answers lies: the share below it is off by its standard error √(p(1−p)/n). Nowhere
/// else but at the percentile when nobody says how many there were.
fn sampled(mock: &Simulated, share: f64, count: Option<u64>) -> (f64, f64) {
    let off = count.map_or(0.0, |count| Z * (share * (1.0 - share) / count.max(1) as f64).sqrt());
    let at = |share: f64| mock.quantile_ms(share.clamp(1e-6, 1.0 - 1e-6));
    (at(share - off), at(share + off))
}
