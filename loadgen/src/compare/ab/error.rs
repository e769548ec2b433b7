//! Why two targets are not held against each other.

use std::time::Duration;

use engine::exit::Exit;

use crate::{
    plan_text::length,
    suite::{SuiteError, several::Unwritten},
};

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum AbError {
    /// Scenarios that leave a target other than they must find it.
    #[error(
        "{} cannot be part of ab: each slice would have to find both load events empty, and the slice before leaves its \
         registrations there. Name other scenarios with --scenario; for this one remove them with `seed reset-load` before a \
         `loadgen run` at either target, and hold the two runs against each other with `loadgen compare`",
        .0.join(", ")
    )]
    OnceOnly(Vec<&'static str>),
    /// There is no time for even one round.
    #[error(
        "a round takes up to {}, and all may take {} (--most MINUTES): allow more, or take shorter slices (--slice \
         SECONDS) or fewer scenarios (--scenario NAME)",
        length(.round.as_secs_f64().ceil()),
        length(.most.as_secs_f64())
    )]
    NoTime {
        /// What a round takes at most.
        round: Duration,
        /// What all may take.
        most: Duration,
    },
    /// The first slices could not be run.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// The report cannot be written.
    #[error(transparent)]
    Unwritten(#[from] Unwritten),
}

impl AbError {
    /// What it says to the shell.
    pub fn exit(&self) -> Exit {
        match self {
            Self::OnceOnly(_) | Self::NoTime { .. } | Self::Unwritten(_) => Exit::Usage,
            Self::Suite(e) => e.exit(),
        }
    }
}
