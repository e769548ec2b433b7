//! What a live session leaves behind beyond its series: who missed which message, and what the SFU counted.

use serde::{Deserialize, Serialize};

use crate::books::MediaBooks;

/// How many missed messages are kept one by one; how many there were in all is [`LiveAccount::missed_in_all`].
pub const MISSES_KEPT: usize = 1_000;
/// Of how many receivers it is kept whom they missed: those who missed most.
pub const WORST_KEPT: usize = 50;

/// The account of a live session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveAccount {
    /// Everybody who was ever there, ascending.
    pub receivers: Vec<Receiver>,
    /// The first [`MISSES_KEPT`] misses, in the order the messages were said.
    pub missed: Vec<Missed>,
    /// What the SFU counted during the load; `None` where its books were not read.
    pub sfu: Option<MediaBooks>,
}

/// What one participant heard of the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receiver {
    /// The participant's number, from 0.
    pub participant: u64,
    /// Messages of others that were said while this one was there, and stayed for.
    pub expected: u64,
    /// Of those, heard at least once.
    pub heard: u64,
    /// Messages heard once more.
    pub duplicates: u64,
    /// Messages not heard in the session's order.
    pub out_of_order: u64,
    /// Whom this one missed, ascending; kept of the [`WORST_KEPT`] receivers who missed most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed_from: Vec<MissedFrom>,
}

/// What one participant missed of one other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedFrom {
    /// The other's number.
    pub sender: u64,
    /// Messages expected of them.
    pub expected: u64,
    /// Of those, never heard.
    pub missed: u64,
}

/// One message that one participant never heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// Who never heard it.
    pub receiver: u64,
    /// Who said it.
    pub sender: u64,
    /// Its id, as its sender gave it.
    pub message: String,
}

impl Receiver {
    /// Messages expected and never heard.
    pub fn missed(&self) -> u64 {
        self.expected.saturating_sub(self.heard)
    }
}

impl LiveAccount {
    /// Messages expected, over all receivers.
    pub fn expected(&self) -> u64 {
        self.receivers.iter().map(|receiver| receiver.expected).sum()
    }

    /// Messages expected and never heard, over all receivers.
    pub fn missed_in_all(&self) -> u64 {
        self.receivers.iter().map(Receiver::missed).sum()
    }

    /// Receivers who missed something, those who missed most first.
    pub fn worst_first(&self) -> Vec<&Receiver> {
        let mut worst: Vec<&Receiver> =
            self.receivers.iter().filter(|receiver| receiver.missed() > 0).collect();
        worst.sort_by_key(|receiver| (std::cmp::Reverse(receiver.missed()), receiver.participant));
        worst
    }
}
