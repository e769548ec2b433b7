//! The command line.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::Parser;
use fixtures::profiles::{self, Profile};
use fixtures::{DEFAULT_SEED, Size, World};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::app::Config;

/// A stand-in for WWMAA on this machine: every endpoint of the launch API behaves, answers take as long as a
/// profile says, and the books can be audited.
///
/// It starts empty. Send it a world with `cargo seed --environment=mock`, or let it make one with --world. The
/// first lines on standard output are `listening on http://…` and `admin token: …`; everything else goes to
/// standard error. It ends on Ctrl-C or SIGTERM, after answers under way have had five seconds to finish.
#[derive(Debug, Parser)]
#[command(
    name = "mock-server",
    version,
    after_help = "Examples:\n  mock-server --world                      a populated mock on port 8089, answers at once\n  mock-server --world --profile healthy    answers take as long as a healthy platform's\n  mock-server --listen 127.0.0.1:0         a free port, printed when it listens\n\nExit codes: 0 ended as asked, 2 could not start (the message says why)."
)]
struct Args {
    /// Address and port to listen on; port 0 takes a free one, which is printed.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8089")]
    listen: SocketAddr,

    /// Only the port, on the address of --listen.
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// How long answers take: `off` (no delay), `healthy` (about 60 % of every goal), `breach` (about 130 %, a
    /// run against it must fail), or a TOML file of your own.
    #[arg(long, value_name = "off|healthy|breach|FILE", default_value = "off")]
    profile: String,

    /// Seed of the latency draws, and of the world with --world. The same seed draws the same latencies.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SEED)]
    seed: u64,

    /// Start with the default world (5 000 load users, 200 instructors, 500 events) instead of an empty one.
    #[arg(long)]
    world: bool,

    /// Bearer token that `/__admin/*` asks for; a random one is made and printed when none is given.
    #[arg(long, value_name = "TOKEN", env = "MOCK_ADMIN_TOKEN", hide_env_values = true)]
    admin_token: Option<String>,

    /// Secret that Stripe's webhooks are signed with.
    #[arg(
        long,
        value_name = "SECRET",
        env = "STRIPE_WEBHOOK_SECRET",
        hide_env_values = true,
        default_value = contract::stripe::DEFAULT_SECRET
    )]
    stripe_secret: String,

    /// What `/health` says this is; seeder and load generator act on `mock` only.
    #[arg(long, value_name = "NAME", default_value = "mock")]
    environment: String,

    /// End when standard input is closed, so that a parent which dies leaves no orphan.
    #[arg(long)]
    exit_with_parent: bool,
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
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(2)
        }
    }
}

/// Says what went wrong. Nobody may be listening any more (the parent died): then there is nobody to tell.
fn complain(error: &anyhow::Error) {
    let mut sentence = String::from("mock-server: ");
    if write!(sentence, "{error:#}").is_ok() {
        drop(writeln!(std::io::stderr(), "{sentence}"));
    }
}

fn run(args: Args) -> anyhow::Result<()> {
    let address = SocketAddr::new(args.listen.ip(), args.port.unwrap_or(args.listen.port()));
    let config = Config {
        profile: profile(&args.profile)?,
        seed: args.seed,
        admin_token: match args.admin_token {
            Some(token) if token.trim().is_empty() => return Err(anyhow!("the admin token is empty")),
            Some(token) => token,
            None => hex::encode(&crate::auth::random_key()[..16]),
        },
        stripe_secret: args.stripe_secret,
        environment: args.environment,
        world: args.world.then(|| World::new(args.seed, Size::default())),
    };
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be started")?;
    let ended = runtime.block_on(listen(address, config, args.exit_with_parent));
    // Tasks that hold a socket or a blocked read of standard input are not waited for.
    runtime.shutdown_background();
    ended
}

async fn listen(address: SocketAddr, config: Config, exit_with_parent: bool) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow!(
                "port {} is taken on {}: choose another with --listen, or 0 for a free one",
                address.port(),
                address.ip()
            )
        }
        _ => anyhow!(error).context(format!("cannot listen on {address}")),
    })?;
    let address = listener.local_addr().context("the address that was bound")?;
    let token = config.admin_token.clone();
    crate::server::serve_announced(listener, config, shutdown(exit_with_parent)?, || greet(address, &token))
        .await
        .context("the server ended")
}

/// Tells whoever started this where it is.
fn greet(address: SocketAddr, token: &str) {
    let mut out = std::io::stdout().lock();
    let said =
        writeln!(out, "listening on http://{address}\nadmin token: {token}").and_then(|()| out.flush());
    if let Err(error) = said {
        tracing::warn!("nobody reads standard output: {error}");
    }
}

/// Completes when the end was called for.
fn shutdown(exit_with_parent: bool) -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("Ctrl-C cannot be heard")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("ending: SIGTERM"),
            _ = interrupt.recv() => tracing::info!("ending: Ctrl-C"),
            () = parent_gone(), if exit_with_parent => tracing::info!("ending: standard input was closed"),
        }
    })
}

/// Completes when standard input is closed. What comes through it is ignored.
async fn parent_gone() {
    let mut input = tokio::io::stdin();
    let mut buffer = [0; 256];
    while matches!(input.read(&mut buffer).await, Ok(read) if read > 0) {}
}

/// The profile with this name, or in this file.
fn profile(name: &str) -> anyhow::Result<Profile> {
    let known: Vec<&str> = contract::measured_routes().collect();
    if let Some(text) = profiles::shipped(name) {
        return profiles::parse(text, &known).map_err(|error| anyhow!("profile `{name}`, {error}"));
    }
    let path = PathBuf::from(name);
    let text = std::fs::read_to_string(&path).with_context(|| {
        let names: Vec<&str> = profiles::SHIPPED.iter().map(|(name, _)| *name).collect();
        format!("profile `{name}` is none of {} and cannot be read as a file", names.join(", "))
    })?;
    profiles::parse(&text, &known).map_err(|error| anyhow!("{}, {error}", path.display()))
}
