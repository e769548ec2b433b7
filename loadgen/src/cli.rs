//! The command line of `loadgen`: what was typed, turned into what it means, done, closed with an exit code.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{Args, Parser, Subcommand};
use engine::exit::{Exit, Inconclusive};
use fixtures::{Size, World};

use crate::{
    interrupt::{self, Ended},
    judgement,
    machine::Allowance,
    options::{self, Options},
    plan_text,
    preset::Preset,
    report,
    run::Run,
    scenarios, suite,
    target::Target,
};

/// Six launch scenarios against one target, judged goal by goal.
///
/// Load goes to a mock or a loopback address only. Every run leaves a directory with its data (`run.json`) and
/// every report made from it.
#[derive(Debug, Parser)]
#[command(
    name = "loadgen",
    version,
    after_long_help = "\
Examples:
  loadgen list                                       the scenarios and what each rehearses
  loadgen plan --preset full                         what launch day would be; sends nothing
  loadgen run --admin-token TOKEN                    all six, smoke, against the mock on port 8089
  loadgen run --scenario search-load --preset quick --target http://127.0.0.1:9000
  loadgen report results/run_20270101_120000         make every report again from run.json
  loadgen profile results/run_20270101_120000        percentiles per route, for `mock-server calibrate`

Exit codes, the first that applies:
  130  interrupted; a partial report was written (the second Ctrl-C leaves at once, without one)
    2  wrong usage, or a plan this machine or this world cannot carry
    3  target not reachable, refused, or not in the state the plan needs
   99  a goal failed in a valid scenario, an exact goal in any, or the target's own books are not in order
   97  the load generator fell short: nothing can be said
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
    Run(RunArgs),
    /// Say what a run would be: users, arrivals, duration, connections, requests, goals; sends nothing
    Plan(What),
    /// List the scenarios
    List,
    /// Make every report of a run again from its run.json, byte for byte
    Report(ReportArgs),
    /// Print a run's percentiles per route as CSV, for `mock-server calibrate`
    Profile {
        /// A directory with a run.json
        dir: PathBuf,
    },
}

/// What is rehearsed.
#[derive(Debug, Args)]
struct What {
    /// A scenario to run; may be given several times or as a list with commas [default: all six]
    #[arg(long = "scenario", value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    scenarios: Vec<String>,

    /// How much is rehearsed: smoke (all six in 90 s), quick (8 min), full (an hour, launch day as written)
    #[arg(long, value_name = "PRESET", default_value = "smoke", env = "LOADGEN_PRESET")]
    preset: Preset,

    /// Stretch the preset's durations by this factor; rates, intervals and think times stay
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = time_scale)]
    time_scale: f64,

    /// Seed of everything random in the requests: the same seed asks the same
    #[arg(long, value_name = "N", default_value_t = fixtures::DEFAULT_SEED, env = "LOADGEN_SEED")]
    seed: u64,

    /// Seed of the world the target was seeded with
    #[arg(long, value_name = "N", default_value_t = fixtures::DEFAULT_SEED, env = "WORLD_SEED")]
    world_seed: u64,

    /// Size of the world the target was seeded with, in multiples of launch day's
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=200))]
    scale: u32,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Where load goes: mock (port 8089 on this machine), local (port 8000), or a loopback URL
    #[arg(long, value_name = "TARGET", default_value = "mock", env = "LOADGEN_TARGET")]
    target: String,

    #[command(flatten)]
    what: What,

    /// Where `run_YYYYMMDD_HHMMSS` is made
    #[arg(long, value_name = "DIR", default_value = "results", env = "LOADGEN_OUT")]
    out: PathBuf,

    /// The mock's admin token: with it the mock's own books are read (audit, truth score, webhook ledger)
    #[arg(long, value_name = "TOKEN", env = "MOCK_ADMIN_TOKEN", hide_env_values = true)]
    admin_token: Option<String>,

    /// The mock's world to load, where it has several (`x-mock-world` with every request) [default: its default]
    #[arg(long, value_name = "NAME", env = "MOCK_WORLD")]
    mock_world: Option<String>,

    /// Certificates to trust, PEM, for a target reached over https
    #[arg(long, value_name = "FILE", env = "LOADGEN_CA")]
    ca: Option<PathBuf>,

    /// The secret webhooks are signed with
    #[arg(
        long,
        value_name = "SECRET",
        default_value = contract::stripe::DEFAULT_SECRET,
        env = "STRIPE_WEBHOOK_SECRET",
        hide_env_values = true
    )]
    stripe_secret: String,

    /// Threads that drive load [default: 2, or 1 where there is one core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=256))]
    workers: Option<u64>,

    /// Say nothing while it runs
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    ending: Ending,
}

#[derive(Debug, Args)]
struct Ending {
    /// What it means to the exit code when a sample does not decide: pass, fail, or 98
    #[arg(long, value_name = "pass|fail|98", default_value = "98", value_parser = str::parse::<Inconclusive>)]
    inconclusive: Inconclusive,
}

#[derive(Debug, Args)]
struct ReportArgs {
    /// A directory with a run.json
    dir: PathBuf,

    #[command(flatten)]
    ending: Ending,
}

fn time_scale(text: &str) -> Result<f64, String> {
    let x: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if (0.01..=100.0).contains(&x) { Ok(x) } else { Err(format!("`{text}` is not within 0.01 to 100")) }
}

/// Does what these arguments (the program's name first) say. Call it outside of any runtime.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(e) => {
            // Fails only when there is nobody left to tell.
            let _ = e.print();
            return if e.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    let exit = match cli.verb {
        Verb::Run(args) => run(args),
        Verb::Plan(what) => plan(&what),
        Verb::List => Ok(list()),
        Verb::Report(args) => report_again(&args),
        Verb::Profile { dir } => profile(&dir),
    };
    exit.unwrap_or_else(|refusal| {
        eprintln!("error: {}", refusal.why);
        refusal.exit
    })
    .into()
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

impl What {
    /// What is rehearsed, against `target`.
    fn options(&self, target: Target) -> Result<Options, Refusal> {
        Ok(Options {
            scenarios: options::choose(&self.scenarios).map_err(Refusal::usage)?,
            preset: self.preset,
            time_scale: self.time_scale,
            seed: self.seed,
            world: World::new(self.world_seed, Size::scaled(self.scale)),
            ..Options::new(target)
        })
    }
}

fn run(args: RunArgs) -> Result<Exit, Refusal> {
    // What was typed wrong is said before anything is looked up.
    options::choose(&args.what.scenarios).map_err(Refusal::usage)?;
    let target = Target::parse(&args.target).and_then(|target| match &args.mock_world {
        Some(world) => target.in_world(world),
        None => Ok(target),
    });
    let target = target.map_err(|e| Refusal { exit: e.exit(), why: e.to_string() })?;
    let chosen = args.what.options(target)?;
    let options = Options {
        out: args.out,
        admin_token: args.admin_token,
        ca: args.ca,
        stripe_secret: args.stripe_secret,
        workers: args.workers.unwrap_or(chosen.workers),
        quiet: args.quiet,
        ..chosen
    };
    match interrupt::guarded(move |ends| suite::run(&options, &ends)) {
        Ok(Ended::Done(Ok(outcome))) => {
            tell(&report::closing(&outcome.run));
            tell(&format!("{}\n", outcome.dir.display()));
            Ok(outcome.judgement.exit(args.ending.inconclusive))
        }
        Ok(Ended::Done(Err(e))) => Err(Refusal { exit: e.exit(), why: e.to_string() }),
        Ok(Ended::Left) => Err(Refusal { exit: Exit::Interrupted, why: "left without a report".into() }),
        Ok(Ended::Panicked) => {
            Err(Refusal { exit: Exit::Invalid, why: "the load generator panicked".into() })
        }
        Err(e) => Err(Refusal::usage(e)),
    }
}

fn plan(what: &What) -> Result<Exit, Refusal> {
    // Nothing is sent: which target it would be does not matter.
    let target = Target::parse("mock").map_err(Refusal::usage)?;
    let options = what.options(target)?;
    let nonce: Arc<str> = "plan".into();
    let prepared = suite::plans(&options, &nonce);
    let heading = format!("preset {}, seed {}, {} workers", options.preset, options.seed, options.workers);
    tell(&plan_text::of(&prepared, &heading));
    tell(&plan_text::machine_line(&prepared, Allowance::of_this_process()));
    Ok(Exit::Ok)
}

fn list() -> Exit {
    for scenario in scenarios::ALL {
        let (name, title, description) = (scenario.name(), scenario.title(), scenario.description());
        tell(&format!("{name:16} {title}\n{:16} {description}\n", ""));
    }
    Exit::Ok
}

fn profile(dir: &Path) -> Result<Exit, Refusal> {
    tell(&report::percentiles(&Run::read(dir).map_err(Refusal::usage)?));
    Ok(Exit::Ok)
}

fn report_again(args: &ReportArgs) -> Result<Exit, Refusal> {
    let run = Run::read(&args.dir).map_err(Refusal::usage)?;
    report::write_all(&run, &args.dir).map_err(|e| Refusal::usage(format!("{}: {e}", args.dir.display())))?;
    let judgement = judgement::judge(&run);
    tell(&report::closing(&run));
    Ok(judgement.exit(args.ending.inconclusive))
}
