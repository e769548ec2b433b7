//! The walls of the house, and the one command as a person runs it. What needs real load is marked ignored here:
//! `./test` runs it with the released binary, one test at a time, on a machine that is doing nothing else.

mod command;
mod deploy;
mod documented;
mod ending;
mod grading;
mod imports;
mod live_session;
mod pages_seen;
#[path = "../../../tests/provided.rs"]
mod provided;
mod rehearsing;
mod tally;
mod usage;
