//! `cargo seed --features stripe`: an alias of cargo's hands what follows to the program, so the program hands the
//! features back to cargo, which builds them in and runs it again.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

/// Runs the program again with the features that were asked for, if this build has not got them. Only comes back when
/// there is nothing to do, or when it cannot be done.
pub(super) fn with_features(args: &[OsString], features: Option<&str>) -> Option<ExitCode> {
    match features {
        None => return None,
        Some("stripe") if cfg!(feature = "stripe") => return None,
        Some("stripe") => {}
        Some(other) => {
            eprintln!("error: the seeder has no feature `{other}`; `stripe` is the one there is");
            return Some(ExitCode::from(2));
        }
    }
    let Some(cargo) = std::env::var_os("CARGO") else {
        eprintln!(
            "error: this program was built without Stripe: cargo build --release --bin seed --features seeder/stripe"
        );
        return Some(ExitCode::from(2));
    };
    let failed = Command::new(cargo)
        .args(["run", "--release", "--bin", "seed", "--features", "seeder/stripe", "--"])
        .args(args.iter().skip(1))
        .exec();
    eprintln!("error: cargo cannot be started: {failed}");
    Some(ExitCode::from(2))
}
