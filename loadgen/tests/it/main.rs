//! The load generator's tests, in one binary.

mod calls;
mod client;
mod command_line;
mod flash_crowd;
mod live_session;
mod machine;
mod promises;
mod scopes;
mod servers;
mod sizing;
mod stripe_burst;
mod truth;
