//! What can be typed.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use fixtures::{Size, World};

use crate::environment::Environment;
use crate::site::Store;

/// Puts the world of launch day in place: members, instructors, events, RSVPs, subscriptions, content, sessions.
///
/// The world follows from --seed and size alone: the same ones give the same rows, byte for byte, everywhere.
/// Without a verb, `seed` applies.
#[derive(Debug, Parser)]
#[command(
    name = "seed",
    version,
    allow_negative_numbers = true,
    after_help = "\
Examples:
  seed --environment=mock --admin-token TOKEN         launch day's world into the mock on port 8089
  seed plan --scale 10                                what ten times that would be; connects to nobody
  seed plan --environment=staging                     what apply would create, update and delete there
  seed --environment=staging                          fill staging: every store that is configured
  seed --environment=staging --stores=postgres,redis  only these
  seed verify --environment=staging                   every row, rule and shape held against the world
  seed destroy --environment=staging                  remove what the seeder put there, and nothing else

Settings come from flags, then from variables, then from the file .env.load-tests:
  MOCK_URL, MOCK_ADMIN_TOKEN; LOCAL_DATABASE_URL, LOCAL_REDIS_URL; STAGING_DATABASE_URL, STAGING_REDIS_URL;
  STRIPE_SECRET_KEY, STRIPE_API_BASE; ZERODB_API_BASE_URL, ZERODB_PROJECT_ID, ZERODB_API_KEY (and ZERODB_EMAIL with
  ZERODB_PASSWORD). `.env.load-tests.example` explains each.

Exit codes: 0 done; 2 wrong usage; 3 target unreachable or refused; 99 what is there is not this world;
130 interrupted."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
    #[command(flatten)]
    pub(super) place: Place,
    #[command(flatten)]
    pub(super) apply: Apply,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Put a world in place; what is there already is not written again (the verb when none is given)
    Apply(Apply),
    /// Show what apply would create, update and delete; without --environment, only count the world's rows
    Plan(Plan),
    /// Hold every row against the world's, and the rules and shapes that rows must have; exit 99 when something is off
    Verify(Plan),
    /// Remove exactly what the seeder put there, whatever state it is in, and prove it by count
    Destroy(Destroy),
    /// Remove what load runs left (rows of load addresses only), so that another can start
    ResetLoad(Plan),
    /// Say, once and as a person, that a database is this environment's: plants the marker that the other verbs want
    Adopt(Adopt),
}

#[derive(Debug, Args)]
pub(super) struct Apply {
    #[command(flatten)]
    pub(super) world: WorldArgs,
    /// Remove what the seeder put there before, then apply
    #[arg(long)]
    pub(super) clean: bool,
    /// Make the tables that are missing, and the guide's indexes, also where there are other tables
    #[arg(long)]
    pub(super) migrate: bool,
    /// Do not ask before rows are removed: with --clean, or when another or a larger world is there
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) world: WorldArgs,
}

#[derive(Debug, Args)]
pub(super) struct Destroy {
    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Adopt {
    /// The database's name, typed by whoever is sure; asked for when it is not given
    #[arg(long, value_name = "NAME")]
    pub(super) database_name: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Place {
    /// Where to
    #[arg(long, value_enum, global = true, help_heading = "Place")]
    environment: Option<Environment>,
    /// Only these stores of it [default: those that are configured; for local, Postgres and Redis]
    #[arg(long, value_enum, value_delimiter = ',', global = true, help_heading = "Place")]
    pub(super) stores: Vec<Store>,
    /// Address of the database; `LOCAL_DATABASE_URL`, `STAGING_DATABASE_URL`
    #[arg(long, value_name = "URL", global = true, help_heading = "Place")]
    pub(super) database_url: Option<String>,
    /// Address of Redis; `LOCAL_REDIS_URL`, `STAGING_REDIS_URL`
    #[arg(long, value_name = "URL", global = true, help_heading = "Place")]
    pub(super) redis_url: Option<String>,
    /// Address of the mock, loopback only; `MOCK_URL`, or port 8089 on this machine
    #[arg(long, value_name = "URL", global = true, help_heading = "Place")]
    pub(super) url: Option<String>,
    /// Admin token of the mock, which prints one when it starts; `MOCK_ADMIN_TOKEN`
    #[arg(long, value_name = "TOKEN", global = true, help_heading = "Place")]
    pub(super) admin_token: Option<String>,
    /// The mock's world to fill, where it has several (made when it is not there); `MOCK_WORLD`, or its default
    #[arg(long, value_name = "NAME", global = true, help_heading = "Place")]
    pub(super) mock_world: Option<String>,
    /// The settings file [default: .env.load-tests, if it is there]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Place")]
    pub(super) env_file: Option<PathBuf>,
    /// Print the result as one JSON object; progress still goes to standard error
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// So that `cargo seed --features stripe` works as it would for cargo
    #[arg(long, value_name = "FEATURE", global = true, hide = true)]
    pub(super) features: Option<String>,
}

#[derive(Debug, Args)]
#[group(id = "world")]
pub(super) struct WorldArgs {
    /// The world's seed
    #[arg(long, default_value_t = fixtures::DEFAULT_SEED, help_heading = "World")]
    seed: u64,
    /// Load users (one community member per ten comes on top) [default: 5000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=MOST), help_heading = "World")]
    users: Option<u32>,
    /// Instructors [default: 200]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=MOST), help_heading = "World")]
    instructors: Option<u32>,
    /// Events; the three load events come on top [default: 500]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=MOST), help_heading = "World")]
    events: Option<u32>,
    /// Articles, videos and other things search finds [default: 5000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=MOST), help_heading = "World")]
    content: Option<u32>,
    /// About so many RSVPs [default: as events are popular, some 88 each]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=MOST_RSVPS), help_heading = "World")]
    rsvps: Option<u32>,
    /// So many paying members [default: all who would, 45 in 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=MOST), help_heading = "World")]
    subscriptions: Option<u32>,
    /// So many times launch day's size, in place of the counts
    #[arg(long, value_name = "FACTOR", value_parser = clap::value_parser!(u32).range(1..=100), help_heading = "World",
          conflicts_with_all = ["users", "instructors", "events", "content", "rsvps", "subscriptions"])]
    scale: Option<u32>,
}

/// Most rows of one kind that can be asked for.
const MOST: i64 = 1_000_000;
const MOST_RSVPS: i64 = 10_000_000;

impl WorldArgs {
    /// The world that is meant.
    pub(super) fn world(&self) -> World {
        let base = Size::scaled(self.scale.unwrap_or(1));
        let size = Size {
            members: self.users.unwrap_or(base.members),
            instructors: self.instructors.unwrap_or(base.instructors),
            events: self.events.unwrap_or(base.events),
            content: self.content.unwrap_or(base.content),
            rsvps: self.rsvps,
            subscriptions: self.subscriptions,
        };
        World::new(self.seed, size)
    }

    /// The flags that ask for this world again; empty for launch day's.
    pub(super) fn flags(&self) -> String {
        let mut flags = String::new();
        if self.seed != fixtures::DEFAULT_SEED {
            flags = format!(" --seed={}", self.seed);
        }
        for (name, value) in [
            ("scale", self.scale),
            ("users", self.users),
            ("instructors", self.instructors),
            ("events", self.events),
            ("content", self.content),
            ("rsvps", self.rsvps),
            ("subscriptions", self.subscriptions),
        ] {
            flags.extend(value.map(|value| format!(" --{name}={value}")));
        }
        flags
    }

    fn is_given(&self) -> bool {
        self.seed != fixtures::DEFAULT_SEED
            || self.scale.is_some()
            || [self.users, self.instructors, self.events, self.content, self.rsvps, self.subscriptions]
                .iter()
                .any(Option::is_some)
    }
}

impl Cli {
    /// What is to be done, and where.
    pub(super) fn split(self) -> (Verb, Place) {
        let Self { verb, place, apply } = self;
        let early = apply.world.is_given() || apply.clean || apply.migrate || apply.yes;
        match verb {
            Some(_) if early => {
                let message =
                    "flags that say which world, and --clean, --migrate and --yes, go behind the verb";
                Self::command().error(ErrorKind::ArgumentConflict, message).exit()
            }
            Some(verb) => (verb, place),
            None => (Verb::Apply(apply), place),
        }
    }
}

impl Place {
    /// Where to, if it was said.
    pub(super) fn given(&self) -> Option<Environment> {
        self.environment
    }

    /// Where to; a person who forgot to say is told so as for any other missing flag.
    pub(super) fn environment(&self) -> Environment {
        self.environment.unwrap_or_else(|| {
            let message =
                "the following required argument was not provided:\n  --environment <mock|local|staging>";
            Cli::command().error(ErrorKind::MissingRequiredArgument, message).exit()
        })
    }
}
