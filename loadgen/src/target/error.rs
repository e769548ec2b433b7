//! Why there is no target.

use std::{io, path::PathBuf};

use engine::exit::Exit;
use fixtures::targets::TargetsError;

use crate::{safety::Refusal, sfu::AccountError};

/// Why there is no target, or load does not go there.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It is neither a known name nor a profile nor a URL.
    #[error(
        "unknown target `{0}`: it is {known}, a profile of your own (FILE.toml; `loadgen targets show mock` explains it), or \
         a URL such as http://127.0.0.1:8089",
        known = known()
    )]
    Unknown(String),
    /// A profile cannot be read.
    #[error("the target profile {file} cannot be read: {source}", file = file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A profile is wrong.
    #[error("target profile {file}: {source}")]
    Profile {
        /// Which file, or the name of a shipped one.
        file: String,
        /// What is wrong with it.
        source: TargetsError,
    },
    /// The name does not resolve.
    #[error("target {host}: the name does not resolve ({source})")]
    Unresolved {
        /// The host asked for.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// No world of a mock can be called that.
    #[error("`{0}` is no name of a world: it has 1 to 64 characters of a-z, 0-9, _ and -")]
    World(String),
    /// Live sessions do not use this SFU.
    #[error("the SFU {sfu} is refused: {why}")]
    Sfu {
        /// As it was asked for.
        sfu: String,
        /// Why not.
        why: Refusal,
    },
    /// There is no account to pay for it.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Load does not go there.
    #[error("target {target} is refused: {why}")]
    Refused {
        /// As it was asked for.
        target: String,
        /// Why not.
        why: Refusal,
    },
}

impl TargetError {
    /// What it says to the shell.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unknown(_)
            | Self::Unreadable { .. }
            | Self::Profile { .. }
            | Self::World(_)
            | Self::Account(_) => Exit::Usage,
            Self::Unresolved { .. } | Self::Refused { .. } | Self::Sfu { .. } => Exit::Unreachable,
        }
    }
}

fn known() -> String {
    let names = fixtures::targets::SHIPPED.map(|(name, _)| format!("`{name}`"));
    names.join(", ")
}
