//! How well the generator measured, scored against what a mock really held.

use engine::{
    histogram::{self, Distribution},
    record::{Column, Role},
    run::{ScenarioRun, TimingRun},
};
use serde::{Deserialize, Serialize};

use crate::books::RouteTruth;

/// Samples a route needs to be scored.
const ENOUGH: u64 = 1_000;
/// Percentiles may be this far apart, or [`SHARE`] of what was held if that is more.
const FLOOR_US: u64 = 3_000;
/// See [`FLOOR_US`].
const SHARE: f64 = 0.05;
/// A p99 below this is shown and does not decide: the timers of both sides are in it.
const ADVISORY_BELOW_US: u64 = 20_000;

/// Scores the routes of a scenario that both sides have at least 1 000 samples of.
pub fn score(run: &ScenarioRun, truth: &[RouteTruth]) -> TruthScore {
    let endpoints = run.timings.iter().filter(|timing| timing.role == Role::Endpoint);
    let routes = endpoints.filter_map(|timing| {
        let held = truth.iter().find(|held| held.route == timing.name)?;
        score_route(timing, held)
    });
    TruthScore { routes: routes.collect() }
}

fn score_route(timing: &TimingRun, truth: &RouteTruth) -> Option<RouteScore> {
    let measured: Distribution = timing.distribution(Column::SinceSent);
    let held = histogram::decode(&truth.held.hdr)?;
    let (measured_count, held_count) = (measured.count(), held.len());
    if measured_count.min(held_count) < ENOUGH {
        return None;
    }
    let quantiles = [50.0, 95.0, 99.0].into_iter().filter_map(|percent| {
        let measured = measured.histogram()?.value_at_quantile(percent / 100.0);
        Some(score_quantile(percent, measured, held.value_at_quantile(percent / 100.0)))
    });
    let route = timing.name.clone();
    Some(RouteScore { route, measured_count, held_count, quantiles: quantiles.collect() })
}

fn score_quantile(percent: f64, measured_us: u64, held_us: u64) -> QuantileScore {
    let tolerance_us = FLOOR_US.max((held_us as f64 * SHARE) as u64);
    let decides = percent < 99.0 || held_us >= ADVISORY_BELOW_US;
    QuantileScore { percent, measured_us, held_us, tolerance_us, decides }
}

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
    /// Whether it counts (p99 is advisory where 20 ms or less were held).
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
