//! Puts the world in place: [`fixtures::World`] streamed into a store, checked there, and cleaned of what load left.
//!
//! A [`Store`] is where a world can be put; each has its file under [`stores`]. Nothing here holds a world: rows
//! are made, written and forgotten in chunks, so a hundredfold world takes no more memory than launch day's.
//!
//! Safety is refusal: a store is only opened once it has proved to be what its environment's name says
//! (see [`Environment`]), and there is no flag to talk it out of that.

pub mod check;
pub mod chunk;
pub mod cli;
pub mod environment;
pub mod error;
pub mod plan;
pub mod progress;
pub mod proof;
pub mod report;
pub mod rows;
pub mod settings;
pub mod site;
pub mod stores;
pub mod tally;

mod clock;
mod feed;
mod tls;

pub use environment::Environment;
pub use error::SeedError;
pub use fixtures::World;
pub use stores::mock::Mock;

/// The world of launch day: 5 000 load users and all that belongs to them, from this seed.
pub fn launch_day(seed: u64) -> World {
    World::new(seed, fixtures::Size::default())
}
