//! `seed` as a person runs it: the real command against a real mock, and against servers that misbehave.

mod applying;
mod command;
mod fake;
mod faults;
mod planning;
mod usage;
