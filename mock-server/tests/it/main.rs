//! The mock over real HTTP, on port 0.

mod admin;
mod auth;
mod edge;
mod events;
mod holding;
mod latency;
mod live;
mod members;
mod pages;
mod program;
mod rig;
mod search;
mod sfu;
mod webhooks;
