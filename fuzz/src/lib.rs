//! What is checked of anything that may be sent: a function per target, which panics when a promise is broken. The
//! fuzzer calls them with inputs of its own (`fuzz_targets/`), and so do the mock's tests
//! (`mock-server/tests/it/fuzzed.rs`), with the corpus and some changes to it.

pub mod dataset;
pub mod description;
pub mod frames;
pub mod mock;
pub mod profile;
pub mod requests;
pub mod signature;
