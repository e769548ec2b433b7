//! What an OpenTelemetry collector is told of a run, by the load generator and by the mock.

mod collector;
mod joined;
mod split;
