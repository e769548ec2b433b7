//! One command rehearses launch day on one machine: starts a mock, puts the world in it, runs the suite against
//! it, audits its books, reports. It has no logic of its own; it composes the seeder, the mock and the load
//! generator.

mod child;
mod cli;
mod clock;
mod defects;
mod mutation;
mod rehearsal;
mod score;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let program = args.next().unwrap_or_default();
    let mut args = args.peekable();
    if args.next_if(|first| first == child::SUBCOMMAND).is_some() {
        return child::serve(args);
    }
    cli::main(std::iter::once(program).chain(args))
}
