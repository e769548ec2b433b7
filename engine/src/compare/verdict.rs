//! What follows for one series from its difference between two runs.

use serde::{Deserialize, Serialize};

use super::bootstrap::Estimate;

/// The level below which a p-value, allowed for all questions, is more than chance.
pub const LEVEL: f64 = 0.05;

/// What became of a figure that should be small.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is larger, by more than chance and more than the floor.
    Regression,
    /// It is smaller, likewise.
    Improvement,
    /// If there is a difference, it is smaller than the floor.
    NoChangeShown,
    /// The difference may be larger than the floor, and may be chance.
    CannotTell {
        /// How many times as long a run would say.
        times_longer: f64,
    },
}

/// What follows from a difference, its p-value allowed for all questions, and the floor below which nobody cares.
pub fn of(estimate: &Estimate, adjusted_p: f64, floor: f64) -> Verdict {
    let difference = estimate.difference();
    if adjusted_p < LEVEL && difference.abs() > floor {
        return if difference > 0.0 { Verdict::Regression } else { Verdict::Improvement };
    }
    if estimate.low >= -floor && estimate.high <= floor {
        return Verdict::NoChangeShown;
    }
    // An interval shrinks with the root of the length; it has to fit between the difference and the floor, or, for one
    // beyond the floor, between it and zero.
    let room = if difference.abs() > floor { difference.abs() } else { floor - difference.abs() };
    let times = (estimate.half_width() / room.max(floor / 10.0).max(f64::MIN_POSITIVE)).powi(2);
    Verdict::CannotTell { times_longer: times.max(1.5) }
}
