//! What lies in a session's log, and how it is written there.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::live::room::{Command, Roster};

/// A place in a session's log: after its `n`th entry. A log that was lost goes on in another life, since its last entries
/// may have reached some servers and not others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) life: String,
    pub(super) n: u64,
}

/// What a server writes; the log adds place and time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Content {
    /// Who wrote it.
    pub(super) server: u64,
    /// Which of its calls this is.
    pub(super) call: u64,
    pub(super) command: Command,
}

/// An entry of the log.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) position: Position,
    /// When it was written, by the clock of Redis, since 1970.
    pub(super) at: Duration,
    pub(super) content: Content,
}

/// The state after an entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Snapshot {
    pub(super) position: Position,
    /// Where the log before this one ended, for the server that knew it: the same state, in its earlier life.
    pub(super) continues: Option<Position>,
    pub(super) roster: Roster,
}

impl Entry {
    /// Reads `life \n number \n milliseconds since 1970 \n content`. What another version wrote and this one cannot read
    /// keeps its number and does nothing.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '\n');
        let life = parts.next()?.to_owned();
        let n = parts.next()?.parse().ok()?;
        let at = Duration::from_millis(parts.next()?.parse().ok()?);
        let content = serde_json::from_str(parts.next()?).unwrap_or_else(|error| {
            tracing::warn!("entry {n} of a session's log cannot be read, is another version about? {error}");
            Content { server: 0, call: 0, command: Command::Nothing }
        });
        Some(Self { position: Position { life, n }, at, content })
    }
}
