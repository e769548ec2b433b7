//! What parent and child say to each other: one line of JSON each.

use std::{
    io::{self, Write},
    time::Duration,
};

use engine::{
    ends::{Ends, Stage},
    record::Live,
    run::ScenarioRun,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::telemetry::{otlp, traces::Account};

/// What a child is told after its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Told {
    /// The scenario starts when the machine's monotonic clock shows this.
    Start(Duration),
    /// Starts nothing new.
    Close,
    /// Sends home whoever thinks.
    Leave,
    /// The same, by Ctrl-C: the record is marked as interrupted.
    Interrupt,
    /// Drops everything.
    Abort,
}

/// What a child says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Said {
    /// Planned and prepared: it waits for the start.
    Ready,
    /// It cannot play, and why.
    Refused(String),
    /// How its shard stands.
    Live(Box<Live>),
    /// Its shard is over: what it traced, and what it told a collector.
    Traced(Box<Account>, Option<otlp::Told>),
    /// Its shard is over: what it recorded.
    Done(Box<ScenarioRun>),
}

impl Told {
    /// What to pass on of the run's ends, when there is something.
    pub(super) fn of(ends: &Ends) -> Option<Self> {
        match ends.stage() {
            Stage::Running => None,
            Stage::Closing => Some(Self::Close),
            Stage::Leaving if ends.interrupted() => Some(Self::Interrupt),
            Stage::Leaving => Some(Self::Leave),
            Stage::Aborted => Some(Self::Abort),
        }
    }
}

/// Writes a message as a line.
pub(super) fn write(mut to: impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

/// Reads a message from its line.
pub(super) fn read<T: DeserializeOwned>(line: &str) -> Result<T, String> {
    serde_json::from_str(line).map_err(|e| e.to_string())
}
