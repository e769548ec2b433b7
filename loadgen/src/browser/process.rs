//! Chromium as a child: started safely, and gone with its profile whatever becomes of this process.
//!
//! A small shell stands between the two. It holds the reading end of a pipe whose only writing end is here: when that
//! closes (let go of, or because this process ended in any way, SIGKILL included) it ends the browser and removes the
//! profile.

mod running;
mod switches;
mod words;

use std::{
    hash::{BuildHasher as _, RandomState},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::process::{Child, ChildStdin, Command};

use self::words::Words;
use super::{Grounds, Trouble};

pub(super) use running::listening;

/// What the shell does.
const GUARD: &str = include_str!("process/guard.sh");
/// How long a browser may take to say where it listens.
pub(super) const STARTS_WITHIN: Duration = Duration::from_secs(20);
/// How long its end is waited for. The shell is done with it after a good second.
const ENDS_WITHIN: Duration = Duration::from_secs(3);

/// A browser of this process's own. Dropped, it ends all the same, only nobody waits for it.
#[derive(Debug)]
pub(super) struct Process {
    guard: Child,
    lifeline: Option<ChildStdin>,
    profile: PathBuf,
}

impl Process {
    /// Starts a browser that finds nobody but `grounds` and the canary; with it, where it listens.
    pub(super) async fn start(
        program: &Path,
        grounds: &Grounds,
        canary_url: &str,
        limit: Duration,
    ) -> Result<(Self, String), Trouble> {
        let not_started = |why: String| Trouble::NotStarted { program: program.to_owned(), why };
        // Nobody can foresee it; the shell makes it, and takes none that is there already.
        // Short: a socket's path begins with it.
        let name = format!("loadgen-{:016x}", RandomState::new().hash_one(std::process::id()));
        let profile = std::env::temp_dir().join(name);
        let mut guard = Command::new("/bin/sh")
            .args(["-c", GUARD, "browser"])
            .arg(&profile)
            .arg(program)
            .args(switches::of(grounds, canary_url))
            // A Ctrl-C at the terminal is not meant for it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|why| not_started(why.to_string()))?;
        let (lifeline, stderr) = (guard.stdin.take(), guard.stderr.take());
        let process = Self { guard, lifeline, profile };
        let Some(stderr) = stderr else { return Err(not_started("it has no voice".to_owned())) };
        let mut words = Words::of(stderr);
        let why = match tokio::time::timeout(limit, words.address()).await {
            Ok(Some(address)) => {
                // Read on, so that it can write on.
                tokio::spawn(words.pass_over());
                return Ok((process, address));
            }
            Ok(None) => format!("it ended, having said: {}", words.last()),
            Err(_) => {
                let limit = limit.as_secs_f64();
                format!("it did not say where it listens within {limit} s, but: {}", words.last())
            }
        };
        drop(words);
        process.end().await;
        Err(not_started(why))
    }

    /// Ends it and waits until nothing of it is left, three seconds at most.
    pub(super) async fn end(mut self) {
        drop(self.lifeline.take());
        // Where the shell itself was ended, the profile is ours to remove.
        if tokio::time::timeout(ENDS_WITHIN, self.guard.wait()).await.is_ok() {
            drop(tokio::fs::remove_dir_all(&self.profile).await);
        }
    }
}

#[cfg(test)]
mod tests;
