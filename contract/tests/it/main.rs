//! The contract's own tests: what is written must read back, what is signed must verify.

mod endpoints;
mod frames;
mod openapi;
mod stripe_events;
mod stripe_signatures;
