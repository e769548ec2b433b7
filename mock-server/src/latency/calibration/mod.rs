//! Percentiles seen under load, turned into the curves of routes that are alone.
//!
//! What was measured of a running system has the waiting in it. The model adds waiting of its own, so a curve
//! through the measured percentiles would count it twice. Wanted is the curve `D` such that `D + W` has the
//! percentiles of the table, where `W` is what the model adds at the stated rates: waits in pools that all routes
//! share, and whatever else it does to a request.
//!
//! That is a fixed point: simulate all routes together at their rates (Poisson arrivals, virtual clock) for each
//! route's `W`; solve for its `D`; simulate again with the new curves until they stand still. A route's own draw and
//! its wait are independent, so `D + W` is their convolution: percentiles come out without the noise of a sample of
//! sums, and rare routes come out as well as busy ones.

mod convolution;
mod waiting;

use std::fmt;

use fixtures::profiles::{Profile, Route, Seen};

use self::convolution::Convolution;
use super::quantile::QuantileCurve;

/// How far a simulated percentile may be from its table's, as a share: p50, p95 and p99 keep it or the
/// calibration is refused.
pub const TOLERANCE: f64 = 0.03;
/// Share of refused requests at which a pool counts as overloaded: p99 would be one of them.
const OVERLOAD: f64 = 0.01;
/// Simulations at most; two are enough while waits do not depend on the application's share.
const ROUNDS: usize = 4;
/// Curves that move less than this, as a share, stand still.
const STILL: f64 = 0.002;

/// A table that the model cannot meet at its rate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotMet {
    /// A pool turns requests away.
    #[error(
        "route {route:?} cannot be seen at its rate: {percent:.0} % of its requests are refused by the pools on its \
         way; hold them for less, make them larger, or lower the rates (at_load)"
    )]
    Overload {
        /// The route.
        route: String,
        /// Refused, in percent.
        percent: f64,
    },
    /// A percentile is out of reach.
    #[error(
        "route {route:?} cannot meet its table at its rate: {which} is {stated_ms:.1} ms in the table and \
         {simulated_ms:.1} ms at best with the waits of the pools on its way; hold them for less, make them larger, \
         or lower the rates (at_load)"
    )]
    Percentile {
        /// The route.
        route: String,
        /// Which percentile.
        which: Percentile,
        /// What the table says.
        stated_ms: f64,
        /// What comes closest.
        simulated_ms: f64,
    },
}

/// A percentile that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Percentile {
    /// Median.
    P50,
    /// 95th percentile.
    P95,
    /// 99th percentile.
    P99,
}

impl Percentile {
    /// Those that are compared.
    pub const ALL: [Self; 3] = [Self::P50, Self::P95, Self::P99];

    /// Its value in a table, in ms.
    pub fn of(self, table: &Route) -> f64 {
        match self {
            Self::P50 => table.p50,
            Self::P95 => table.p95,
            Self::P99 => table.p99,
        }
    }

    /// Which share of requests is faster.
    pub fn share(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P95 => 0.95,
            Self::P99 => 0.99,
        }
    }
}

impl fmt::Display for Percentile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
        })
    }
}

/// What the model does to a route at given rates.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    /// Absent where the profile gives the route no latency.
    curve: Option<QuantileCurve>,
    waits: Convolution,
    /// Share of its requests that a pool refused.
    pub refused: f64,
}

impl Simulated {
    /// The time in ms below which a share of the route's requests lies.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        self.curve.as_ref().map_or(0.0, |curve| self.waits.quantile(curve, share) * 1e3)
    }
}

/// The same profile with every route `unloaded`: where percentiles were seen `at_load`, a curve that gives them
/// back at those rates within [`TOLERANCE`]. `routes` are all that exist: the default stands for those that are not
/// listed, each at the default's rate. Routes that are unloaded already add no requests, since nobody says how many
/// there are. A profile without `at_load` comes back as it is.
pub fn calibrate(profile: &Profile, seed: u64, routes: &[&str]) -> Result<Profile, NotMet> {
    let tables: Vec<(&str, f64, &Route)> = routes
        .iter()
        .filter_map(|name| {
            let route = profile.route(name)?;
            let Seen::AtLoad(rate) = route.seen else { return None };
            Some((*name, rate, route))
        })
        .collect();
    let rates: Vec<(&str, f64)> = tables.iter().map(|(name, rate, _)| (*name, *rate)).collect();
    let mut calibrated = unloaded(profile);
    if tables.is_empty() {
        return Ok(calibrated);
    }
    for _ in 0..ROUNDS {
        let mut moved = 0.0_f64;
        let waits = waiting::simulate(&calibrated, seed, &rates);
        for ((name, _, table), waited) in tables.iter().zip(&waits) {
            let refused = |percent| NotMet::Overload { route: (*name).to_owned(), percent };
            if waited.refused >= OVERLOAD {
                return Err(refused(waited.refused * 100.0));
            }
            let alone = Convolution::with(&waited.seconds).solve(table);
            check(name, table, &Convolution::with(&waited.seconds), &alone)?;
            let before = calibrated.route(name).unwrap_or(table);
            moved = Percentile::ALL
                .iter()
                .fold(moved, |moved, which| moved.max((which.of(&alone) / which.of(before) - 1.0).abs()));
            calibrated.routes.insert((*name).to_owned(), alone);
        }
        if moved < STILL {
            break;
        }
    }
    Ok(calibrated)
}

/// What a profile does to these routes when they are asked for at these rates per second, together. A rate of 0 is a
/// route that adds no load and is looked at all the same.
pub fn observe(profile: &Profile, seed: u64, rates: &[(&str, f64)]) -> Vec<Simulated> {
    let profile = unloaded(profile);
    let waits = waiting::simulate(&profile, seed, rates);
    let all = rates.iter().zip(&waits).map(|((name, _), waited)| Simulated {
        curve: profile.route(name).map(QuantileCurve::of),
        waits: Convolution::with(&waited.seconds),
        refused: waited.refused,
    });
    all.collect()
}

fn unloaded(profile: &Profile) -> Profile {
    let mut profile = profile.clone();
    profile
        .default
        .iter_mut()
        .chain(profile.routes.values_mut())
        .for_each(|route| route.seen = Seen::Unloaded);
    profile
}

/// Whether `alone`, with its waits, has the table's percentiles.
fn check(name: &str, table: &Route, waits: &Convolution, alone: &Route) -> Result<(), NotMet> {
    let curve = QuantileCurve::of(alone);
    for which in Percentile::ALL {
        let (stated_ms, simulated_ms) = (which.of(table), waits.quantile(&curve, which.share()) * 1e3);
        if (simulated_ms / stated_ms - 1.0).abs() > TOLERANCE {
            return Err(NotMet::Percentile { route: name.to_owned(), which, stated_ms, simulated_ms });
        }
    }
    Ok(())
}
