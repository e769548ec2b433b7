//! Measured percentiles made into a table the model takes: gaps filled, steps kept apart, and every such step said.

use crate::latency::quantile::{CAP_AT, MIN_AT, normal_quantile};

use super::Measured;

/// Fewer answers than this say nothing about the slowest thousandth.
const FEW: u64 = 300;
/// Steps stay apart by this share: a profile wants each percentile above the one before.
const APART: f64 = 1.001;
/// How much longer the slowest may be than p99 where it is extrapolated: a lognormal's tail has no end.
const LONGEST: f64 = 10.0;

/// A full table in ms, and what was not measured about it, in sentences.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ladder {
    pub(super) min: f64,
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    pub(super) p999: f64,
    pub(super) cap: f64,
    pub(super) remarks: Vec<String>,
}

impl Ladder {
    /// Fills what is missing. The tail goes on from p95 and p99 as a lognormal does; the fastest continues the line
    /// through p95 and p50.
    pub(super) fn of(measured: &Measured) -> Self {
        let Measured { p50, p95, p99, .. } = *measured;
        let mut remarks: Vec<String> = measured.remark.iter().cloned().collect();
        let few = measured.count.filter(|count| *count < FEW);
        let beyond = |p: f64| lognormal((0.95, p95), (0.99, p99), p).min(p99 * LONGEST);
        let min = measured.min.unwrap_or_else(|| {
            remarks.push("min was not measured: extrapolated from p50 and p95.".to_owned());
            lognormal((0.50, p50), (0.95, p95), MIN_AT)
        });
        let (p999, cap) = match (measured.p999, measured.max, few) {
            (Some(p999), Some(max), None) => (p999, max),
            (p999, max, few) => {
                let why = few.map_or_else(|| "not measured".to_owned(), |n| format!("only {n} answers"));
                remarks.push(format!("p999 and cap are extrapolated from p95 and p99: {why}."));
                let measured_max = max.unwrap_or(0.0);
                // A few answers have a slowest one, which is no percentile; it may still happen.
                let p999 = p999.filter(|_| few.is_none()).unwrap_or_else(|| beyond(0.999));
                (p999, beyond(CAP_AT).max(measured_max))
            }
        };
        let mut ladder = Self { min, p50, p95, p99, p999, cap, remarks };
        ladder.spread();
        ladder
    }

    /// Keeps the steps apart.
    fn spread(&mut self) {
        let Self { min, p50, p95, p99, p999, cap, remarks } = self;
        let mut lifted = Vec::new();
        let mut floor = *p50 * APART;
        *min = min.min(*p50);
        for (name, step) in [("p95", p95), ("p99", p99), ("p999", p999), ("cap", cap)] {
            if *step < floor {
                *step = floor;
                lifted.push(name);
            }
            floor = *step * APART;
        }
        if !lifted.is_empty() {
            remarks.push(format!("Lifted to stay above the percentile before: {}.", lifted.join(", ")));
        }
    }
}

/// The value at `p` of the lognormal through two of its quantiles: a straight line from normal quantile to
/// logarithm.
fn lognormal(a: (f64, f64), b: (f64, f64), p: f64) -> f64 {
    let z = normal_quantile;
    let along = (z(p) - z(a.0)) / (z(b.0) - z(a.0));
    (a.1.ln() + along * (b.1.ln() - a.1.ln())).exp()
}
