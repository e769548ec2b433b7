//! Two runs beside each other, and many in a row: what changed, and whether that is more than chance.
//!
//! | module | what for |
//! |---|---|
//! | [`timeline`] | a series, decoded once; two of them cut into blocks of the same moments |
//! | [`bootstrap`] | how far a percentile's difference would scatter: blocks drawn again and again |
//! | [`shares`] | the difference of two shares: Newcombe's interval, Fisher's test |
//! | [`holm`] | many questions at once: p-values that allow for it |
//! | [`verdict`] | what follows for one series |
//! | [`change`] | where a history changed: E-divisive, with a t-test |
//!
//! All of it is a pure function of its arguments: equal runs and an equal seed give equal figures.

pub mod bootstrap;
pub mod change;
pub mod holm;
pub mod shares;
pub mod timeline;
pub mod verdict;

pub use bootstrap::{Draws, Estimate};
pub use timeline::{Pair, Timeline};
pub use verdict::Verdict;
