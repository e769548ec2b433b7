//! A world's items in batches of one collection each, made on a thread of its own just ahead of whoever reads them.

use std::collections::HashMap;

use fixtures::World;
use tokio::sync::mpsc;

use super::item::{Collection, Item, items};

/// Items of a batch: vectors go out this many at once.
pub(super) const BATCH: usize = 200;
/// Batches made ahead of the reader.
const AHEAD: usize = 2;

/// Some items of one collection.
pub(super) struct Batch {
    pub(super) collection: Collection,
    pub(super) items: Vec<Item>,
}

/// Starts making a world's batches. Ends by itself when the receiver is dropped. Needs a tokio runtime.
pub(super) fn start(world: World) -> mpsc::Receiver<Batch> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || batches(world, |batch| sender.blocking_send(batch).is_ok()));
    receiver
}

/// Hands on batch after batch, until there are no more or `hand_on` says that nobody reads.
fn batches(world: World, mut hand_on: impl FnMut(Batch) -> bool) {
    let mut waiting: HashMap<Collection, Vec<Item>> = HashMap::new();
    for item in items(world) {
        let collection = item.collection;
        let batch = waiting.entry(collection).or_default();
        batch.push(item);
        if batch.len() == BATCH && !hand_on(Batch { collection, items: std::mem::take(batch) }) {
            return;
        }
    }
    for collection in Collection::ALL {
        let items = waiting.remove(&collection).unwrap_or_default();
        if !items.is_empty() && !hand_on(Batch { collection, items }) {
            return;
        }
    }
}
