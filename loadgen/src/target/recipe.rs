//! A target as data, for a process that takes a share of its load.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{Asked, Target, TargetError};

/// What was typed, the profile's text, and the addresses that were found: enough to make the same target elsewhere
/// without reading or looking up anything. Every rule about hosts is kept there anew. An SFU elsewhere is left out: a
/// session whose users must know of each other is never split.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    asked: String,
    file: Option<(PathBuf, String)>,
    /// Further servers that were typed.
    also: Vec<String>,
    /// Those of the base, then of every further server, then of every part elsewhere.
    addresses: Vec<Vec<SocketAddr>>,
    world: Option<String>,
}

impl Recipe {
    pub(super) fn new(asked: String, file: Option<(PathBuf, String)>, also: Vec<String>) -> Self {
        Self { asked, file, also, ..Self::default() }
    }

    pub(super) fn at(&self, addresses: Vec<Vec<SocketAddr>>, world: Option<String>) -> Self {
        Self { addresses, world, ..self.clone() }
    }

    /// The target. That its host was confirmed is the business of whoever wrote the recipe.
    pub fn target(&self) -> Result<Target, TargetError> {
        let mut addresses = self.addresses.iter();
        let asked = Asked::named(&self.asked, self.file.clone())?.also_at(&self.also)?;
        let target = asked.at(|_| Ok(addresses.next().cloned().unwrap_or_default()))?;
        match &self.world {
            Some(world) => target.in_world(world),
            None => Ok(target),
        }
    }
}
