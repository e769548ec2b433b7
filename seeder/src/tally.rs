//! What became of rows, counted.

use std::ops::AddAssign;

use serde::Serialize;

/// What became of some rows, keys or objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// They were not there before.
    pub created: u64,
    /// They were there and said something else.
    pub updated: u64,
    /// They were there as they should be; nothing was written.
    pub unchanged: u64,
    /// They were there and are gone.
    pub deleted: u64,
}

impl Tally {
    /// How many were written or removed.
    pub const fn changed(&self) -> u64 {
        self.created + self.updated + self.deleted
    }

    /// How many there were, whatever became of them.
    pub const fn total(&self) -> u64 {
        self.changed() + self.unchanged
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.deleted += other.deleted;
    }
}

/// A line of the closing table: one table of one store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The store, such as `postgres`.
    pub store: &'static str,
    /// Table, kind of key or kind of object.
    pub table: String,
    /// What became of its rows.
    #[serde(flatten)]
    pub tally: Tally,
}

/// Adds to the line of this table, which is appended when there is none yet.
pub fn add(lines: &mut Vec<Line>, store: &'static str, table: &str, tally: Tally) {
    match lines.iter_mut().find(|line| line.store == store && line.table == table) {
        Some(line) => line.tally += tally,
        None => lines.push(Line { store, table: table.to_owned(), tally }),
    }
}
