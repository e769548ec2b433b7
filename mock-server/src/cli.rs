//! The command line: the mock itself, and the commands around it.

mod calibrate;
mod selftest;
mod serve;
mod stripe_replay;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a command that answers yes or no says for "no".
const NO: u8 = 99;

/// A stand-in for WWMAA on this machine: every endpoint of the launch API behaves, answers take as long as a
/// profile says, and the books can be audited.
///
/// It starts empty. Send it a world with `cargo seed --environment=mock`, or let it make one with --world. The
/// first lines on standard output are `listening on http://…` and `admin token: …`, with --tls also
/// `certificate: …`; everything else goes to standard error. It ends on Ctrl-C or SIGTERM, after answers under way
/// have had five seconds to finish; a second one ends it at once.
///
/// One port speaks HTTP/1.1 and HTTP/2, with --tls the one that the client chooses (ALPN). Runs that must not meet
/// name a world each: the header `x-mock-world: NAME`, or the cookie `mock_world`, with every request, and with
/// `POST /__admin/dataset`, which makes the world (up to 16). Latency, faults and defects are the same for all.
#[derive(Debug, Parser)]
#[command(
    name = "mock-server",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  mock-server --world                      a populated mock on port 8089, answers at once\n  mock-server --world --profile healthy    answers take as long as a healthy platform's\n  mock-server --listen 127.0.0.1:0         a free port, printed when it listens\n\nExit codes: 0 ended as asked, 2 could not start (the message says why)."
)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Args,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prove the latency model on this machine: distributions, queues, determinism, timers.
    Selftest(selftest::Args),
    /// Write a latency profile that reproduces what was measured of a target.
    Calibrate(calibrate::Args),
    /// Deliver signed Stripe events to a URL on this machine in Stripe's way: at least once, in no order, with retries.
    StripeReplay(stripe_replay::Args),
}

/// Whether these arguments (the program's name first) mean something; nothing is done. Commands that are written into
/// documents are held against it.
pub fn understands(args: impl IntoIterator<Item = OsString>) -> Result<(), String> {
    match Args::try_parse_from(args) {
        Err(said) if said.use_stderr() => Err(said.to_string()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Runs `mock-server` with these arguments, the program's name first. What goes wrong is said in a sentence on
/// standard error, with exit code 2.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // Help and version are answers, the rest is a refusal; clap knows which stream each belongs to.
            let code = if error.use_stderr() { 2 } else { 0 };
            return error.print().map_or(ExitCode::from(2), |()| ExitCode::from(code));
        }
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_max_level(tracing::Level::INFO)
        .init();
    let ended = match args.command {
        None => serve::run(args.serve).map(|()| ExitCode::SUCCESS),
        Some(Command::Selftest(args)) => selftest::run(&args),
        Some(Command::Calibrate(args)) => calibrate::run(&args),
        Some(Command::StripeReplay(args)) => stripe_replay::run(args),
    };
    ended.unwrap_or_else(|error| {
        complain(&error);
        ExitCode::from(2)
    })
}

/// Rows as aligned columns, a line each.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: [usize; N] =
        std::array::from_fn(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// Says what went wrong. Nobody may be listening any more (the parent died): then there is nobody to tell.
fn complain(error: &anyhow::Error) {
    let mut sentence = String::from("mock-server: ");
    if write!(sentence, "{error:#}").is_ok() {
        drop(writeln!(std::io::stderr(), "{sentence}"));
    }
}
