//! The mock over real HTTP, on port 0.

mod events;
mod rig;
mod search;
mod latency;
mod admin;
mod auth;
mod edge;
mod members;
mod webhooks;
