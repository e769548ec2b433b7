//! `mock-server` without a subcommand: the mock, until it is told to end.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use fixtures::profiles::Profile;
use fixtures::{DEFAULT_SEED, Size, World};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::admin::page;
use crate::app::{Config, MediaListen};
use crate::defects::Defect;
use crate::faults::{self, FaultPlan, Known};
use crate::latency::{calibrated, read_profile};
use crate::live::SfuApp;
use crate::live::bus::BusAddress;
use crate::pages::PageWeight;
use crate::server::{Limits, Tls, raise_open_files};
use crate::spans::Collector;

/// The variable that holds the secret of `--sfu-app`.
const SFU_APP_SECRET: &str = "MOCK_SFU_APP_SECRET";

/// Whether and where the media of live sessions is received.
#[derive(Debug, clap::Args)]
struct Packets {
    /// Address and port (UDP) on which the media of live sessions is received: one socket for all of them; by
    /// default the address of --listen and a free port.
    #[arg(long, value_name = "ADDR:PORT")]
    media_listen: Option<SocketAddr>,

    /// Address that clients are told to send their media to, where it is another than the socket's, as in a
    /// container; by default the socket's own, or 127.0.0.1 when it listens on all of them.
    #[arg(long, value_name = "IP")]
    media_advertise: Option<IpAddr>,

    /// Exchange descriptions in live sessions and carry no packets: a session counts as connected, and its tracks as
    /// active, once that is done.
    #[arg(long, conflicts_with_all = ["media_listen", "media_advertise"])]
    no_media: bool,
}

impl Packets {
    fn listen(&self) -> Option<MediaListen> {
        (!self.no_media).then_some(MediaListen { listen: self.media_listen, advertise: self.media_advertise })
    }
}

#[derive(Debug, clap::Args)]
#[group(id = "serve")]
pub(super) struct Args {
    /// Address and port to listen on; port 0 takes a free one, which is printed.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8089")]
    listen: SocketAddr,

    /// Only the port, on the address of --listen.
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// How long answers take: `off` (no delay), `healthy` (about 60 % of every goal), `borderline` (about 95 %),
    /// `breach` (about 130 %, a run against it must fail), or a TOML file of your own, which is followed: when it
    /// changes, so do the answers.
    #[arg(long, value_name = "off|healthy|borderline|breach|FILE", default_value = "off")]
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

    /// Be wrong in this way, to see whether a suite notices; may be given several times.
    #[arg(long = "defect", value_name = "NAME")]
    defects: Vec<Defect>,

    /// Let things go wrong on a schedule: a plan of faults in TOML (README, "Faults on a schedule"). It starts when
    /// the mock listens, and anew whenever `POST /__admin/faults/start` says so.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,

    /// Speak TLS, with a certificate for this machine (localhost and its addresses) by an authority made at this
    /// start. Where the authority's certificate lies (PEM, for `--ca` of the load generator) is printed as
    /// `certificate: …`.
    #[arg(long)]
    tls: bool,

    /// Where that certificate is written, as mock-ca.pem; else a private directory that goes at the end.
    #[arg(long, value_name = "DIR", requires = "tls")]
    tls_dir: Option<PathBuf>,

    /// Keep the worlds here: they are written at the end, and on `POST /__admin/snapshot`, and brought back at the
    /// next start (then --world is for the first start only). Kept are their rows with all bookings and
    /// subscriptions; tokens, newly registered accounts, chats and the book of webhooks are not.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Have an SFU application of this id, as Cloudflare Realtime does: its `/v1/apps/ID/…` takes the secret in
    /// `MOCK_SFU_APP_SECRET` as bearer instead of video tokens, and its sessions may subscribe to each other's tracks.
    #[arg(long, value_name = "ID", value_parser = app_id)]
    sfu_app: Option<String>,

    /// Share the live sessions with other servers over this Redis: whoever joins at one of them is in the same session,
    /// with one order of messages, one capacity, and tokens that are good at all. `?prefix=NAME` keeps servers that are not
    /// to meet apart. While it does not answer, joins get a 503 and chats an error frame.
    #[arg(long, value_name = "redis://HOST:PORT[/DB][?prefix=NAME]")]
    bus: Option<BusAddress>,

    /// Connections at once. At the limit accepting pauses, nobody is refused. Without it: as many as the limit of
    /// open files carries, the hard one, to which the soft one is raised.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_connections: Option<u32>,

    /// Let the live session that is load-tested take at least so many participants; by default what the dataset says,
    /// which is 100.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u32).range(..=10_000))]
    session_capacity: u32,

    /// How heavy the pages are: a factor, from 0.1 to 20, on the sizes of HTML, style sheet, script and hero image. 1 is
    /// about what a well-kept site sends.
    #[arg(long, value_name = "FACTOR", env = "MOCK_PAGE_WEIGHT", default_value_t = PageWeight::default())]
    page_weight: PageWeight,

    /// Tell an OpenTelemetry collector, over OTLP/HTTP in protobuf (`/v1/traces` is added), of requests that say which
    /// trace they belong to: those that are recorded, those that fail here or are given up, and the slowest of each route.
    #[arg(long, value_name = "http://HOST:PORT")]
    otlp: Option<Collector>,

    #[command(flatten)]
    packets: Packets,

    /// End when standard input is closed, so that a parent which dies leaves no orphan.
    #[arg(long)]
    exit_with_parent: bool,
}

/// Serves until the end is called for.
pub(super) fn run(args: Args) -> anyhow::Result<()> {
    raise_open_files();
    let address = SocketAddr::new(args.listen.ip(), args.port.unwrap_or(args.listen.port()));
    let (stated, profile_from) = read_profile(&args.profile)?;
    let profile = calibrated(&stated, args.seed).with_context(|| format!("profile `{}`", args.profile))?;
    let config = Config {
        faults: args.faults.map(|file| fault_plan(&file, &profile)).transpose()?,
        profile,
        profile_from,
        seed: args.seed,
        admin_token: match args.admin_token {
            Some(token) if token.trim().is_empty() => return Err(anyhow!("the admin token is empty")),
            Some(token) => token,
            None => hex::encode(&crate::auth::random_key()[..16]),
        },
        stripe_secret: args.stripe_secret,
        environment: args.environment,
        world: args.world.then(|| World::new(args.seed, Size::default())),
        defects: args.defects,
        tls: args.tls.then(|| Tls::made_now(args.tls_dir.as_deref())).transpose()?,
        limits: Limits { connections: args.max_connections, ..Limits::default() },
        data_dir: args.data_dir,
        session_capacity: args.session_capacity,
        media: args.packets.listen(),
        sfu_app: args.sfu_app.map(sfu_app).transpose()?,
        bus: args.bus,
        page_weight: args.page_weight,
        otlp: args.otlp,
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
    let greeting = greeting(address, &config);
    let (gently, at_once) = ends(exit_with_parent)?;
    tokio::select! {
        ended = crate::server::serve_announced(listener, config, gently.cancelled(), || greet(&greeting)) => {
            // Says by itself what went wrong, with the path.
            ended.map_err(|error| anyhow!(error))
        }
        () = at_once.cancelled() => Err(anyhow!("asked to end a second time: answers under way were cut off")),
    }
}

/// What whoever started this has to know.
struct Greeting {
    /// For programs, on standard output.
    lines: String,
    /// For people, on standard error: with the token, where it is not kept.
    page: String,
    /// Without it, where others may read it later.
    page_alone: String,
}

fn greeting(address: SocketAddr, config: &Config) -> Greeting {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let certificate =
        config.tls.as_ref().map(|tls| format!("certificate: {}\n", tls.certificate().display()));
    let lines = format!(
        "listening on {scheme}://{address}\nadmin token: {}\n{}",
        config.admin_token,
        certificate.unwrap_or_default()
    );
    let base = format!("{scheme}://{address}");
    let page_alone = format!("{base}{} (it asks for the admin token)", page::PATH);
    Greeting { lines, page: page::address(&base, &config.admin_token), page_alone }
}

fn greet(greeting: &Greeting) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(greeting.lines.as_bytes()).and_then(|()| out.flush()) {
        tracing::warn!("nobody reads standard output: {error}");
    }
    // Whoever does not read this does not miss it.
    let page = if errors_are_kept() { &greeting.page_alone } else { &greeting.page };
    drop(writeln!(std::io::stderr(), "a page for people: {page}"));
}

/// Whether standard error is a file: a log, which lies about and is handed on.
fn errors_are_kept() -> bool {
    std::fs::metadata("/dev/stderr").is_ok_and(|errors| errors.is_file())
}

/// Cancelled when the end was called for, and when it was a second time.
fn ends(exit_with_parent: bool) -> anyhow::Result<(CancellationToken, CancellationToken)> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("Ctrl-C cannot be heard")?;
    let ends = (CancellationToken::new(), CancellationToken::new());
    let (gently, at_once) = ends.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("ending: SIGTERM"),
            _ = interrupt.recv() => tracing::info!("ending: Ctrl-C"),
            () = parent_gone(), if exit_with_parent => tracing::info!("ending: standard input was closed"),
        }
        gently.cancel();
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        at_once.cancel();
    });
    Ok(ends)
}

/// Completes when standard input is closed. What comes through it is ignored.
async fn parent_gone() {
    let mut input = tokio::io::stdin();
    let mut buffer = [0; 256];
    while matches!(input.read(&mut buffer).await, Ok(read) if read > 0) {}
}

/// The application of this id, whose secret is no argument: those are seen by everybody on the machine.
fn sfu_app(id: String) -> anyhow::Result<SfuApp> {
    let secret = std::env::var(SFU_APP_SECRET).ok().filter(|secret| !secret.trim().is_empty());
    let secret = secret
        .ok_or_else(|| anyhow!("--sfu-app takes its secret from {SFU_APP_SECRET}, which is not set"))?;
    Ok(SfuApp { id, secret })
}

fn app_id(text: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(text.to_owned()) } else { Err(format!("`{text}` is not 1 to 64 letters and digits")) }
}

/// The plan of faults in this file, which may name the profile's pools.
fn fault_plan(file: &Path, profile: &Profile) -> anyhow::Result<FaultPlan> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("the plan of faults {} cannot be read", file.display()))?;
    let routes: Vec<&str> = contract::measured_routes().collect();
    let pools: Vec<&str> = profile.pools.keys().map(String::as_str).collect();
    faults::parse(&text, Known { routes: &routes, pools: &pools })
        .map_err(|error| anyhow!("{}, {error}", file.display()))
}
