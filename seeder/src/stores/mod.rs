//! Where a world can be put: one file per store.
//!
//! Adding one (Postgres, Redis, Stripe, ZeroDB): a file here with a type that has these four functions, a variant
//! of [`Store`], and its arm in [`crate::environment::Environment::open`]. An enum and no trait: the stores are
//! known, and the compiler lists every place a new one must be handled.

pub mod mock;

use std::collections::BTreeMap;

use fixtures::{Counts, World};
use serde::{Deserialize, Serialize};

use crate::error::SeedError;

/// A store that has proved what it is.
#[derive(Debug)]
pub enum Store {
    /// The mock WWMAA API.
    Mock(mock::Mock),
}

/// What a store took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Rows handed over.
    pub sent: Counts,
    /// Rows the store says it took; equal, or applying fails.
    pub accepted: Counts,
}

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Rows by kind.
    pub counts: Counts,
    /// The digest of each kind's rows, as [`World::digests`] makes them; kinds without rows may be absent.
    pub digests: BTreeMap<String, String>,
}

impl Store {
    /// Its name and address, for a person.
    pub fn describe(&self) -> String {
        match self {
            Self::Mock(mock) => format!("mock at {}", mock.url()),
        }
    }

    /// Puts a world in place of whatever the store held; all of it or nothing. `on_progress` hears the rows
    /// handed over so far, chunk by chunk.
    pub async fn apply(
        &self,
        world: World,
        on_progress: impl FnMut(Counts) + Send + 'static,
    ) -> Result<Applied, SeedError> {
        match self {
            Self::Mock(mock) => mock.apply(world, on_progress).await,
        }
    }

    /// What it holds now.
    pub async fn held(&self) -> Result<Held, SeedError> {
        match self {
            Self::Mock(mock) => mock.held().await,
        }
    }

    /// Removes what load left behind, rows of load addresses only; answers with how many of each kind.
    pub async fn reset_load(&self) -> Result<BTreeMap<String, u64>, SeedError> {
        match self {
            Self::Mock(mock) => mock.reset_load().await,
        }
    }
}
