//! What became of all that was to be told.

use serde::{Deserialize, Serialize};

/// What a collector was told, and what did not get there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// Where it is, without anything that could be a secret.
    pub(crate) at: String,
    /// Spans it took.
    pub(crate) spans: u64,
    /// Spans it did not take.
    pub(crate) lost: u64,
    /// Spans that found the queue full.
    pub(crate) dropped: u64,
    /// Readings of the metrics it took.
    pub(crate) readings: u64,
    /// Readings it did not take, or that found the queue full.
    pub(crate) readings_lost: u64,
    /// What went wrong last.
    pub(crate) trouble: Option<String>,
}

impl Told {
    /// That of another process as well.
    pub(crate) fn merge(&mut self, other: Self) {
        self.spans += other.spans;
        self.lost += other.lost;
        self.dropped += other.dropped;
        self.readings += other.readings;
        self.readings_lost += other.readings_lost;
        self.trouble = self.trouble.take().or(other.trouble);
    }

    /// In a sentence for whoever reads the report.
    pub(crate) fn note(&self) -> String {
        let Self { at, spans, lost, dropped, readings, readings_lost, trouble } = self;
        let mut parts = vec![format!("The OpenTelemetry collector at {at} took {spans} spans")];
        if readings + readings_lost > 0 {
            parts.push(format!(" and {readings} readings of metrics"));
        }
        let missing = [
            (lost, "spans it did not take"),
            (dropped, "spans that found the queue full"),
            (readings_lost, "readings that did not get there"),
        ];
        let missing: Vec<String> =
            missing.iter().filter(|(n, _)| **n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        if !missing.is_empty() {
            parts.push(format!("; missing are {}", missing.join(", ")));
        }
        if let Some(trouble) = trouble {
            parts.push(format!(" (last trouble: {trouble})"));
        }
        parts.concat() + ". The load never waited for it."
    }
}
