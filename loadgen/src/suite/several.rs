//! Several runs for one question, one after another: in a folder of their own, and bounded in time all together.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use engine::{
    clock::{self, Instant},
    ends::Ends,
};

use super::{
    Outcome, SuiteError,
    folder::{self, Folder},
};
use crate::{options::Options, shards::ShardError};

/// What a run takes beside its load at most: checks, preparing, warming up, settling, books, a report.
pub(crate) const BESIDE: Duration = Duration::from_secs(20);

/// The runs so far.
#[derive(Debug)]
pub(crate) struct Several {
    folder: Folder,
    began: Instant,
    most: Duration,
    ended: u64,
}

/// Why a run of several has no outcome.
#[derive(Debug)]
pub(crate) enum Missing {
    /// Somebody ended it.
    Interrupted,
    /// It was the first, so there is nothing to tell of; its folder is gone.
    First(SuiteError),
    /// There are others to tell of.
    Later(SuiteError),
}

/// What was found cannot be written down.
#[derive(Debug, thiserror::Error)]
#[error("the report could not be written to {dir}: {source}", dir = dir.display())]
pub struct Unwritten {
    /// Where to.
    dir: PathBuf,
    /// What the system said.
    source: io::Error,
}

impl Several {
    /// Runs under `out` in a folder named after `what` they are for, which may take `most` all together.
    pub(crate) fn begin(what: &str, out: &Path, most: Duration) -> Result<Self, SuiteError> {
        let (started, began) = (clock::wall(), clock::now());
        Ok(Self { folder: folder::create(out, what, started)?, began, most, ended: 0 })
    }

    /// Their folder.
    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Whether there is time for more that takes `longest`. For the first there always is:
    /// whoever must not begin what takes longer looks before.
    pub(crate) fn has_time_for(&self, longest: Duration) -> bool {
        self.ended == 0 || clock::now() - self.began + longest <= self.most
    }

    /// One more run. Blocks; call it outside of any runtime.
    pub(crate) fn run(&mut self, options: &Options, ends: &Ends) -> Result<Outcome, Missing> {
        let options = Options { out: self.folder.dir.clone(), ..options.clone() };
        match super::run(&options, ends) {
            Ok(outcome) if outcome.run.interrupted => Err(Missing::Interrupted),
            Ok(outcome) => {
                self.ended += 1;
                Ok(outcome)
            }
            Err(SuiteError::Interrupted | SuiteError::Shard(ShardError::Interrupted)) => {
                Err(Missing::Interrupted)
            }
            Err(e) if self.ended == 0 => {
                // Nothing is left behind where nothing was measured; what cannot be removed does no harm.
                let _ = fs::remove_dir(&self.folder.dir);
                Err(Missing::First(e))
            }
            Err(e) => Err(Missing::Later(e)),
        }
    }

    /// Writes down what was found, beside the runs; where that is.
    pub(crate) fn write(self, files: [(&str, String); 2]) -> Result<PathBuf, Unwritten> {
        let dir = self.folder.dir;
        for (name, text) in files {
            if let Err(source) = fs::write(dir.join(name), text) {
                return Err(Unwritten { dir, source });
            }
        }
        Ok(dir)
    }
}
