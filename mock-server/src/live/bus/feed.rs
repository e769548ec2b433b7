//! Entries in their order, whatever order they come in. Redis publishes at most once: what a subscription did not bring
//! shows as a jump in the numbers, and nothing later is delivered before it was fetched from the log. No I/O here.

use std::collections::BTreeMap;

use super::entry::{Entry, Position, Snapshot};

/// Entries that may wait for an earlier one. More than that are fetched again.
const MAX_EARLY: usize = 1_024;

/// How far a server has followed a log.
#[derive(Debug, Default)]
pub(super) struct Feed {
    at: Position,
    /// What came before its turn, by number.
    early: BTreeMap<u64, Entry>,
}

/// What a reading of the log brought, from its life on.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) life: String,
    pub(super) snapshot: Option<Snapshot>,
    pub(super) entries: Vec<Entry>,
}

/// What is to be applied now.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// First of all, the state is replaced by this.
    pub(super) replaced: Option<Snapshot>,
    /// Then these are applied.
    pub(super) entries: Vec<Entry>,
    /// Something is missing, and has to be read from the log.
    pub(super) behind: bool,
}

impl Feed {
    /// After which entry the state is that follows from what was delivered.
    pub(super) fn position(&self) -> &Position {
        &self.at
    }

    /// Takes an entry that was published.
    pub(super) fn take(&mut self, entry: Entry) -> Due {
        if entry.position.life != self.at.life {
            return Due { behind: true, ..Due::default() };
        }
        self.put(entry);
        let entries = self.turn();
        Due { entries, behind: !self.early.is_empty(), ..Due::default() }
    }

    /// Takes what was read from the log.
    pub(super) fn catch_up(&mut self, reading: Reading) -> Due {
        let goes_on = reading.snapshot.as_ref().is_some_and(|snapshot| {
            snapshot.position.life == reading.life && snapshot.continues.as_ref() == Some(&self.at)
        });
        let same = reading.life == self.at.life;
        let first = reading.entries.iter().map(|entry| entry.position.n).min();
        let has_gap = first.is_some_and(|first| first > self.at.n + 1);
        let mut replaced = None;
        match reading.snapshot {
            Some(snapshot) if goes_on => self.go_to(snapshot.position),
            Some(snapshot) if !same || (has_gap && snapshot.position.n > self.at.n) => {
                self.go_to(snapshot.position.clone());
                replaced = Some(snapshot);
            }
            // Nothing to go by: the next snapshot will say.
            None if !same => return Due { behind: true, ..Due::default() },
            _ => {}
        }
        let mut entries = Vec::new();
        for entry in reading.entries.into_iter().filter(|entry| entry.position.life == reading.life) {
            self.put(entry);
            entries.extend(self.turn());
        }
        Due { replaced, entries, behind: !self.early.is_empty() }
    }

    /// Goes on elsewhere; what waited is of no use there, or comes again.
    fn go_to(&mut self, position: Position) {
        self.at = position;
        self.early.clear();
    }

    fn put(&mut self, entry: Entry) {
        let n = entry.position.n;
        if n > self.at.n && (self.early.len() < MAX_EARLY || n == self.at.n + 1) {
            self.early.insert(n, entry);
        }
    }

    /// Those whose turn it is.
    fn turn(&mut self) -> Vec<Entry> {
        let mut due = Vec::new();
        while let Some(entry) = self.early.remove(&(self.at.n + 1)) {
            self.at.n += 1;
            due.push(entry);
        }
        due
    }
}

#[cfg(test)]
mod tests;
