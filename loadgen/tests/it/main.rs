//! The load generator's tests, in one binary.

mod api;
mod calls;
mod client;
mod command_line;
mod flash_crowd;
mod live_session;
mod machine;
mod page;
mod promises;
mod report;
mod rsvp_lies;
mod scopes;
mod search;
mod servers;
mod session_lies;
mod sizing;
mod stage;
mod stripe_burst;
mod stripe_lies;
mod truth;
mod words;
