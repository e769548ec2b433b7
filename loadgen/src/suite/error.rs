//! Why a suite did not run.

use std::{io, net::IpAddr, path::PathBuf};

use engine::exit::Exit;

use crate::{
    http::TlsError, machine::TooSmall, probes::NotThere, shards::ShardError, telemetry::OutletError,
    watch::web::NoDoor,
};

/// Why a suite did not run, or left no report.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The machine is too small for the plan.
    #[error(transparent)]
    TooSmall(#[from] TooSmall),
    /// Connections cannot come from an address.
    #[error("load cannot come from {address}: {why}; name addresses of this machine with --sources, or none")]
    Source {
        /// Which address.
        address: IpAddr,
        /// Why not.
        why: String,
    },
    /// Another process that was to share the load did not get ready.
    #[error("{0}")]
    Shard(#[from] ShardError),
    /// The world is too small for the plan.
    #[error(
        "{scenario} needs {needed} load users, the world has {members}: choose a smaller preset or seed and name \
         a larger world (--scale)"
    )]
    TooFewUsers {
        /// Which scenario.
        scenario: &'static str,
        /// How many it takes.
        needed: u32,
        /// How many there are.
        members: u32,
    },
    /// There is no TLS to reach the target with.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A target reached over TLS without knowing whom to trust.
    #[error(
        "target {0} is reached over TLS: name the certificates to trust with --ca FILE, or with `roots` in its profile"
    )]
    NoRoots(String),
    /// The target did not answer.
    #[error("target not reachable: {0}")]
    Unreachable(String),
    /// The target is not what it should be, or not in the state it should be in.
    #[error("{0}")]
    Refused(String),
    /// Scenarios that were chosen cannot work with what the target answers.
    #[error("{0}")]
    Unfit(String),
    /// What a scenario needs before its start could not be had.
    #[error("{scenario} could not be prepared: {why}")]
    NotPrepared {
        /// Which scenario.
        scenario: &'static str,
        /// What was missing.
        why: String,
    },
    /// What was to be read beside the load cannot be.
    #[error(transparent)]
    Probe(#[from] NotThere),
    /// Ctrl-C before anything was measured.
    #[error("interrupted before the start; nothing was measured")]
    Interrupted,
    /// The page to watch it cannot be where it is wanted.
    #[error(transparent)]
    NoDoor(#[from] NoDoor),
    /// What is to be told of the run cannot be told.
    #[error(transparent)]
    Telemetry(#[from] OutletError),
    /// The results directory cannot be made.
    #[error("the folder {dir} cannot be made: {source}; name another with --out", dir = dir.display())]
    Folder {
        /// Which directory.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The report cannot be written.
    #[error("the report could not be written to {dir}: {source}", dir = dir.display())]
    Report {
        /// Where to.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refuses a thread or a runtime.
    #[error("{0}")]
    System(#[from] io::Error),
}

impl SuiteError {
    /// What it says to the shell.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unreachable(_)
            | Self::Refused(_)
            | Self::Unfit(_)
            | Self::NotPrepared { .. }
            | Self::Probe(_)
            | Self::Shard(ShardError::NotReady { .. }) => Exit::Unreachable,
            Self::Shard(ShardError::Interrupted) | Self::Interrupted => Exit::Interrupted,
            _ => Exit::Usage,
        }
    }
}
