//! The command line of `dry-run`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use loadgen::browser::Venue;
use loadgen::preset::Preset;
use mock_server::PageWeight;

use crate::{mutation, rehearsal};

/// Rehearses launch day on this machine: starts a mock WWMAA API, puts the world of 5 000 members in it, runs the
/// launch scenarios against it over real HTTP and WebSocket, audits the mock's own books, and reports PASS or FAIL
/// goal by goal.
///
/// Nothing leaves this machine, and nothing keeps running afterwards (unless --keep says so).
#[derive(Debug, Parser)]
#[command(
    name = "dry-run",
    version,
    after_help = "\
Examples:
  dry-run                                     all six scenarios in about a minute and a half
  dry-run --scenario search-load --preset quick
  dry-run --profile breach                    a mock too slow for its goals: must exit 99
  dry-run --defects                           grade the suite: 20 planted defects, about seven minutes
  dry-run --defects chat-lost n-plus-one
  dry-run --keep                              look at the mock, its books and its metrics afterwards

Ctrl-C stops the load and still writes a report of what there is; a second one leaves at once.

Exit codes, the first that applies: 130 interrupted; 2 wrong usage; 3 target unreachable or refused; 99 a goal
failed, the audit did, or a defect was missed; 97 the load generator fell short, so nothing can be said; 98 inconclusive; 0."
)]
pub(crate) struct Args {
    /// How much is rehearsed: smoke (all six in 90 s), quick (a minute each), full (launch day, about an hour)
    #[arg(long, default_value = "smoke", value_name = "smoke|quick|full")]
    pub(crate) preset: Preset,
    /// How long the mock's answers take: a latency profile that ships (off, healthy, borderline, breach), or a file of
    /// your own
    #[arg(long, default_value = "healthy", value_name = "NAME|FILE")]
    pub(crate) profile: String,
    /// Let the mock go wrong on a schedule while load is on: a plan of faults, in TOML
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// How heavy the mock's pages are, 0.1 to 20 times as heavy as a well-kept membership site's
    #[arg(long, value_name = "FACTOR", default_value_t)]
    pub(crate) page_weight: PageWeight,
    /// Only this scenario; may be given several times [default: all six]
    #[arg(long = "scenario", value_name = "NAME", num_args = 1..)]
    pub(crate) scenarios: Vec<String>,
    /// Seed of the world, of the requests and of the mock's latency: the same one rehearses the same day
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Folder in which `run_YYYYMMDD_HHMMSS` is made
    #[arg(long, default_value = "results", value_name = "DIR")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) session: loadgen::cli::Session,
    #[command(flatten)]
    pub(crate) browsers: loadgen::cli::Browsers,
    /// Stretch the preset's durations by this factor; rates stay
    #[arg(long, default_value_t = 1.0, value_name = "X", value_parser = factor)]
    pub(crate) time_scale: f64,
    /// Multiply the preset's head-counts and rates by this factor, 0.05 to 1: for a machine that is too small for them; goals
    /// and what is checked stay
    #[arg(long, default_value_t = 1.0, value_name = "X", value_parser = part)]
    pub(crate) load: f64,
    /// What a goal that the sample does not decide means for the exit code
    #[arg(long, default_value = "98", value_name = "pass|fail|98", value_parser = ["pass", "fail", "98"])]
    pub(crate) inconclusive: String,
    /// Leave the mock running afterwards, and say where it is and how to stop it
    #[arg(long)]
    pub(crate) keep: bool,
    /// Say how it gets on in plain lines, also on a terminal
    #[arg(long)]
    pub(crate) plain: bool,
    /// Show how it gets on in a page at this loopback address, too; port 0 takes one that is free
    #[arg(long, value_name = "127.0.0.1:PORT", value_parser = loadgen::watch::web::address)]
    pub(crate) web: Option<SocketAddr>,
    /// Grade the suite instead: plant each of these defects in a mock of its own (all of them when none is named) and
    /// see whether the scenario meant for it turns red; ends with the mutation score
    #[arg(
        long,
        value_name = "NAME",
        num_args = 0..,
        conflicts_with_all = [
            "preset", "profile", "faults", "page_weight", "scenarios", "time_scale", "inconclusive", "keep", "web",
            "participants", "subscribe", "video", "media", "browsers", "browser_at", "throttle", "load"
        ]
    )]
    pub(crate) defects: Option<Vec<String>>,
}

fn factor(text: &str) -> Result<f64, String> {
    number(text, 100.0)
}

fn part(text: &str) -> Result<f64, String> {
    number(text, 1.0)
}

/// A factor that is not too small to rehearse anything.
fn number(text: &str, most: f64) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.05..=most).contains(&number) => Ok(number),
        _ => Err(format!("`{text}` is not a factor from 0.05 to {most}")),
    }
}

/// Runs `dry-run` with these arguments (the program's name first) and says how it went.
pub(crate) fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args = Args::parse_from(args);
    if let Some(names) = &args.defects {
        return match mutation::choose(names) {
            Ok(cases) => ended(mutation::run(&args, &cases)),
            Err(unknown) => usage(&unknown),
        };
    }
    let scenarios = match loadgen::options::choose(&args.scenarios) {
        Ok(scenarios) => scenarios,
        Err(unknown) => return usage(&unknown),
    };
    let live = match args.session.shape() {
        Ok(live) => live,
        Err(why) => return usage(&why),
    };
    // The mock is reached without TLS: there are no certificates to trust.
    let venue = Venue { own_roots: false, on_this_machine: true };
    let browsing = match args.browsers.browsing(&scenarios, venue) {
        Ok(browsing) => browsing,
        Err(why) => return usage(&why),
    };
    ended(rehearsal::run(&args, scenarios, live, browsing))
}

/// Says what broke off what was asked for, if anything did.
fn ended(outcome: anyhow::Result<ExitCode>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        rehearsal::exit_code(&error)
    })
}

/// Says what was typed wrong as any other usage error is said.
fn usage(error: &dyn std::fmt::Display) -> ExitCode {
    use clap::CommandFactory as _;
    let error = Args::command().error(ErrorKind::InvalidValue, error);
    // Where not even this can be printed, the exit code still says it.
    drop(error.print());
    ExitCode::from(2)
}
