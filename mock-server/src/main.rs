//! `mock-server`: a stand-in for WWMAA on this machine.

use std::process::ExitCode;

fn main() -> ExitCode {
    mock_server::cli::main(std::env::args_os())
}
