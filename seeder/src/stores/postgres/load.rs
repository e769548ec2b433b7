//! Chunks made ready to be sent, on a thread of their own just ahead of whoever sends them.

use std::collections::{HashMap, HashSet};

use fixtures::{Record, World};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::copy::Tuples;
use super::ledger::Entry;
use super::tables::{self, Table};
use crate::chunk::Bounds;

/// Chunks made ahead of the sender. A chunk has a few megabytes, so this bounds what is held.
const AHEAD: usize = 2;

/// A chunk's rows, ready to be sent.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) bounds: Bounds,
    /// Its rows by table; rows refer only to tables before their own.
    pub(super) batches: Vec<Batch>,
    /// Digest of their ids.
    pub(super) ids: String,
}

/// Rows of one table.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) table: &'static Table,
    pub(super) tuples: Tuples,
    /// How many of them the ledger says are here already, from this world or another.
    pub(super) ours: u64,
}

/// A digest over the ids of a chunk's rows, in their order.
#[derive(Debug, Default)]
pub(super) struct Ids(Sha256);

impl Ids {
    pub(super) fn add(&mut self, record: &Record) {
        self.0.update(record.kind());
        self.0.update([0]);
        self.0.update(record.id().unwrap_or_default());
        self.0.update([0]);
    }

    pub(super) fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}

/// Starts making a world's chunks, given what the ledger says is here. Ends by itself when the receiver is dropped.
pub(super) fn start(world: World, ledger: Vec<Entry>) -> mpsc::Receiver<Load> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        for bounds in Bounds::of(world) {
            if sender.blocking_send(make(world, bounds, &ledger)).is_err() {
                return;
            }
        }
    });
    receiver
}

fn make(world: World, bounds: Bounds, ledger: &[Entry]) -> Load {
    let known = Known::of(world, bounds, ledger);
    let mut batches: Vec<Batch> = Vec::new();
    let mut ids = Ids::default();
    bounds.rows(world, |record| {
        let Some(table) = tables::of(&record) else { return };
        ids.add(&record);
        let at = batches.iter().position(|batch| batch.table.name == table.name).unwrap_or_else(|| {
            batches.push(Batch { table, tuples: Tuples::new(), ours: 0 });
            batches.len() - 1
        });
        let ours = known.has(&record);
        tables::write(&record, ours, &mut batches[at].tuples);
        batches[at].ours += u64::from(ours);
    });
    Load { bounds, batches, ids: ids.finish() }
}

/// Which rows of a chunk the ledger says are here.
enum Known {
    All,
    These(HashSet<(&'static str, String)>),
}

impl Known {
    fn of(world: World, bounds: Bounds, ledger: &[Entry]) -> Self {
        let overlapping = |entry: &&Entry| {
            let there = entry.bounds;
            there.part == bounds.part && there.first < bounds.past && bounds.first < there.past
        };
        let mut known = HashSet::new();
        for entry in ledger.iter().filter(overlapping) {
            if entry.world == world && entry.bounds == bounds {
                return Self::All;
            }
            let there = entry.bounds;
            let both =
                Bounds { first: there.first.max(bounds.first), past: there.past.min(bounds.past), ..bounds };
            known.extend(
                ids(entry.world, both)
                    .0
                    .into_iter()
                    .flat_map(|(table, ids)| ids.into_iter().map(move |id| (table.kind, id))),
            );
        }
        Self::These(known)
    }

    fn has(&self, record: &Record) -> bool {
        match self {
            Self::All => true,
            Self::These(known) if known.is_empty() => false,
            Self::These(known) => {
                record.id().is_some_and(|id| known.contains(&(record.kind(), id.to_owned())))
            }
        }
    }
}

/// Ids by table, in the order of tables.
pub(super) type ByTable = Vec<(&'static Table, Vec<String>)>;

/// The ids of a chunk's rows, and the digest over them.
pub(super) fn ids(world: World, bounds: Bounds) -> (ByTable, String) {
    let mut by_kind: HashMap<&'static str, Vec<String>> = HashMap::new();
    let mut digest = Ids::default();
    bounds.rows(world, |record| {
        digest.add(&record);
        by_kind.entry(record.kind()).or_default().extend(record.id().map(str::to_owned));
    });
    let tables = tables::TABLES.into_iter();
    let by_table = tables.filter_map(|table| by_kind.remove(table.kind).map(|ids| (table, ids)));
    (by_table.collect(), digest.finish())
}
