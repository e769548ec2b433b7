//! The mock over real HTTP, on port 0.

mod rig;
mod latency;
