//! Why a request failed, in kinds that can be counted.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// A failed request: its kind, which is counted, and what was seen, of which a few are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind it is counted under.
    pub kind: FaultKind,
    /// Evidence: what was sent and what came back, short.
    pub detail: String,
}

/// The kinds of failure. Errors are counted by kind, so a kind must not carry anything that differs
/// from request to request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// No connection could be had.
    Refused,
    /// The connection broke before the whole answer was there.
    Reset,
    /// No complete answer within the time allowed.
    Timeout,
    /// The secure channel could not be made.
    Tls,
    /// The other side did not speak the protocol.
    Protocol,
    /// An answer whose status is not among those the step expects.
    Status(u16),
    /// An answer whose body failed the step's check; the name of the check.
    Body(Cow<'static, str>),
    /// Anything else, by name, that brought no answer.
    Other(Cow<'static, str>),
}

impl FaultKind {
    /// Whatever comes after more kinds than are kept apart.
    pub(crate) fn further() -> Self {
        Self::Other("further kinds".into())
    }

    /// True when an answer came, if a wrong one. Its latency counts as measured. Without an answer
    /// there is no latency: the request counts as over *every* limit (see [`crate::run::Cell`]).
    pub fn answered(&self) -> bool {
        matches!(self, Self::Status(_) | Self::Body(_))
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Reset => f.write_str("connection reset"),
            Self::Timeout => f.write_str("timeout"),
            Self::Tls => f.write_str("TLS handshake failed"),
            Self::Protocol => f.write_str("protocol error"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Body(check) => write!(f, "body: {check}"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

impl Fault {
    /// A fault of a kind, with its evidence.
    pub fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// An answer with a status nobody expected.
    pub fn status(status: u16, detail: impl Into<String>) -> Self {
        Self::new(FaultKind::Status(status), detail)
    }

    /// An answer whose body failed a check.
    pub fn body(check: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(FaultKind::Body(check.into()), detail)
    }

    /// No complete answer in time.
    pub fn timeout(detail: impl Into<String>) -> Self {
        Self::new(FaultKind::Timeout, detail)
    }

    /// No connection.
    pub fn refused(detail: impl Into<String>) -> Self {
        Self::new(FaultKind::Refused, detail)
    }

    /// A broken connection.
    pub fn reset(detail: impl Into<String>) -> Self {
        Self::new(FaultKind::Reset, detail)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.detail)
    }
}
