//! Why a world could not be put in place. Each says what was and was not done, in one sentence a person can act on.

use std::fmt;

use crate::environment::Environment;

/// Why a store could not be opened, filled or checked.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A flag, a variable or the settings file says something that cannot be.
    #[error("{0}")]
    Setting(String),
    /// An environment did not prove what it is.
    #[error("{environment} is refused: {missing}. Nothing was written.")]
    Unproven {
        /// Which environment.
        environment: Environment,
        /// Which proof is missing, and how to give it.
        missing: String,
    },
    /// A store failed while something was being done with it.
    #[error(transparent)]
    Store(Box<StoreError>),
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
            Self::BadAddress { .. } | Self::NoToken | Self::Setting(_) => 2,
            Self::Miscounted { .. } => 99,
            _ => 3,
        }
    }

    /// A store's failure, before it is known what was done by then.
    pub fn store(
        store: &'static str,
        fault: Fault,
        doing: impl Into<String>,
        cause: impl fmt::Display,
    ) -> Self {
        let cause = cause.to_string();
        Self::Store(Box::new(StoreError { store, fault, doing: doing.into(), cause, done: None }))
    }

    /// The same, with what was done by then; what an error already says of it stands.
    #[must_use]
    pub fn having_done(mut self, done: impl FnOnce() -> String) -> Self {
        if let Self::Store(error) = &mut self
            && error.done.is_none()
        {
            error.done = Some(done());
        }
        self
    }
}

/// A store's failure.
#[derive(Debug, thiserror::Error)]
pub struct StoreError {
    /// The store, such as `Postgres`.
    pub store: &'static str,
    /// What kind of failure.
    pub fault: Fault,
    /// What was being done: `connecting`, `writing users`.
    pub doing: String,
    /// In the store's own words.
    pub cause: String,
    /// What was and was not done by then; none while nothing was.
    pub done: Option<String>,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {}.", self.store, self.doing, self.cause.trim_end_matches('.'))?;
        for sentence in [self.fault.advice(), self.done.as_deref().unwrap_or("Nothing was written.")] {
            if !sentence.is_empty() {
                write!(f, " {sentence}")?;
            }
        }
        Ok(())
    }
}

/// What kind of failure a store had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nobody answers.
    Unreachable,
    /// User, password or key is not taken.
    Denied,
    /// The user may not do this.
    Forbidden,
    /// The database, table or column is not there, or is another than is needed.
    Schema,
    /// Rows that are not the seeder's stand where its own belong.
    Collision,
    /// Rows that are not the seeder's refer to rows that are.
    Referenced,
    /// Another seeder is at work.
    InUse,
    /// No space is left.
    Full,
    /// It takes no writes.
    ReadOnly,
    /// It asks to be asked less, and did so until patience ran out.
    Busy,
    /// The connection went away.
    Cut,
    /// It refused, or answered something that makes no sense.
    Broken,
}

impl Fault {
    /// What a person can do about it.
    const fn advice(self) -> &'static str {
        match self {
            Self::Unreachable => "Is it running, and is the address right?",
            Self::Denied => "Check the user, password or key in the settings.",
            Self::Forbidden => "The user needs more rights, or another user is meant.",
            Self::Full => "Make room, then run the same command again.",
            Self::ReadOnly => "Point the settings at the primary, or lift its read-only mode.",
            Self::Busy | Self::Cut => "Run the same command again later: it goes on where it stopped.",
            Self::Referenced => {
                "Rows of others refer to it: `seed reset-load` removes what load left, the rest is for whoever made it."
            }
            Self::Schema | Self::Collision | Self::InUse | Self::Broken => "",
        }
    }
}
