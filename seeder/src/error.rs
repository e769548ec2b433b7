//! Why a world could not be put in place. Each says what was and was not done, in one sentence a person can act on.

use crate::environment::Environment;

/// Why a store could not be opened, filled or checked.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The environment's stores are not built yet.
    #[error(
        "{environment} cannot be seeded yet: {missing}. Nothing was written. `--environment=mock` works."
    )]
    NotBuilt {
        /// Which environment.
        environment: Environment,
        /// Which stores it would take.
        missing: &'static str,
    },
    /// The address is not one.
    #[error("`{url}` is not the address of a mock: {reason}")]
    BadAddress {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The address leads off this machine.
    #[error(
        "{url} is not on this machine: a mock is only seeded on a loopback address \
         (127.0.0.0/8, ::1, localhost). Nothing was sent."
    )]
    NotLoopback {
        /// What was given.
        url: String,
    },
    /// No admin token was given.
    #[error(
        "no admin token: the mock prints one when it starts (`admin token: …`); give it with \
         --admin-token or MOCK_ADMIN_TOKEN"
    )]
    NoToken,
    /// Nobody answered.
    #[error("nothing answers at {url}: tried {tried}: {cause}. Start one with `cargo mock`.")]
    Unreachable {
        /// The store's address.
        url: String,
        /// The request that was tried.
        tried: String,
        /// What came of it.
        cause: String,
    },
    /// Somebody answered who does not claim to be the environment asked for.
    #[error("{url} does not say that it is a mock: {found}. Nothing was written.")]
    NotAMock {
        /// The address.
        url: String,
        /// What it said instead.
        found: String,
    },
    /// The admin token is not the mock's.
    #[error("{url} refused the admin token: {sentence}. The mock prints its own when it starts.")]
    TokenRefused {
        /// The address.
        url: String,
        /// The mock's own words.
        sentence: String,
    },
    /// The store read the rows and would not have them.
    #[error(
        "{url} refused {what} ({status}): {sentence}. It keeps what it held before; nothing was half-applied."
    )]
    Refused {
        /// The address.
        url: String,
        /// What was sent.
        what: &'static str,
        /// HTTP status.
        status: u16,
        /// The store's own words.
        sentence: String,
    },
    /// The connection went away under the rows.
    #[error(
        "the connection to {url} broke after {rows} of {planned} rows: {cause}. The mock takes a world whole or \
         not at all, so nothing was applied; run the same command again."
    )]
    Cut {
        /// The address.
        url: String,
        /// Rows handed to the connection by then.
        rows: u64,
        /// Rows there were to send.
        planned: u64,
        /// What broke it.
        cause: String,
    },
    /// The store's answer could not be read.
    #[error("{url} answered {what} with something unreadable: {cause}")]
    Unreadable {
        /// The address.
        url: String,
        /// Which question.
        what: &'static str,
        /// What is wrong with the answer.
        cause: String,
    },
    /// The store says it holds other numbers than were sent.
    #[error("{url} accepted other numbers of rows than were sent: {difference}")]
    Miscounted {
        /// The address.
        url: String,
        /// Kind by kind, where they differ.
        difference: String,
    },
}

impl SeedError {
    /// What the process says with its exit code: 2 for what was typed, 3 for a target that cannot be reached or
    /// refuses, 99 for a store that does not hold what it should.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::BadAddress { .. } | Self::NoToken => 2,
            Self::Miscounted { .. } => 99,
            _ => 3,
        }
    }
}
