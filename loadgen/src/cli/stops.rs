//! What ends a run before its plan is over.

use clap::Args;

use crate::{options::Options, stops::Stop};

#[derive(Debug, Args)]
pub(super) struct Stopping {
    /// End the run when a figure stays over a limit for 5 s: errors>1%, p95>2000ms, p99>3s, lateness>50ms; with
    /// :10s behind it for 10 s; may be given several times (exit 99; lateness: 97)
    #[arg(long, value_name = "COND", value_parser = str::parse::<Stop>)]
    abort_on: Vec<Stop>,

    /// End a scenario as soon as one of its goals is lost whatever the rest would bring (exit 99)
    #[arg(long)]
    abort_early: bool,
}

impl Stopping {
    /// The same run, ended by these.
    pub(super) fn applied(self, options: Options) -> Options {
        Options { abort_on: self.abort_on, abort_early: self.abort_early, ..options }
    }
}
