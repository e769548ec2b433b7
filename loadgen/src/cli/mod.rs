//! The command line of `loadgen`: what was typed, turned into what it means, done, closed with an exit code.

mod ab;
mod after;
mod aim;
mod browsing;
mod compare;
mod headroom;
mod limit;
mod otlp;
mod plan;
mod preflight;
mod probes;
mod reach;
mod readiness;
mod report;
mod run;
mod session;
mod sfu;
mod spread;
mod stops;
mod targets;
mod telemetry;
mod trend;
mod what;

use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, builder::Resettable};
use engine::exit::Exit;

pub use after::afterwards;
pub use browsing::Browsers;
pub use session::Session;

use crate::{preset::Preset, shards, words::tame};

/// Six launch scenarios against one target, judged goal by goal.
///
/// Load goes only where fixtures/environments.toml lets it, and leaves this machine only with --confirm. Every run leaves a directory with its data (`run.json`) and
/// every report made from it.
#[derive(Debug, Parser)]
#[command(
    name = "loadgen",
    version,
    after_long_help = "\
Examples:
  loadgen list                                       the scenarios and what each rehearses
  loadgen plan --preset full                         what launch day would be; sends nothing
  loadgen preflight --target local                   what a target lacks, in about a second
  loadgen run --admin-token TOKEN                    all six, smoke, against the mock on port 8089
  loadgen run --allow-partial                        leave out what the target cannot do
  loadgen run --scenario search-load --preset quick --target http://127.0.0.1:9000
  loadgen run --scenario page-load --browsers 4      four real browsers beside the crowd
  loadgen plan --scenario rtc-load --sfu cloudflare  what the session's media would cost there
  loadgen targets show backend-2025-11               a target profile, to copy and change
  loadgen limit --scenario search-load               how much more than launch day the target carries
  loadgen report results/run_20270101_120000         make every report again from run.json
  loadgen report results/run_20270101_120000 --format csv    print one: every percentile as CSV
  loadgen readiness results/run_20270101_120000      the launch checklist, marked from that run's evidence
  loadgen compare results/run_20270101_090000 results/run_20270101_120000   what changed, by more than chance
  loadgen profile results/run_20270101_120000        percentiles per route, for `mock-server calibrate`

Exit codes, the first that applies:
  130  interrupted; a partial report was written (the second Ctrl-C leaves at once, without one)
    2  wrong usage, or a plan this machine or this world cannot carry
    3  target not reachable, refused, not in the state the plan needs, or a scenario chosen cannot work with it
       (with --allow-partial those are left out, and the others decide)
   99  a goal failed in a valid scenario, an exact goal in any, the target's own books are not in order, or the
       target met a condition of --abort-on
   97  the load generator fell short, or met a condition of --abort-on itself: nothing can be said
   98  the samples do not decide (--inconclusive says otherwise)
    0  every goal that was judged held"
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run scenarios against a target and write the reports
    Run(Box<run::WithBrowsers>),
    Preflight(preflight::PreflightArgs),
    /// Look for the highest load at which every goal of a scenario still holds (exit 99: not even the plan's)
    Limit(Box<limit::LimitArgs>),
    /// Say what a run would be: users, arrivals, duration, connections, requests, goals; sends nothing
    Plan(plan::PlanArgs),
    /// List the scenarios
    List,
    /// List the target profiles, or print one to copy: what `--target` can be
    Targets {
        #[command(subcommand)]
        verb: Option<targets::Targets>,
    },
    /// Make every report of a run again from its run.json, byte for byte; or print one of them
    Report(report::ReportArgs),
    Readiness(readiness::ReadinessArgs),
    Compare(compare::CompareArgs),
    Ab(Box<ab::AbArgs>),
    Trend(trend::TrendArgs),
    /// Print a run's percentiles per route as CSV, for `mock-server calibrate`
    Profile {
        /// A directory with a run.json
        dir: PathBuf,
    },
    /// Drive one shard of a scenario, as a `loadgen run --processes` orders on standard input
    #[command(hide = true)]
    Shard,
}

/// A limit is measured against launch day as written, unless another preset is asked for; an experiment has two targets of
/// its own.
fn command() -> clap::Command {
    let limit =
        |limit: clap::Command| limit.mut_arg("preset", |preset| preset.default_value(Preset::Full.name()));
    let ab = |ab: clap::Command| {
        ab.mut_arg("target", |target| target.hide(true).env(Resettable::Reset).conflicts_with("target_a"))
            .mut_arg("also_at", |also| also.hide(true).conflicts_with("target_a"))
            .mut_arg("time_scale", |scale| scale.hide(true))
            .mut_arg("inconclusive", |ending| ending.hide(true))
    };
    Cli::command().mut_subcommand("limit", limit).mut_subcommand("ab", ab)
}

fn parsed(args: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    command().try_get_matches_from(args).and_then(|typed| Cli::from_arg_matches(&typed))
}

/// Whether these arguments (the program's name first) mean something; nothing is done. Commands that are written into
/// reports and documents are held against it.
pub fn understands(args: impl IntoIterator<Item = OsString>) -> Result<(), String> {
    match parsed(args) {
        Err(said) if said.use_stderr() => Err(said.to_string()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Does what these arguments (the program's name first) say. Call it outside of any runtime.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match parsed(args) {
        Ok(cli) => cli,
        Err(e) => {
            // Fails only when there is nobody left to tell.
            let _ = e.print();
            return if e.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    let exit = match cli.verb {
        Verb::Run(args) => run::run(*args),
        Verb::Preflight(args) => preflight::preflight(args),
        Verb::Limit(args) => limit::limit(*args),
        Verb::Plan(args) => plan::plan(&args),
        Verb::List => Ok(plan::list()),
        Verb::Targets { verb } => targets::targets(verb.as_ref()),
        Verb::Report(args) => report::again(&args),
        Verb::Readiness(args) => readiness::readiness(&args),
        Verb::Compare(args) => compare::compare(&args),
        Verb::Ab(args) => ab::ab(*args),
        Verb::Trend(args) => trend::trend(&args),
        Verb::Profile { dir } => report::profile(&dir),
        Verb::Shard => Ok(shards::serve(io::BufReader::new(io::stdin()), io::stdout())),
    };
    exit.unwrap_or_else(|refusal| {
        eprintln!("error: {}", tame(&refusal.why));
        refusal.exit
    })
    .into()
}

/// Whether these arguments (the program's name first) would be understood; nothing is done.
#[cfg(test)]
pub(crate) fn understood<'a>(args: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    let typed = command().try_get_matches_from(args).map_err(|e| e.to_string())?;
    Cli::from_arg_matches(&typed).map(drop).map_err(|e| e.to_string())
}

/// Says it where results go. Whoever reads may stop early (`| head`): that is no failure.
fn tell(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

/// Why nothing was done.
struct Refusal {
    exit: Exit,
    why: String,
}

impl Refusal {
    fn usage(why: impl std::fmt::Display) -> Self {
        Self { exit: Exit::Usage, why: why.to_string() }
    }
}
