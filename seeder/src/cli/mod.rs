//! The command line of `seed`: what was typed, turned into what it means, run, and closed with an exit code.

mod access;
mod args;
mod ask;
mod mock;
mod rebuild;
mod stores;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser as _;

use self::args::{Cli, Place, Verb};
use crate::environment::Environment;
use crate::error::SeedError;
use crate::settings::Settings;

/// What is there is not this world.
const DIFFERS: u8 = 99;
/// Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Whether these arguments (the program's name first) mean something; nothing is done. Commands that are written into
/// documents are held against it.
pub fn understands(args: impl IntoIterator<Item = OsString>) -> Result<(), String> {
    match Cli::try_parse_from(args) {
        Err(said) if said.use_stderr() => Err(said.to_string()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Runs `seed` with these arguments (the program's name first) and says how it went.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let (verb, place) = Cli::parse_from(&args).split();
    if let Some(code) = rebuild::with_features(&args, place.features.as_deref()) {
        return code;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no threads to work with: {error}");
            return ExitCode::FAILURE;
        }
    };
    let writing = AtomicBool::new(false);
    let code = runtime.block_on(async {
        tokio::select! {
            done = run(&verb, &place, &writing) => done.unwrap_or_else(|error| {
                eprintln!("error: {error}");
                error.exit_code()
            }),
            _ = tokio::signal::ctrl_c() => {
                eprintln!("interrupted: {}", interrupted(&place, writing.load(Ordering::Relaxed)));
                INTERRUPTED
            }
        }
    });
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// Says the result. Whoever has stopped reading (`| head`) has heard enough.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// What stands after Ctrl-C, given whether something was writing.
fn interrupted(place: &Place, writing: bool) -> &'static str {
    match place.given() {
        Some(Environment::Mock) => "the mock takes a world whole or not at all, so nothing was applied",
        _ if writing => {
            "what was finished by then stands and is in the ledger, what was under way is rolled back. The same command \
             goes on from there; `seed destroy` removes it"
        }
        _ => "nothing was written",
    }
}

async fn run(verb: &Verb, place: &Place, writing: &AtomicBool) -> Result<u8, SeedError> {
    if let (Verb::Plan(plan), None) = (verb, place.given()) {
        return Ok(mock::count(&plan.world, place.json));
    }
    let environment = place.environment();
    let settings = Settings::read(place.env_file.as_deref())?;
    if environment == Environment::Mock {
        return mock::run(verb, place, &settings).await;
    }
    stores::run(verb, environment, place, &settings, writing).await
}
