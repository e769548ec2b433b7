//! The rehearsal, from an empty mock to a report: start, seed, run, audit, say, stop.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use loadgen::browser::Browsing;
use loadgen::cli::afterwards;
use loadgen::interrupt::{self, Ended};
use loadgen::live::LiveSession;
use loadgen::options::{Options, Unfit};
use loadgen::probes;
use loadgen::report;
use loadgen::scenario::Scenario;
use loadgen::suite::{self, SuiteError};
use loadgen::target::Target;
use loadgen::watch::Wish;
use seeder::progress::Progress;
use seeder::{SeedError, World};

use crate::child::{Mock, NeverListened, Start};
use crate::cli::Args;

/// The target could not be reached, refused, or never came up.
const UNREACHABLE: u8 = 3;
/// Ctrl-C, twice.
pub(crate) const INTERRUPTED: u8 = 130;
/// What a mock that is kept has to say afterwards.
const LOG: &str = "mock-server.log";

/// Rehearses and says how it went. Whatever happens, no mock is left behind that was not asked for.
pub(crate) fn run(
    args: &Args,
    scenarios: Vec<&'static dyn Scenario>,
    live: LiveSession,
    browsing: Browsing,
) -> anyhow::Result<ExitCode> {
    let log = args.keep.then(|| args.out.join(LOG));
    let faults = args.faults.iter().flat_map(|file| [OsString::from("--faults"), file.into()]);
    let capacity = [OsString::from("--session-capacity"), live.participants.to_string().into()];
    let weight = [OsString::from("--page-weight"), args.page_weight.to_string().into()];
    let more: Vec<OsString> = faults.chain(capacity).chain(weight).collect();
    let start = Start { profile: &args.profile, seed: args.seed, log: log.as_deref(), more: &more };
    let mock = Mock::start(&start)?;
    let process = mock.id().context("the mock is gone")?;
    // In one piece: the mock says something at the same time.
    let said = format!("mock: {} (process {process}, profile {})\n", mock.url(), args.profile);
    eprint!("{said}");
    let world = seeder::launch_day(args.seed);
    let seeded = seed(&mock, world)?;
    eprintln!("world: {seeded} rows of seed {}", args.seed);

    let options = Options { live, browsing, ..options(args, scenarios, world, &mock)? };
    let inconclusive = args.inconclusive.parse().context("--inconclusive")?;
    let curtain = options.watch.curtain.clone();
    let ended = interrupt::guarded(move |ends| suite::run(&options, &ends));
    // A run that was left behind has not given the terminal back.
    curtain.close();
    let outcome = match ended? {
        Ended::Done(outcome) => outcome?,
        Ended::Left => return Ok(ExitCode::from(INTERRUPTED)),
        Ended::Panicked => bail!("the suite broke down; this is a defect of the load generator"),
    };
    print!("\n{}", report::closing(&outcome.run));
    println!("report: {}", outcome.dir.join("report.html").display());
    afterwards(&outcome);
    leave(mock, args.keep, log.as_deref())?;
    Ok(outcome.judgement.exit(inconclusive).into())
}

/// What an error that ended the rehearsal says to the shell.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    if let Some(error) = error.downcast_ref::<SuiteError>() {
        return error.exit().into();
    }
    if let Some(NeverListened::Ended { code, .. }) = error.downcast_ref() {
        return ExitCode::from(*code);
    }
    ExitCode::from(error.downcast_ref::<SeedError>().map_or(UNREACHABLE, SeedError::exit_code))
}

/// Streams the world into the mock; answers with how many rows it took.
pub(crate) fn seed(mock: &Mock, world: World) -> anyhow::Result<u64> {
    let mut progress = Progress::on_stderr("seeding the mock", "rows", world.counts().total());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let applied = runtime.block_on(async {
        let store = seeder::Mock::open(mock.url(), mock.token()).await?;
        store.apply(world, move |sent| progress.at(sent.total())).await
    })?;
    Ok(applied.accepted.total())
}

/// What a run against this mock depends on.
pub(crate) fn options(
    args: &Args,
    scenarios: Vec<&'static dyn Scenario>,
    world: World,
    mock: &Mock,
) -> anyhow::Result<Options> {
    let target = Target::parse(mock.url()).context("the mock's address")?;
    Ok(Options {
        admin_token: Some(mock.token().to_owned()),
        scenarios,
        preset: args.preset,
        time_scale: args.time_scale,
        load: args.load,
        seed: args.seed,
        world,
        out: args.out.clone(),
        watch: Wish { plain: args.plain, ..Wish::default() },
        web: args.web,
        probes: probes::Wish::of_mock(),
        // What this mock does wrong was asked for: the scenarios are to notice, not the preflight.
        unfit: Unfit::Play,
        ..Options::new(target)
    })
}

fn leave(mock: Mock, keep: bool, log: Option<&Path>) -> anyhow::Result<()> {
    if !keep {
        return mock.stop();
    }
    let (url, token) = (mock.url().to_owned(), mock.token().to_owned());
    let Some(process) = mock.id() else { bail!("the mock cannot be kept: it is gone") };
    mock.keep()?;
    println!("\nThe mock keeps running at {url} (process {process}).");
    println!("  its books:   curl -H 'Authorization: Bearer {token}' {url}/__admin/audit");
    if let Some(log) = log {
        println!("  its log:     {}", log.display());
    }
    println!("  to stop it:  kill {process}");
    Ok(())
}
