//! The command line.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs `mock-server` with these arguments.
pub fn main(_args: impl IntoIterator<Item = OsString>) -> ExitCode {
    ExitCode::SUCCESS
}
