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
/// itself once the latency is gone, or another profile was sent in the file's place.
pub(crate) fn follow(latency: &Arc<Latency>) {
    let Origin::File { path, .. } = latency.in_use().origin else { return };
    let latency = Arc::downgrade(latency);
    // What was read at the start may be older than what is there now: the first look reads it again.
    let mut seen = None;
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(EVERY).await;
            let Some(latency) = latency.upgrade() else { return };
            let Some(text) = followed(&latency, &path) else { return };
            let looked = look(path.clone(), seen, text, latency.seed()).await;
            seen = looked.seen;
            if let Some((profile, origin)) = looked.changed
                && followed(&latency, &path).is_some()
            {
                latency.replace(&profile, origin);
                tracing::info!("profile `{}` is read again from {}", profile.name, path.display());
                latency.measure_timer().await;
            }
        }
    });
}

/// What the profile in use says, if it is still from that file.
fn followed(latency: &Latency, path: &Path) -> Option<String> {
    match latency.in_use().origin {
        Origin::File { path: from, text } if from == path => Some(text),
        _ => None,
    }
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

/// Looks at a file on a thread that may block. Nothing has changed if it says what is `in_use`.
async fn look(path: PathBuf, before: Option<Seen>, in_use: String, draws: u64) -> Looked {
    let looking = tokio::task::spawn_blocking(move || {
        let seen = Seen::of(&path);
        if seen == before || seen.is_none() {
            return Looked { seen, changed: None };
        }
        let read = read_file(&path).map_err(anyhow::Error::from);
        if read.as_ref().is_ok_and(|(_, origin)| origin.text() == Some(&in_use)) {
            return Looked { seen, changed: None };
        }
        let read = read.and_then(|(stated, origin)| Ok((calibrated(&stated, draws)?, origin)));
        let changed = read.inspect_err(|error| tracing::warn!("the profile in use stays: {error:#}")).ok();
        Looked { seen, changed }
    });
    // The runtime is going away: nobody will look again.
    looking.await.unwrap_or(Looked { seen: before, changed: None })
}
