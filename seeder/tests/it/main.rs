//! `seed` as a person runs it: the real command against a real mock, and against servers that misbehave.

mod applying;
mod command;
mod fake;
mod faults;
mod full_disk;
mod pgbouncer;
mod planning;
mod postgres_store;
mod proxy;
mod redis_store;
mod servers;
mod staging;
#[cfg(feature = "stripe")]
mod stripe;
mod usage;
mod zerodb;
