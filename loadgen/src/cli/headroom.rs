//! What searches for a limit add to a run's report.

use std::path::PathBuf;

use clap::Args;

use super::Refusal;
use crate::{
    limit::headroom,
    run::{Headroom, Run},
};

#[derive(Debug, Args)]
pub(super) struct Limits {
    /// A directory that `loadgen limit` left for this target at --preset full: the report shows its headroom (may be given for several scenarios)
    #[arg(long = "headroom", value_name = "DIR")]
    dirs: Vec<PathBuf>,
}

impl Limits {
    /// The headroom they give a run against `origin`.
    pub(super) fn of(&self, origin: &str) -> Result<Vec<Headroom>, Refusal> {
        headroom::read(self.dirs.iter().map(PathBuf::as_path), origin).map_err(Refusal::usage)
    }

    /// Adds their headroom to a run that is over; of a scenario it knew already, theirs is taken.
    pub(super) fn add_to(&self, run: &mut Run) -> Result<(), Refusal> {
        let found = self.of(&run.meta.origin)?;
        run.headroom.retain(|known| found.iter().all(|new| new.scenario != known.scenario));
        run.headroom.extend(found);
        Ok(())
    }
}
