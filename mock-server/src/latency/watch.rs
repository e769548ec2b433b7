//! Following the profile's file: whoever tunes a profile sees what it does without starting the mock again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::control::Latency;
use super::origin::{Origin, calibrated, read_file};

/// How often the file is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Looks at the profile's file once a second, if it is from one, and uses what it says from then on whenever it
/// has changed. A file that is wrong is refused, with its line in the log, and the profile in use stays. Ends by
/// itself once the latency is gone.
pub(crate) fn follow(latency: &Arc<Latency>) {
    let Origin::File { path, text } = latency.in_use().origin else { return };
    let latency = Arc::downgrade(latency);
    let mut seen = Seen::of(&path);
    // What was read at the start may be older than what is there now.
    if seen.is_some_and(|seen| seen.bytes != text.len() as u64) {
        seen = None;
    }
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(EVERY).await;
            let Some(latency) = latency.upgrade() else { return };
            let looked = look(path.clone(), seen, latency.seed()).await;
            seen = looked.seen;
            if let Some((profile, origin)) = looked.changed {
                latency.replace(&profile, origin);
                tracing::info!("profile `{}` is read again from {}", profile.name, path.display());
                latency.measure_timer().await;
            }
        }
    });
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Seen {
    fn of(path: &Path) -> Option<Self> {
        let data = std::fs::metadata(path).ok()?;
        Some(Self { modified: data.modified().ok(), bytes: data.len() })
    }
}

struct Looked {
    seen: Option<Seen>,
    changed: Option<(fixtures::profiles::Profile, Origin)>,
}

/// Looks at a file on a thread that may block.
async fn look(path: PathBuf, before: Option<Seen>, draws: u64) -> Looked {
    let looking = tokio::task::spawn_blocking(move || {
        let seen = Seen::of(&path);
        if seen == before || seen.is_none() {
            return Looked { seen, changed: None };
        }
        let read = read_file(&path).map_err(anyhow::Error::from);
        let read = read.and_then(|(stated, origin)| Ok((calibrated(&stated, draws)?, origin)));
        let changed = read.inspect_err(|error| tracing::warn!("the profile in use stays: {error:#}")).ok();
        Looked { seen, changed }
    });
    // The runtime is going away: nobody will look again.
    looking.await.unwrap_or(Looked { seen: before, changed: None })
}
