//! The directory of a run, and the nonce that sets its rows apart.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use sha2::{Digest, Sha256};

use super::SuiteError;

/// The directory of a run or of a search, made.
#[derive(Debug)]
pub(crate) struct Folder {
    /// `run_YYYYMMDD_HHMMSS`, or with another first word.
    pub(crate) id: String,
    /// When the run started, RFC 3339.
    pub(crate) started: String,
    /// Where it is.
    pub(crate) dir: PathBuf,
}

/// Makes the directory of what (a `run`, say) started at `started`. Two runs that start within one second get two
/// directories: the later takes the next free second.
pub(crate) fn create(out: &Path, what: &str, started: SystemTime) -> Result<Folder, SuiteError> {
    let failed = |dir: &Path| {
        let dir = dir.to_owned();
        move |source| SuiteError::Folder { dir, source }
    };
    fs::create_dir_all(out).map_err(failed(out))?;
    let started: DateTime<Utc> = started.into();
    let mut at = started;
    loop {
        let id = format!("{what}_{}", at.format("%Y%m%d_%H%M%S"));
        let dir = out.join(&id);
        match fs::create_dir(&dir) {
            Ok(()) => {
                return Ok(Folder { id, started: started.to_rfc3339_opts(SecondsFormat::Secs, true), dir });
            }
            Err(e) if e.kind() == ErrorKind::AlreadyExists => at += Duration::seconds(1),
            Err(e) => return Err(failed(&dir)(e)),
        }
    }
}

/// Eight letters and digits that no other run has: part of e-mails and ids of this run's rows.
pub(crate) fn nonce(started: SystemTime) -> String {
    let since = started.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut hasher = Sha256::new();
    hasher.update(since.as_nanos().to_le_bytes());
    hasher.update(std::process::id().to_le_bytes());
    hex::encode(&hasher.finalize()[..4])
}
