//! Where a world can be put: a module per store.
//!
//! `mock` takes a world whole, or not at all. The others are an environment's: `postgres` proves what the environment
//! is and keeps the ledger, so it is always among them; see [`crate::site`].

pub mod mock;
pub mod objects;
pub mod postgres;
pub mod redis;
#[cfg(feature = "stripe")]
pub mod stripe;
pub mod zerodb;
