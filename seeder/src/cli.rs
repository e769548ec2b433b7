//! The command line of `seed`: what was typed, turned into what it means, run, and closed with an exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use fixtures::{Size, World};
use serde_json::json;

use crate::environment::{Access, Environment};
use crate::error::SeedError;
use crate::progress::Progress;
use crate::{clock, plan, report, rows};

/// The store does not hold this world.
const DIFFERS: u8 = 99;
/// Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Puts the world of launch day in place: members, instructors, events, RSVPs, subscriptions, content, sessions.
///
/// The world follows from --seed and size alone: the same ones give the same rows, byte for byte, everywhere.
/// Without a verb, `seed` applies.
#[derive(Debug, Parser)]
#[command(
    name = "seed",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  seed --environment=mock --admin-token TOKEN         launch day's world into the mock on port 8089
  seed plan --scale 10                                what ten times that would be; writes nothing
  seed verify --environment=mock --url http://127.0.0.1:9000
  seed reset-load --environment=mock                  make room for another load run

Exit codes: 0 done; 2 wrong usage; 3 target unreachable or refused; 99 the store does not hold this world;
130 interrupted (nothing applied)."
)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    apply: Apply,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Put a world in place of what the store holds; all of it or nothing (the verb when none is given)
    Apply(Apply),
    /// Count the rows that apply would send; writes nothing, connects to nobody
    Plan(Plan),
    /// Hold the digests of what the store has against the world's; exit 99 when they differ
    Verify(Apply),
    /// Remove what load runs left (rows of load addresses only), so that another can start
    ResetLoad(ResetLoad),
}

#[derive(Debug, Args)]
struct Apply {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    world: WorldArgs,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct Plan {
    #[command(flatten)]
    world: WorldArgs,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct ResetLoad {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
struct Place {
    /// Where to: only `mock` works in this version; `local` and `staging` say what is missing
    #[arg(long, value_enum)]
    environment: Option<Environment>,
    /// Address of the mock; loopback only
    #[arg(long, value_name = "URL", env = "MOCK_URL", default_value = "http://127.0.0.1:8089")]
    url: String,
    /// Admin token of the mock; it prints one when it starts
    #[arg(long, value_name = "TOKEN", env = "MOCK_ADMIN_TOKEN", hide_env_values = true)]
    admin_token: Option<String>,
}

#[derive(Debug, Args)]
struct WorldArgs {
    /// The world's seed
    #[arg(long, default_value_t = fixtures::DEFAULT_SEED)]
    seed: u64,
    /// Load users (one community member per ten comes on top) [default: 5000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=MOST))]
    users: Option<u32>,
    /// Instructors [default: 200]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=MOST))]
    instructors: Option<u32>,
    /// Events; the three load events come on top [default: 500]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=MOST))]
    events: Option<u32>,
    /// Articles, videos and other things search finds [default: 5000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=MOST))]
    content: Option<u32>,
    /// So many times launch day's size, in place of the four counts
    #[arg(long, value_name = "FACTOR", value_parser = clap::value_parser!(u32).range(1..=100),
          conflicts_with_all = ["users", "instructors", "events", "content"])]
    scale: Option<u32>,
}

#[derive(Debug, Args)]
struct Output {
    /// Print the result as one JSON object; progress still goes to standard error
    #[arg(long)]
    json: bool,
}

/// Most rows of one kind that can be asked for.
const MOST: i64 = 1_000_000;

impl WorldArgs {
    fn world(&self) -> World {
        let base = Size::scaled(self.scale.unwrap_or(1));
        let size = Size {
            members: self.users.unwrap_or(base.members),
            instructors: self.instructors.unwrap_or(base.instructors),
            events: self.events.unwrap_or(base.events),
            content: self.content.unwrap_or(base.content),
            ..base
        };
        World::new(self.seed, size)
    }
}

impl Place {
    fn access(&self) -> Access {
        let admin_token = self.admin_token.clone().filter(|token| !token.is_empty());
        Access { url: self.url.clone(), admin_token }
    }

    /// Where to; a process that forgot to say is told so as for any other missing flag.
    fn environment(&self) -> Environment {
        self.environment.unwrap_or_else(|| {
            let message =
                "the following required argument was not provided:\n  --environment <mock|local|staging>\n";
            Cli::command().error(ErrorKind::MissingRequiredArgument, message).exit()
        })
    }
}

/// Runs `seed` with these arguments (the program's name first) and says how it went.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = Cli::parse_from(args);
    let verb = cli.verb.unwrap_or(Verb::Apply(cli.apply));
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no threads to work with: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(async {
        tokio::select! {
            done = run(verb) => done.unwrap_or_else(|error| {
                eprintln!("error: {error}");
                error.exit_code()
            }),
            _ = tokio::signal::ctrl_c() => {
                eprintln!("interrupted: the mock takes a world whole or not at all, so nothing was applied");
                INTERRUPTED
            }
        }
    });
    runtime.shutdown_background();
    ExitCode::from(code)
}

async fn run(verb: Verb) -> Result<u8, SeedError> {
    match verb {
        Verb::Apply(args) => apply(&args).await,
        Verb::Plan(args) => Ok(show_plan(&args)),
        Verb::Verify(args) => verify(&args).await,
        Verb::ResetLoad(args) => reset_load(&args).await,
    }
}

async fn apply(args: &Apply) -> Result<u8, SeedError> {
    let access = args.place.access();
    let store = args.place.environment().open(&access).await?;
    let world = args.world.world();
    let mut progress = Progress::on_stderr(rows::total(&world.counts()));
    let began = clock::now();
    let applied = store.apply(world, move |sent| progress.at(rows::total(&sent))).await?;
    let seconds = clock::now().duration_since(began).as_secs_f64();
    if args.output.json {
        println!("{}", json!({ "store": store.describe(), "rows": applied, "seconds": seconds }));
    } else {
        let rate = rows::total(&applied.accepted) as f64 / seconds.max(1e-3);
        print!("{}{}", report::applied(&store.describe(), &applied, rate), report::next_steps(&access.url));
    }
    Ok(0)
}

fn show_plan(args: &Plan) -> u8 {
    let plan = plan::plan(args.world.world());
    if args.output.json {
        println!("{}", json!(plan));
    } else {
        print!("{}", report::planned(&plan));
    }
    0
}

async fn verify(args: &Apply) -> Result<u8, SeedError> {
    let store = args.place.environment().open(&args.place.access()).await?;
    let held = store.held().await?;
    let comparisons = report::compare(args.world.world(), &held);
    let equal = comparisons.iter().all(|comparison| comparison.equal);
    if args.output.json {
        println!("{}", json!({ "store": store.describe(), "equal": equal, "kinds": comparisons }));
    } else {
        print!("{}", report::verified(&store.describe(), &comparisons));
    }
    Ok(if equal { 0 } else { DIFFERS })
}

async fn reset_load(args: &ResetLoad) -> Result<u8, SeedError> {
    let store = args.place.environment().open(&args.place.access()).await?;
    let removed = store.reset_load().await?;
    if args.output.json {
        println!("{}", json!({ "store": store.describe(), "removed": removed }));
    } else {
        print!("{}", report::reset(&store.describe(), &removed));
    }
    Ok(0)
}
