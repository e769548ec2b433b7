//! Who heard what: the record by which the chat is audited.
//!
//! Presence is an interval of sequence numbers: a socket opened after message `a` and closed after message `b`
//! was present for exactly `a + 1 ..= b`. What reached it is compared with that as it is written, so the record
//! stays small however much is said, and is kept by the side that writes to the sockets, not by the one that
//! hands out numbers.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// Sockets with something wrong that are remembered by name.
const MAX_BROKEN: usize = 1_000;
/// How long a message may be under way before its absence counts.
const UNDER_WAY: Duration = Duration::from_secs(5);

/// The journal of one session.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    open: HashMap<u64, Line>,
    broken: Vec<Line>,
    /// Sockets that were closed.
    closed: usize,
    messages: u64,
    /// The number of the last message, and when it was said here.
    last: u64,
    said_at: Option<Instant>,
    /// Numbers that were not one more than the one before.
    jumps: Vec<u64>,
}

/// What one socket heard.
#[derive(Debug, Clone)]
struct Line {
    participant_id: String,
    /// The last message that reached it; at first, the last before it opened.
    last: u64,
    /// Messages left out between two that came.
    skipped: u64,
    /// Messages that came after a later one, or twice.
    disordered: u64,
}

/// What everyone in a session heard.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Messages said.
    pub(crate) messages: u64,
    /// Sockets there were.
    pub(crate) sockets: usize,
    /// Numbers that leave a gap or repeat.
    pub(crate) jumps: Vec<String>,
    /// Participants who missed something said while they were present.
    pub(crate) missed: Vec<String>,
    /// Participants who heard things out of order, or twice.
    pub(crate) disordered: Vec<String>,
}

impl Journal {
    /// A socket opened after message `last_seq`.
    pub(crate) fn opened(&mut self, connection: u64, participant_id: &str, last_seq: u64) {
        let line =
            Line { participant_id: participant_id.to_owned(), last: last_seq, skipped: 0, disordered: 0 };
        self.open.insert(connection, line);
    }

    /// A message was numbered.
    pub(crate) fn said(&mut self, seq: u64, now: Instant) {
        if seq != self.last + 1 && self.jumps.len() < MAX_BROKEN {
            self.jumps.push(seq);
        }
        self.messages += 1;
        self.last = seq;
        self.said_at = Some(now);
    }

    /// Nobody here was to hear what was said up to `last_seq`: the next message is the one after it.
    pub(crate) fn goes_on_after(&mut self, last_seq: u64) {
        self.last = last_seq;
    }

    /// A message was written to a socket.
    pub(crate) fn delivered(&mut self, connection: u64, seq: u64) {
        let Some(line) = self.open.get_mut(&connection) else { return };
        if seq <= line.last {
            line.disordered += 1;
        } else {
            line.skipped += seq - line.last - 1;
            line.last = seq;
        }
    }

    /// A socket closed. What was queued for it then is nobody's loss.
    pub(crate) fn closed(&mut self, connection: u64) {
        let Some(line) = self.open.remove(&connection) else { return };
        self.closed += 1;
        if line.skipped + line.disordered > 0 && self.broken.len() < MAX_BROKEN {
            self.broken.push(line);
        }
    }

    /// What everyone heard. A socket in `idle` has nothing queued, so it must have heard the last message, unless
    /// that is only just being written.
    pub(crate) fn heard(&self, idle: &[u64], last_seq: u64, now: Instant) -> Heard {
        let settled = self.said_at.is_some_and(|at| now.saturating_duration_since(at) > UNDER_WAY);
        let behind =
            |connection: &u64, line: &Line| settled && idle.contains(connection) && line.last < last_seq;
        let lines = self.broken.iter().map(|line| (false, line));
        let lines = lines.chain(self.open.iter().map(|(connection, line)| (behind(connection, line), line)));
        let mut heard = Heard {
            messages: self.messages,
            sockets: self.closed + self.open.len(),
            jumps: self.jumps.iter().map(u64::to_string).collect(),
            ..Heard::default()
        };
        for (behind, line) in lines {
            if behind || line.skipped > 0 {
                heard.missed.push(line.participant_id.clone());
            }
            if line.disordered > 0 {
                heard.disordered.push(line.participant_id.clone());
            }
        }
        heard
    }
}
