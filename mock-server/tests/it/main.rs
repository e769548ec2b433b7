//! The mock over real HTTP, on port 0.

mod admin;
mod admin_page;
mod auth;
mod bad_frames;
mod bad_input;
#[expect(dead_code, reason = "only the load generator reaches a browser from outside")]
mod browser;
#[cfg(feature = "media")]
mod browser_call;
mod bus;
mod bus_lost;
mod calibrate;
mod defects;
mod disturbances;
mod down;
mod edge;
mod ends;
mod events;
mod fault_plans;
mod faults;
mod fuzzed;
mod holding;
mod latency;
mod launch_day;
mod limits;
mod live;
mod many;
#[cfg(feature = "media")]
mod media;
#[cfg(feature = "media")]
mod media_peer;
mod members;
mod metrics;
mod pages;
mod pages_seen;
mod profile;
mod program;
#[path = "../../../tests/provided.rs"]
mod provided;
mod redis_server;
mod refusals;
mod replay;
mod rig;
mod search;
mod selftest;
mod sfu;
mod sfu_app;
mod snapshots;
mod tls;
mod webhooks;
mod wire;
mod worlds;
