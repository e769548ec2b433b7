//! Putting a world's documents and vectors in place.

use fixtures::World;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::client::Client;
use super::item::{Collection, id_in};
use super::plan::{Pages, Present};
use super::{AT_ONCE, STORE, collections, documents, feed, reconcile, vectors};
use crate::error::SeedError;
use crate::progress::Progress;
use crate::stores::objects::{Object, Objects};
use crate::tally::{Line, Tally, add};

/// What is at work, and what was done so far.
struct Work<'a> {
    client: &'a Client,
    objects: &'a mut Objects,
    lines: Vec<Line>,
}

/// Puts a world in place; an error says what was done by then.
pub(super) async fn apply(
    client: &Client,
    objects: &mut Objects,
    world: World,
    progress: &mut Progress,
) -> Result<Vec<Line>, SeedError> {
    let mut work = Work { client, objects, lines: Vec::new() };
    match work.run(world, progress).await {
        Ok(()) => Ok(work.lines),
        Err(error) => Err(error.having_done(|| done_by_then(&work.lines))),
    }
}

impl Work<'_> {
    async fn run(&mut self, world: World, progress: &mut Progress) -> Result<(), SeedError> {
        collections::ensure(self.client, self.objects, &mut self.lines).await?;
        for collection in Collection::ALL {
            reconcile::begin(self.client, self.objects, collection, &mut self.lines).await?;
        }
        let present = self.write(world, progress).await?;
        for collection in Collection::ALL {
            self.remove_others(collection, collection.rows(), &present).await?;
            self.remove_others(collection, collection.vectors(), &present).await?;
        }
        for collection in Collection::ALL {
            reconcile::end(self.client, self.objects, collection, &mut self.lines).await?;
        }
        Ok(())
    }

    /// Writes what is new or changed; answers with what the world has.
    async fn write(&mut self, world: World, progress: &mut Progress) -> Result<Present, SeedError> {
        let mut present = Present::default();
        let mut count = 0;
        let mut feed = feed::start(world);
        while let Some(feed::Batch { collection, items }) = feed.recv().await {
            documents::write(self.client, self.objects, collection, &items, &mut self.lines).await?;
            count += items.len() as u64;
            progress.at(count);
            vectors::write(self.client, self.objects, collection, &items, &mut self.lines).await?;
            count += items.len() as u64;
            progress.at(count);
            present.insert(&items);
        }
        Ok(present)
    }

    /// Removes what the ledger owns of a kind and this world has not.
    async fn remove_others(
        &mut self,
        collection: Collection,
        kind: &'static str,
        present: &Present,
    ) -> Result<(), SeedError> {
        let mut pages = Pages::new(kind);
        while let Some(mut page) = pages.next(self.objects).await? {
            page.retain(|object| !present.holds(collection, &object.seed_key));
            if page.is_empty() {
                continue;
            }
            let tally = remove(self.client, collection, kind, &page).await?;
            let keys: Vec<String> = page.into_iter().map(|object| object.seed_key).collect();
            self.objects.forget(kind, &keys).await?;
            add(&mut self.lines, STORE, &collection.table(kind), tally);
        }
        Ok(())
    }
}

/// Removes these; says how many were there. A row that the ledger cannot name was looked for before and is not there.
pub(super) async fn remove(
    client: &Client,
    collection: Collection,
    kind: &'static str,
    page: &[Object],
) -> Result<Tally, SeedError> {
    let is_row = kind == collection.rows();
    let removed: Vec<bool> = stream::iter(page)
        .map(|object| async move {
            match &object.remote_id {
                Some(row_id) if is_row => client.delete_row(collection, row_id).await,
                None if is_row => Ok(false),
                _ => client.delete_vector(collection, id_in(&object.seed_key)).await,
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let deleted = removed.iter().filter(|removed| **removed).count() as u64;
    Ok(Tally { deleted, ..Tally::default() })
}

fn done_by_then(lines: &[Line]) -> String {
    let sum = lines.iter().fold(Tally::default(), |mut sum, line| {
        sum += line.tally;
        sum
    });
    format!(
        "By then {} collections, documents and vectors were created, {} replaced and {} removed; the rest was not. Run \
         the same command again: it goes on where it stopped.",
        sum.created, sum.updated, sum.deleted
    )
}
