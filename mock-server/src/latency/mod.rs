//! How long answers take: quantile curves, pools that requests queue for, what disturbs them, the layer that
//! holds answers until their time, and the books that say what was planned and what was held.
//!
//! [`model`] is pure: it plans a request over explicit queues and an explicit `now`, so that tests and
//! proofs run it on a virtual clock. [`layer`] is the only part that waits.

use std::time::Duration;

pub mod bucket;
pub mod calendar;
pub mod calibration;
mod control;
pub mod disturbances;
mod layer;
mod line;
pub mod model;
mod origin;
mod plan;
pub mod pools;
pub mod proof;
pub mod quantile;
mod queues;
mod seizures;
pub mod stream;
#[cfg(test)]
mod tests;
mod timer;
mod timing;
pub mod truth;
mod watch;

pub(crate) use control::{Latency, PoolState};
pub use origin::Origin;
pub(crate) use origin::{calibrated, parse, read_profile, shipped_profile};
pub(crate) use seizures::Owner;
pub(crate) use watch::follow;

/// Makes a request take longer than its profile says.
///
/// As an extension of the *request* (put there by a layer around the latency layer) it lengthens the plan from
/// the arrival on: it is `added` of the plan and `fault` in Server-Timing. As an extension of the *response*
/// (put there by a handler) it lengthens the deadline after the effect, as work of the application. Either way
/// the time counts as planned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Longer(pub(crate) Duration);

/// An extension of a response (or of a request, by a layer around the latency layer) that no client will ever
/// get: it counts as given up, not as answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NeverArrives;
