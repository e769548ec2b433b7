//! `loadgen report` and `loadgen profile`: what can be made of a run that is over.

use std::path::{Path, PathBuf};

use clap::Args;
use engine::exit::Exit;

use super::{Refusal, tell, what::Ending};
use crate::{judgement, report, run::Run};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// A directory with a run.json
    dir: PathBuf,

    #[command(flatten)]
    ending: Ending,
}

pub(super) fn profile(dir: &Path) -> Result<Exit, Refusal> {
    tell(&report::percentiles(&Run::read(dir).map_err(Refusal::usage)?));
    Ok(Exit::Ok)
}

pub(super) fn again(args: &ReportArgs) -> Result<Exit, Refusal> {
    let run = Run::read(&args.dir).map_err(Refusal::usage)?;
    report::write_all(&run, &args.dir).map_err(|e| Refusal::usage(format!("{}: {e}", args.dir.display())))?;
    let judgement = judgement::judge(&run);
    tell(&report::closing(&run));
    Ok(judgement.exit(args.ending.inconclusive))
}
