//! What a run tells other systems: traces and metrics over OTLP, metrics for Prometheus, errors for Sentry.
//!
//! | module | what for |
//! |---|---|
//! | [`figures`] | the run as families of metrics: a pure fold of what happens |
//! | [`prometheus`] | these, for whoever comes to read them |
//! | [`remote_write`] | these, sent every few seconds |
//! | [`sentry`] | one event per kind of failure, one transaction per scenario |
//! | [`Outlets`] | all of it as the suite holds it |

mod client;
pub mod figures;
mod outlets;
pub mod prometheus;
pub mod remote_write;
mod secret;
pub mod sentry;

pub use figures::Feed;
pub use outlets::{OutletError, Outlets};
pub use secret::Secret;

pub mod otlp;
pub mod traces;

/// What is to be told, and where; nothing unless it is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Which requests are part of a trace, and whose traces are kept.
    pub traces: traces::Wish,
    /// The OpenTelemetry collector, if there is one to tell.
    pub otlp: Option<otlp::Wish>,
    /// Where Prometheus may come and read.
    pub metrics: Option<prometheus::Place>,
    /// Where metrics are sent.
    pub remote_write: Option<remote_write::Destination>,
    /// Who is told of errors.
    pub sentry: Option<sentry::Wish>,
}
