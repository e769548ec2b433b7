//! What those who operate the platform ask it; never part of the measured API, never delayed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Nothing, endpoint};

/// Prometheus metrics.
pub const METRICS: &str = "GET /metrics";
/// The OpenAPI document.
pub const OPENAPI: &str = "GET /openapi.json";
/// Everything of the mock's own, behind its admin token.
pub const ADMIN_PREFIX: &str = "/__admin";
/// The header by which a mock tells its worlds apart.
pub const WORLD_HEADER: &str = "x-mock-world";
/// The same for browsers, which send no headers of ours with pages and sockets.
pub const WORLD_COOKIE: &str = "mock_world";

endpoint! {
    /// Whether the platform is up, and which environment it is.
    Health = "GET /health", Open, None Nothing => 200 HealthOutput,
    params Nothing, errors []
}
endpoint! {
    /// The same under the API's base.
    ApiHealth = "GET /api/health", Open, None Nothing => 200 HealthOutput,
    params Nothing, errors []
}

/// Answer of [`Health`] and [`ApiHealth`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthOutput {
    /// `healthy`.
    pub status: String,
    /// Which environment answers: `mock`, `local`, `staging`, `production`.
    pub environment: String,
    /// Name of the service.
    pub service: String,
    /// Its version.
    pub version: String,
}
