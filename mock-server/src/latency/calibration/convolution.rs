//! The sum of a curve and independent waits.

use fixtures::profiles::{Route, Seen};

use crate::latency::quantile::{CAP_AT, MIN_AT, QuantileCurve};

/// Values that stand for a route's waits: as many for the slowest fiftieth as for all others.
const PIECES: usize = 96;
/// Share of waits that is the body; the rest is the tail.
const BODY: f64 = 0.98;
/// Halvings of an interval of logarithms: 1e-6 of it.
const HALVINGS: usize = 20;
/// Sweeps over the knots at most. They influence their neighbours only, so a handful is enough.
const SWEEPS: usize = 12;
/// Knots that move less than this, as a share, in a sweep stand still.
const STILL: f64 = 1e-5;
/// The knots that are solved for: their probabilities.
const KNOTS: [f64; 4] = [0.50, 0.95, 0.99, 0.999];
/// Neighbouring knots stay apart by this share, so that the curve stays strictly monotone.
const APART: f64 = 1.000_1;
/// Waits below this, in seconds, are none.
const NOTHING: f64 = 1e-9;

/// Waits, ready to be added to a curve.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Convolution {
    /// Waits in seconds, ascending, and the probability of each.
    waits: Vec<(f64, f64)>,
}

impl Convolution {
    /// With these waits in seconds, of which there is at least one.
    pub(super) fn with(seconds: &[f64]) -> Self {
        let mut sorted = seconds.to_vec();
        sorted.sort_by(f64::total_cmp);
        if sorted.last().is_none_or(|longest| *longest < NOTHING) {
            return Self { waits: vec![(0.0, 1.0)] };
        }
        let (body, tail) = sorted.split_at((sorted.len() as f64 * BODY) as usize);
        let piece = |part: &[f64]| {
            (part.iter().sum::<f64>() / part.len() as f64, part.len() as f64 / sorted.len() as f64)
        };
        let pieces = |part: &[f64]| part.len().div_ceil(PIECES).max(1);
        let waits = body.chunks(pieces(body)).chain(tail.chunks(pieces(tail))).map(piece).collect();
        Self { waits }
    }

    /// The share of requests that take at most `seconds`.
    fn cdf(&self, curve: &QuantileCurve, seconds: f64) -> f64 {
        let late = self.waits.iter().take_while(|(wait, _)| *wait < seconds);
        late.map(|(wait, share)| share * curve.cdf(seconds - wait)).sum()
    }

    /// The time in seconds below which a share `p` of requests lies.
    pub(super) fn quantile(&self, curve: &QuantileCurve, p: f64) -> f64 {
        let shortest = curve.quantile(MIN_AT);
        let longest = curve.quantile(CAP_AT) + self.waits.last().map_or(0.0, |(wait, _)| *wait);
        root(shortest, longest, |t| self.cdf(curve, t) >= p)
    }

    /// The curve that, with these waits, has the table's percentiles; the closest one where there is none.
    pub(super) fn solve(&self, table: &Route) -> Route {
        let mut alone = Route { seen: Seen::Unloaded, ..table.clone() };
        if self.waits.len() == 1 {
            return alone;
        }
        let mean: f64 = self.waits.iter().map(|(wait, share)| wait * share).sum();
        let shortest = self.waits[0].0;
        let held: f64 = table.stages.iter().map(|stage| stage.hold_ms).sum();
        // No faster than it holds its pools.
        let fastest = held.max(table.p50 * 1e-3);
        alone.min = (table.min - shortest * 1e3).max(fastest);
        for _ in 0..SWEEPS {
            let before = knots(&alone);
            for (at, p) in KNOTS.into_iter().enumerate() {
                self.settle(&mut alone, table, fastest, at, p);
            }
            let moved = before.iter().zip(knots(&alone)).map(|(was, is)| (is / was - 1.0).abs());
            if moved.fold(0.0, f64::max) < STILL {
                break;
            }
        }
        alone.min = alone.min.min(alone.p50);
        alone.cap = (table.cap - mean * 1e3).max(alone.p999 * APART);
        alone
    }

    /// Moves one knot so that the table's percentile at it comes out, all others staying where they are. A knot
    /// higher up makes the sum slower, hence fewer within the table's time.
    fn settle(&self, alone: &mut Route, table: &Route, fastest: f64, at: usize, p: f64) {
        let stated = knots(table)[at];
        let below = if at == 0 { fastest } else { knots(alone)[at - 1] * APART };
        let with = |value: f64| {
            let mut route = alone.clone();
            put(&mut route, at, value);
            QuantileCurve::of(&route)
        };
        let value = root(below.min(stated), stated, |value| self.cdf(&with(value), stated / 1e3) <= p);
        put(alone, at, value.max(below));
    }
}

fn knots(route: &Route) -> [f64; 4] {
    [route.p50, route.p95, route.p99, route.p999]
}

/// Sets a knot, and lifts those above it that would lie below.
fn put(route: &mut Route, at: usize, value: f64) {
    let Route { min, p50, p95, p99, p999, cap, .. } = route;
    *[&mut *p50, p95, p99, p999][at] = value;
    *min = min.min(*p50);
    let mut floor = *p50;
    for knot in [p95, p99, p999, cap] {
        *knot = knot.max(floor * APART);
        floor = *knot;
    }
}

/// Where a monotone condition becomes true between two positive numbers, by halving the interval of logarithms; the
/// upper one when it does nowhere.
fn root(low: f64, high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (low.ln(), high.ln());
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if holds(middle.exp()) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high.exp()
}
