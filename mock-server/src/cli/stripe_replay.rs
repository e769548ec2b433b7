//! `mock-server stripe-replay`: signed events to a URL, delivered in Stripe's way.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use fixtures::{DEFAULT_SEED, Size, World};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::net::TcpStream;

use crate::replay::Replay;
use crate::replay::events::Events;
use crate::replay::plan::{Mix, Retries};
use crate::replay::summary::Summary;
use crate::replay::target::{Target, TargetError};

/// The target cannot be reached, or is not one.
const UNREACHABLE: u8 = 3;
/// Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Delivers at least once, in no particular order, and again while it fails (at once, after 5 min, 30 min, 2 h,
/// 5 h, 10 h, then every 12 h for three days, all divided by --compress). Modelled on Stripe: growing pauses for up
/// to three days; the steps are ours. A 2xx within the timeout is a success, a redirect is not. Every attempt is signed anew, at its own time. The events are about customers of
/// the world with the same seed; the same command again delivers the same events again.
///
/// Exit codes: 0 everything was delivered, 99 something was given up (or a forgery was not refused), 130 interrupted,
/// 3 the target is refused or not there, 2 wrong usage.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Where to, over plain HTTP; without a path, /api/webhooks/stripe.
    #[arg(long, value_name = "URL")]
    to: String,

    /// A host that is not this machine and may be loaded all the same. Stripe itself never is.
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,

    /// Distinct events.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    events: u32,

    /// Events a second.
    #[arg(long, value_name = "R", default_value_t = 20.0, value_parser = positive)]
    rate: f64,

    /// Seed of the world the events are about, and of what happens to them.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    seed: u64,

    /// Secret that events are signed with.
    #[arg(
        long,
        value_name = "SECRET",
        env = "STRIPE_WEBHOOK_SECRET",
        hide_env_values = true,
        default_value = contract::stripe::DEFAULT_SECRET
    )]
    secret: String,

    /// Sign with this secret as well, as while a secret rolls.
    #[arg(long, value_name = "OTHER")]
    roll_secret: Option<String>,

    /// Share of events that come again a second later.
    #[arg(long, value_name = "SHARE", default_value_t = 0.02, value_parser = share)]
    duplicates: f64,

    /// Share of events of which two copies come at the same moment.
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, value_parser = share)]
    concurrent_duplicates: f64,

    /// Share of events that up to ten newer ones overtake.
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, value_parser = share)]
    unordered: f64,

    /// Share of events with a forgery beside them, which must be refused (4xx).
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    bad: f64,

    /// What pauses between attempts are divided by: 3600 makes an hour a second, and three days 72 s.
    #[arg(long, value_name = "FACTOR", default_value_t = 3_600.0, value_parser = positive)]
    compress: f64,

    /// Attempts before a delivery is given up, if three days (compressed) are not over before.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    max_attempts: u32,

    /// Seconds an answer may take; not compressed.
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0, value_parser = positive)]
    timeout: f64,

    /// Deliveries under way at once, at most.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    concurrency: u32,

    /// Say what came of it as JSON.
    #[arg(long)]
    json: bool,
}

/// A number above zero that a duration can be made of.
fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    if (1e-6..=1e9).contains(&number) {
        Ok(number)
    } else {
        Err("it is not between 0.000001 and 1e9".to_owned())
    }
}

fn share(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err("it is not between 0 and 1".to_owned()) }
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be started")?;
    runtime.block_on(replay(args))
}

async fn replay(args: Args) -> anyhow::Result<ExitCode> {
    let target = match Target::parse(&args.to, &args.allow_host).await {
        Ok(target) => target,
        Err(error @ TargetError::Unreadable(_)) => return Err(error.into()),
        Err(error) => return Ok(unreachable(&error.into())),
    };
    if let Err(error) = TcpStream::connect(target.addresses()).await {
        return Ok(unreachable(&anyhow!(error).context(format!("{} is not there", args.to))));
    }
    let world = World::new(args.seed, Size::default());
    let events = Events::about(&world, args.seed).context("nobody in this world pays through Stripe")?;
    let replay = Replay {
        events: args.events,
        rate: args.rate,
        seed: args.seed,
        mix: Mix {
            duplicates: args.duplicates,
            concurrent_duplicates: args.concurrent_duplicates,
            unordered: args.unordered,
            forged: args.bad,
        },
        retries: Retries { compress: args.compress, max_attempts: args.max_attempts },
        secrets: args.roll_secret.into_iter().chain([args.secret]).collect(),
        timeout: Duration::from_secs_f64(args.timeout),
        concurrency: args.concurrency as usize,
    };
    // Drawn on standard error, and only where that is a terminal.
    let style =
        ProgressStyle::with_template("{elapsed} {pos} attempts, {msg}").context("a constant template")?;
    let bar = ProgressBar::new_spinner().with_style(style);
    let mut interrupted = false;
    let stop = async {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted = true;
        } else {
            std::future::pending::<()>().await;
        }
    };
    let summary = replay
        .run(events, &target, stop, |summary, waiting| {
            bar.set_position(summary.attempts);
            bar.set_message(format!("{waiting} deliveries wait, {} given up", summary.given_up));
        })
        .await;
    bar.finish_and_clear();
    tell(&summary, args.json)?;
    Ok(match summary {
        _ if interrupted => ExitCode::from(INTERRUPTED),
        Summary { answered: false, .. } => ExitCode::from(UNREACHABLE),
        summary if summary.is_whole() => ExitCode::SUCCESS,
        _ => ExitCode::from(super::NO),
    })
}

fn unreachable(error: &anyhow::Error) -> ExitCode {
    super::complain(error);
    ExitCode::from(UNREACHABLE)
}

fn tell(summary: &Summary, as_json: bool) -> anyhow::Result<()> {
    let text = if as_json { serde_json::to_string_pretty(summary)? + "\n" } else { summary.text() };
    std::io::stdout().write_all(text.as_bytes()).context("nobody reads standard output")
}
