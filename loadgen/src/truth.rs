//! How well the generator measured, scored against what a mock really held.

use serde::{Deserialize, Serialize};

/// The score of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TruthScore {
    /// The routes with enough samples, each with its figures; none means "not scored".
    pub routes: Vec<RouteScore>,
}

/// The score of a route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteScore {
    /// The route's one name.
    pub route: String,
    /// Samples the generator has.
    pub measured_count: u64,
    /// Answers the mock has.
    pub held_count: u64,
    /// p50, p95 and p99, in this order.
    pub quantiles: Vec<QuantileScore>,
}

/// One percentile: measured beside held.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QuantileScore {
    /// 95.0 for p95.
    pub percent: f64,
    /// Sent→done as measured, microseconds.
    pub measured_us: u64,
    /// As the mock held it, microseconds.
    pub held_us: u64,
    /// How far they may be apart, microseconds.
    pub tolerance_us: u64,
    /// Whether it counts (p99 is advisory where it is below 20 ms).
    pub decides: bool,
}

impl QuantileScore {
    /// Whether it is within its tolerance.
    pub fn holds(&self) -> bool {
        self.measured_us.abs_diff(self.held_us) <= self.tolerance_us
    }
}

impl TruthScore {
    /// True when there was something to score.
    pub fn scored(&self) -> bool {
        !self.routes.is_empty()
    }

    /// The percentiles that count and are not within their tolerance, in sentences.
    pub fn misses(&self) -> Vec<String> {
        self.routes
            .iter()
            .flat_map(|route| route.quantiles.iter().map(move |quantile| (route, quantile)))
            .filter(|(_, quantile)| quantile.decides && !quantile.holds())
            .map(|(route, quantile)| {
                format!(
                    "{}: p{} measured {:.1} ms, held {:.1} ms (±{:.1} ms allowed)",
                    route.route,
                    quantile.percent,
                    quantile.measured_us as f64 / 1e3,
                    quantile.held_us as f64 / 1e3,
                    quantile.tolerance_us as f64 / 1e3,
                )
            })
            .collect()
    }
}
