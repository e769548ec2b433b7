//! How long answers take: quantile curves, pools that requests queue for, the layer that holds answers until
//! their time, and the books that say what was planned and what was held.
//!
//! [`model`] is pure: it plans a request over explicit queues and an explicit `now`, so that tests and
//! proofs run it on a virtual clock. [`layer`] is the only part that waits.

mod layer;
pub mod model;
pub mod pools;
pub mod quantile;
pub mod stream;
pub mod truth;

pub(crate) use layer::{Latency, PoolState};
