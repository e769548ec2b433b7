//! `loadgen run`.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use engine::exit::Exit;

use super::{
    Browsers, Refusal, after,
    headroom::Limits,
    probes::Probes,
    reach::Reach,
    sfu::Egress,
    spread::Spread,
    stops::Stopping,
    telemetry::Telemetry,
    tell,
    what::{Ending, What},
};
use crate::{
    browser,
    interrupt::{self, Ended},
    options::{self, Options, Unfit},
    report, suite,
    target::Target,
    watch::{Wish, web},
};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    reach: Reach,

    #[command(flatten)]
    what: What,

    /// Where `run_YYYYMMDD_HHMMSS` is made
    #[arg(long, value_name = "DIR", default_value = "results", env = "LOADGEN_OUT")]
    out: PathBuf,

    #[command(flatten)]
    spread: Spread,

    /// Threads that drive load, in each process [default: 2, or 1 where there is one core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=256))]
    workers: Option<u64>,

    /// Run the scenarios that can work when the preflight finds others that cannot; without it nothing runs then
    #[arg(long)]
    allow_partial: bool,

    /// Say nothing while it runs
    #[arg(long, short)]
    quiet: bool,

    /// Say how it gets on in plain lines, also on a terminal
    #[arg(long)]
    plain: bool,

    /// Show how it gets on in a page at this loopback address, too; port 0 takes one that is free
    #[arg(long, value_name = "127.0.0.1:PORT", value_parser = web::address)]
    web: Option<SocketAddr>,

    #[command(flatten)]
    egress: Egress,

    #[command(flatten)]
    stopping: Stopping,

    #[command(flatten)]
    ending: Ending,
}

/// A run, with all that goes on beside the load: real browsers, readings of the target's side, what others are told. A
/// limit has none of it.
#[derive(Debug, Args)]
pub(super) struct WithBrowsers {
    #[command(flatten)]
    run: RunArgs,

    #[command(flatten)]
    browsers: Browsers,

    /// A host beside the target's that real browsers may ask for parts of a page (a CDN, fonts); others are sent nothing,
    /// and LCP is INVALID where a page misses an image, a video, a style sheet, a script, a font or a document for that. Must be on
    /// the list of fixtures/environments.toml, and confirmed with --confirm HOST; may be given several times
    #[arg(long, value_name = "HOST")]
    browser_host: Vec<String>,

    #[command(flatten)]
    probes: Probes,

    #[command(flatten)]
    telemetry: Telemetry,

    #[command(flatten)]
    limits: Limits,
}

impl WithBrowsers {
    fn options(self) -> Result<(Options, Ending), Refusal> {
        let confirmed = self.run.reach.confirmed().to_vec();
        let (options, ending) = self.run.options(|once| once)?;
        let venue = options.venue();
        let hosts = browser::further(&self.browser_host, &confirmed, &options.target, venue.own_roots)
            .map_err(|e| Refusal { exit: e.exit(), why: e.to_string() })?;
        let browsing = self.browsers.browsing(&options.scenarios, venue.and_hosts(&hosts));
        let browsing = browsing.map_err(Refusal::usage)?.and_hosts(hosts);
        let (probes, telemetry) = (self.probes.wish(&options)?, self.telemetry.wish()?);
        let headroom = self.limits.of(&options.target.to_string())?;
        Ok((Options { browsing, probes, telemetry, headroom, ..options }, ending))
    }
}

impl RunArgs {
    /// The same, aimed at another target.
    pub(super) fn aimed_at(self, target: String) -> Self {
        Self { reach: self.reach.aimed_at(target), ..self }
    }

    /// Whether scenarios were named, rather than all of them left to be run.
    pub(super) fn names_scenarios(&self) -> bool {
        !self.what.which.scenarios.is_empty()
    }

    /// The target alone, if load may go there.
    pub(super) fn target(&self, sent: impl FnOnce(String) -> String) -> Result<Target, Refusal> {
        options::choose(&self.what.which.scenarios).map_err(Refusal::usage)?;
        self.reach.target(|| sent(self.what.load()))
    }

    /// What they ask for, and what an undecided goal means; `sent` makes of what one run sends what all of it is.
    pub(super) fn options(self, sent: impl FnOnce(String) -> String) -> Result<(Options, Ending), Refusal> {
        // What was typed wrong is said before anything is looked up.
        options::choose(&self.what.which.scenarios).map_err(Refusal::usage)?;
        let target = self.reach.target(|| sent(self.what.load()))?;
        let chosen = self.spread.over(self.what.options(target)?)?;
        let options = Options {
            out: self.out,
            workers: self.workers.unwrap_or(chosen.workers),
            watch: Wish { quiet: self.quiet, plain: self.plain, ..Wish::default() },
            web: self.web,
            unfit: if self.allow_partial { Unfit::LeaveOut } else { Unfit::Stop },
            ..self.reach.with(chosen)
        };
        Ok((self.stopping.applied(self.egress.applied(options)?), self.ending))
    }
}

pub(super) fn run(args: WithBrowsers) -> Result<Exit, Refusal> {
    let (options, ending) = args.options()?;
    let curtain = options.watch.curtain.clone();
    let ended = interrupt::guarded(move |ends| suite::run(&options, &ends));
    // A run that was left behind has not given the terminal back.
    curtain.close();
    match ended {
        Ok(Ended::Done(Ok(outcome))) => {
            tell(&report::closing(&outcome.run));
            tell(&format!("{}\n", outcome.dir.display()));
            after::afterwards(&outcome);
            Ok(outcome.judgement.exit(ending.inconclusive))
        }
        Ok(Ended::Done(Err(e))) => Err(Refusal { exit: e.exit(), why: e.to_string() }),
        Ok(Ended::Left) => Err(Refusal { exit: Exit::Interrupted, why: "left without a report".into() }),
        Ok(Ended::Panicked) => {
            Err(Refusal { exit: Exit::Invalid, why: "the load generator panicked".into() })
        }
        Err(e) => Err(Refusal::usage(e)),
    }
}
