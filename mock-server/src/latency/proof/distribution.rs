//! Draws against the profile's table.

use fixtures::profiles::{self, Profile, Route};

use super::Check;
use crate::latency::model::{Model, RouteId};
use crate::latency::quantile::{MIN_AT, QuantileCurve};

/// Draws per route.
const DRAWS: u64 = 20_000;
/// Kolmogorov and Smirnov's distance that a right sample of [`DRAWS`] exceeds once in a hundred: 1.628/√n.
const KS_AT_1_PERCENT: f64 = 0.0115;
/// How many of [`DRAWS`] lie above p99, and how far from it 99 % of right samples stay: 2.576 √(n·p·(1−p)).
const ABOVE_P99: (usize, usize) = (200, 36);

/// What a sample of draws looks like beside its table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Kolmogorov and Smirnov's distance.
    pub distance: f64,
    /// Draws above p99.
    pub above_p99: usize,
}

impl Sample {
    /// Compares draws, in seconds, with a table.
    pub fn of(mut drawn: Vec<f64>, table: &Route) -> Self {
        drawn.sort_by(f64::total_cmp);
        let above_p99 = drawn.iter().filter(|t| **t * 1e3 > table.p99).count();
        Self { distance: ks_distance(&drawn, &QuantileCurve::of(table)), above_p99 }
    }

    /// Whether both numbers are what a right sample shows.
    pub fn ok(self) -> bool {
        self.distance < KS_AT_1_PERCENT && self.above_p99.abs_diff(ABOVE_P99.0) <= ABOVE_P99.1
    }
}

/// The largest distance between the sample's distribution function and the curve's. At the curve's own jump (it
/// is clamped at `min`) only the value after the jump counts.
fn ks_distance(sorted: &[f64], curve: &QuantileCurve) -> f64 {
    let n = sorted.len() as f64;
    let after_jump = curve.quantile(MIN_AT) * (1.0 + 1e-6);
    let at_jump = sorted.partition_point(|t| *t <= after_jump);
    let jump = (at_jump as f64 / n - MIN_AT).abs();
    sorted.iter().enumerate().skip(at_jump).fold(jump, |worst, (i, t)| {
        let f = curve.cdf(*t);
        worst.max((f - i as f64 / n).abs()).max(((i + 1) as f64 / n - f).abs())
    })
}

/// Draws of one route under `profile` against `table`.
pub fn follows(profile: &Profile, name: &str, table: &Route) -> Sample {
    let model = Model::new(profile, fixtures::DEFAULT_SEED, [name]);
    Sample::of((0..DRAWS).map(|i| model.unloaded(RouteId(0), i).as_secs_f64()).collect(), table)
}

/// Every shipped profile and route: two checks each.
pub fn distributions() -> Vec<Check> {
    let known: Vec<&str> = contract::measured_routes().collect();
    let mut checks = Vec::new();
    for (name, text) in profiles::SHIPPED {
        match profiles::parse(text, &known) {
            Ok(profile) => checks.extend(known.iter().flat_map(|route| of_route(&profile, route))),
            Err(error) => checks.push(Check {
                name: format!("profile {name}"),
                expected: "can be read".to_owned(),
                found: error.to_string(),
                tolerance: "none".to_owned(),
                ok: false,
            }),
        }
    }
    checks
}

/// A route without latency has nothing to be drawn.
fn of_route(profile: &Profile, name: &str) -> Vec<Check> {
    let Some(table) = profile.route(name) else { return Vec::new() };
    let sample = follows(profile, name, table);
    let (expected, around) = ABOVE_P99;
    vec![
        Check {
            name: format!("{}: {name}: KS distance", profile.name),
            expected: "0".to_owned(),
            found: format!("{:.4}", sample.distance),
            tolerance: format!("< {KS_AT_1_PERCENT}"),
            ok: sample.distance < KS_AT_1_PERCENT,
        },
        Check {
            name: format!("{}: {name}: draws above p99", profile.name),
            expected: expected.to_string(),
            found: sample.above_p99.to_string(),
            tolerance: format!("± {around}"),
            ok: sample.above_p99.abs_diff(expected) <= around,
        },
    ]
}
