//! Errors for Sentry: one event per kind of failure, one transaction per scenario.
//!
//! What is told is a pure function of what was measured ([`told`]); it is sent when a scenario is over, on a thread of its
//! own. Sentry's own limits are honoured, and a run tells no more than so many events: whatever was not told is counted.
//!
//! Source: <https://develop.sentry.dev/sdk/data-model/envelopes/>,
//! <https://develop.sentry.dev/sdk/expected-features/rate-limiting/>

mod envelope;
mod limits;
mod sender;
mod told;

use std::time::Duration;

use sentry_types::Dsn;

pub use envelope::{Category, Envelope};
pub use limits::Limits;
pub use told::{About, told};

pub use crate::scrub::scrub;

use super::{OutletError, Secret};
use crate::run::Measured;
use sender::Sender;

/// Events that one run tells, at most, unless another number is asked for.
pub const EVENTS: u32 = 50;

/// Who is told of errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    dsn: Secret,
    events: u32,
}

/// Why nobody is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoDsn {
    /// It is not there.
    #[error("--sentry tells the project that SENTRY_DSN names, and SENTRY_DSN is not set")]
    Missing,
    /// It is none. What was there is not shown: it may hold a key.
    #[error("SENTRY_DSN is no DSN ({0}); it looks like https://KEY@HOST/PROJECT")]
    IllFormed(String),
}

impl Wish {
    /// The project behind this DSN, and how many events it is told at most.
    pub fn new(dsn: Option<&str>, events: u32) -> Result<Self, NoDsn> {
        let dsn = dsn.map(str::trim).filter(|dsn| !dsn.is_empty()).ok_or(NoDsn::Missing)?;
        let parsed: Result<Dsn, _> = dsn.parse();
        parsed.map_err(|e| NoDsn::IllFormed(e.to_string()))?;
        Ok(Self { dsn: Secret::new(dsn), events })
    }
}

/// Tells of errors.
#[derive(Debug)]
pub struct Reporter {
    about: About,
    sender: Sender,
}

impl Reporter {
    /// Tells of this run.
    pub fn start(wish: &Wish, about: About) -> Result<Self, OutletError> {
        let dsn: Dsn = wish.dsn.reveal().parse().map_err(|_| OutletError::Client("no DSN".into()))?;
        Ok(Self { about, sender: Sender::start(&dsn, wish.events)? })
    }

    /// A scenario is over.
    pub fn scenario(&self, measured: &Measured) {
        for envelope in told(&self.about, measured) {
            self.sender.send(envelope);
        }
    }

    /// Waits until everything is told, `within` at most, and says what was not.
    pub fn end(self, within: Duration) -> Option<String> {
        self.sender.end(within).note()
    }
}

#[cfg(test)]
mod tests;
