//! What there is to do, by the ledger alone.

use std::collections::HashSet;

use fixtures::World;

use super::item::{Collection, Item, short};
use super::{LEDGER_PAGE, STORE, feed};
use crate::error::SeedError;
use crate::stores::objects::{Object, Objects};
use crate::tally::{Line, Tally, add};

/// How a document or vector stands to what it should be.
pub(super) enum Standing<'a> {
    /// The ledger knows nothing of it.
    Missing,
    /// It was to be created, and is not known to be there.
    Intended,
    /// It is there, under this id, and was made from something else.
    Changed(&'a str),
    /// It is there as it should be.
    Same,
}

/// How it stands, when the ledger knows this of it and it should be made from what has this digest.
pub(super) fn standing<'a>(known: Option<&'a Object>, digest: &str) -> Standing<'a> {
    match known.map(|object| (object.remote_id.as_deref(), object.digest == digest)) {
        None => Standing::Missing,
        Some((None, _)) => Standing::Intended,
        Some((Some(id), false)) => Standing::Changed(id),
        Some((Some(_), true)) => Standing::Same,
    }
}

/// The keys of these items.
pub(super) fn keys(items: &[Item]) -> Vec<String> {
    items.iter().map(|item| item.seed_key.clone()).collect()
}

/// Which items a world has, by collection.
#[derive(Default)]
pub(super) struct Present(HashSet<(Collection, [u8; 16])>);

impl Present {
    pub(super) fn insert(&mut self, items: &[Item]) {
        self.0.extend(items.iter().map(|item| (item.collection, short(&item.seed_key))));
    }

    pub(super) fn holds(&self, collection: Collection, seed_key: &str) -> bool {
        self.0.contains(&(collection, short(seed_key)))
    }

    pub(super) fn count(&self, collection: Collection) -> usize {
        self.0.iter().filter(|(of, _)| *of == collection).count()
    }
}

/// Walks over what the ledger holds of a kind, page by page.
pub(super) struct Pages<'a> {
    kind: &'a str,
    after: String,
}

impl<'a> Pages<'a> {
    pub(super) const fn new(kind: &'a str) -> Self {
        Self { kind, after: String::new() }
    }

    /// The next page; none after the last.
    pub(super) async fn next(&mut self, objects: &mut Objects) -> Result<Option<Vec<Object>>, SeedError> {
        let page = objects.after(self.kind, &self.after, LEDGER_PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.after.clone_from(&last.seed_key);
        Ok(Some(page))
    }
}

/// Holds a world against the ledger.
pub(super) async fn plan(objects: &mut Objects, world: World) -> Result<Vec<Line>, SeedError> {
    let mut lines = Vec::new();
    let mut present = Present::default();
    let mut feed = feed::start(world);
    while let Some(batch) = feed.recv().await {
        let (collection, keys) = (batch.collection, keys(&batch.items));
        present.insert(&batch.items);
        let rows = objects.among(collection.rows(), &keys).await?;
        let vectors = objects.among(collection.vectors(), &keys).await?;
        let row = |item: &Item| of_one(&standing(rows.get(&item.seed_key), &item.row_digest));
        let vector = |item: &Item| of_one(&standing(vectors.get(&item.seed_key), &item.vector_digest));
        add(&mut lines, STORE, collection.name(), sum(batch.items.iter().map(row)));
        add(&mut lines, STORE, &collection.vectors_table(), sum(batch.items.iter().map(vector)));
    }
    for collection in Collection::ALL {
        let gone = stale(objects, collection, collection.rows(), &present).await?;
        add(&mut lines, STORE, collection.name(), gone);
        let gone = stale(objects, collection, collection.vectors(), &present).await?;
        add(&mut lines, STORE, &collection.vectors_table(), gone);
    }
    Ok(lines)
}

/// How much of a kind is there that this world has not.
async fn stale(
    objects: &mut Objects,
    collection: Collection,
    kind: &str,
    present: &Present,
) -> Result<Tally, SeedError> {
    let mut deleted = 0;
    let mut pages = Pages::new(kind);
    while let Some(page) = pages.next(objects).await? {
        let gone =
            |object: &&Object| object.remote_id.is_some() && !present.holds(collection, &object.seed_key);
        deleted += page.iter().filter(gone).count() as u64;
    }
    Ok(Tally { deleted, ..Tally::default() })
}

const fn of_one(standing: &Standing<'_>) -> Tally {
    let mut tally = Tally { created: 0, updated: 0, unchanged: 0, deleted: 0 };
    match standing {
        Standing::Missing | Standing::Intended => tally.created = 1,
        Standing::Changed(_) => tally.updated = 1,
        Standing::Same => tally.unchanged = 1,
    }
    tally
}

fn sum(tallies: impl Iterator<Item = Tally>) -> Tally {
    tallies.fold(Tally::default(), |mut sum, tally| {
        sum += tally;
        sum
    })
}
