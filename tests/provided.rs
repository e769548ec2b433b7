//! What `./test` provides for the tests of every crate. A test without what it wants is left out, and that is seen.

use std::ffi::OsString;
use std::io::Write as _;

/// What this variable names (`tests/provide.sh` sets it). Where it names nothing, whoever asks has nothing to test with.
pub(crate) fn named(variable: &str) -> Option<OsString> {
    let named = std::env::var_os(variable).filter(|value| !value.is_empty());
    if named.is_none() {
        left_out(&format!("{variable} names none"));
    }
    named
}

/// Says that this test, or a part of it, was left out: past what keeps the words of tests that pass. `./test` counts
/// it, and fails where what the test wants was provided (`tests/tally.sh`).
pub(crate) fn left_out(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let line = format!("LEFT OUT: test {}::{test}, as {why}\n", env!("CARGO_PKG_NAME"));
    drop(std::io::stderr().write_all(line.as_bytes()));
}
