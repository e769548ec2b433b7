//! Removing what the ledger owns, and nothing else.

use super::client::Client;
use super::item::Collection;
use super::plan::Pages;
use super::reconcile::{self, seed_keys};
use super::{NAME, STORE, apply, collections};
use crate::error::{Fault, SeedError};
use crate::progress::Progress;
use crate::stores::objects::Objects;
use crate::tally::{Line, add};

/// What is at work, and what was removed so far.
struct Work<'a> {
    client: &'a Client,
    objects: &'a mut Objects,
    lines: Vec<Line>,
    count: u64,
}

/// Removes what the ledger owns; an error says what was removed by then.
pub(super) async fn destroy(
    client: &Client,
    objects: &mut Objects,
    progress: &mut Progress,
) -> Result<Vec<Line>, SeedError> {
    let mut work = Work { client, objects, lines: Vec::new(), count: 0 };
    for collection in Collection::ALL {
        if let Err(error) = work.empty(collection, progress).await {
            let count: u64 = work.lines.iter().map(|line| line.tally.deleted).sum();
            return Err(error.having_done(|| {
                format!("{count} were removed by then; the ledger still holds what is left. Run the same command again.")
            }));
        }
    }
    Ok(work.lines)
}

impl Work<'_> {
    /// Removes what is ours in a collection, looks whether it is gone, and only then forgets it.
    async fn empty(&mut self, collection: Collection, progress: &mut Progress) -> Result<(), SeedError> {
        reconcile::begin(self.client, self.objects, collection, &mut self.lines).await?;
        let kinds = [collection.rows(), collection.vectors()];
        for kind in kinds {
            let mut pages = Pages::new(kind);
            while let Some(page) = pages.next(self.objects).await? {
                let tally = apply::remove(self.client, collection, kind, &page).await?;
                add(&mut self.lines, STORE, &collection.table(kind), tally);
                self.count += page.len() as u64;
                progress.at(self.count);
            }
        }
        let is_empty = self.prove(collection).await?;
        for kind in kinds {
            while let Some(page) = Pages::new(kind).next(self.objects).await? {
                let keys: Vec<String> = page.into_iter().map(|object| object.seed_key).collect();
                self.objects.forget(kind, &keys).await?;
            }
        }
        reconcile::end(self.client, self.objects, collection, &mut self.lines).await?;
        collections::remove(self.client, self.objects, collection, is_empty, &mut self.lines).await
    }

    /// Nothing of what the ledger owns may be left: rows are counted, vectors searched for. Whether nothing of others
    /// is there either.
    async fn prove(&mut self, collection: Collection) -> Result<bool, SeedError> {
        let (mut offset, mut ours) = (0, 0);
        loop {
            let page = self.client.rows(collection, offset).await?;
            if page.is_empty() {
                break;
            }
            offset += page.len();
            ours += self.objects.among(collection.rows(), &seed_keys(&page)).await?.len();
        }
        let mut anywhere = vec![0.0; fixtures::embedding::DIMENSIONS];
        anywhere[0] = 1.0;
        let hits = self.client.nearest(collection, &anywhere).await?;
        let keys: Vec<String> = hits.iter().filter_map(|hit| hit.seed_key()).map(str::to_owned).collect();
        let vectors = self.objects.among(collection.vectors(), &keys).await?.len();
        if ours + vectors > 0 {
            let cause = format!(
                "{ours} documents and at least {vectors} vectors are there still after all were removed"
            );
            return Err(SeedError::store(
                NAME,
                Fault::Broken,
                format!("counting what is left in {collection}"),
                cause,
            ));
        }
        Ok(offset == 0 && hits.is_empty())
    }
}
