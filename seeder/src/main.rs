//! The `seed` command; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    seeder::cli::main(std::env::args_os())
}
