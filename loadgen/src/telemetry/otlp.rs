//! Spans and metrics for an OpenTelemetry collector: OTLP over HTTP, in protobuf.
//!
//! All of it happens on a thread of its own behind a bounded queue. Whoever has something to tell never waits: what finds
//! the queue full is dropped and counted, and so is what the collector does not take. The messages are the protocol's own
//! types; a span is written when its request is over, with its times as they were measured.

mod account;
mod encode;
mod exporter;
mod headers;
mod meter;
mod post;

use engine::clock::Anchor;
use serde::{Deserialize, Serialize};

pub use self::headers::{Headers, HeadersError};
pub(crate) use self::{
    account::Told,
    exporter::{Exporter, Outlet},
    meter::{Book, Meter},
};
use crate::http::Traceparent;

/// The service's name unless `OTEL_SERVICE_NAME` says another.
pub const SERVICE: &str = "wwmaa-loadgen";

/// A collector to tell, and what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// Where it is: `/v1/traces` and `/v1/metrics` are added to it.
    pub endpoint: String,
    /// Headers for it. Secrets: they are not shown, and no other process is told; each reads its environment.
    #[serde(skip)]
    pub headers: Headers,
    /// What this service is called.
    pub service: String,
    /// Whether metrics are told as well.
    pub metrics: bool,
}

/// What all that is told has in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    /// `run_YYYYMMDD_HHMMSS`.
    pub(crate) run: String,
    pub(crate) preset: String,
    pub(crate) target: String,
    /// Tells the processes of a run apart.
    pub(crate) instance: String,
}

/// A scenario, as what is told of it names it.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Its own span, which those of its requests are linked with.
    pub(crate) root: Traceparent,
    /// What time it is.
    pub(crate) anchor: Anchor,
}

#[cfg(test)]
mod tests;
