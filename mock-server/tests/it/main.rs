//! The mock over real HTTP, on port 0.

mod admin;
mod auth;
mod bad_frames;
mod bad_input;
mod edge;
mod ends;
mod events;
mod holding;
mod latency;
mod limits;
mod live;
mod many;
mod members;
mod metrics;
mod pages;
mod program;
mod replay;
mod rig;
mod search;
mod sfu;
mod snapshots;
mod tls;
mod webhooks;
mod wire;
mod worlds;
