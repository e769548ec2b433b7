//! Writing documents: one call each, a few at once, none of them twice.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, stream};

use super::calls::Written;
use super::client::Client;
use super::item::{Collection, Item};
use super::patience::ATTEMPTS;
use super::plan::{Standing, keys, standing};
use super::{AT_ONCE, STORE, reconcile};
use crate::error::SeedError;
use crate::stores::objects::Objects;
use crate::tally::{Line, Tally, add};

/// A document to write.
struct Due<'a> {
    item: &'a Item,
    /// What the row to replace is called; none when it is to be created.
    row_id: Option<String>,
    /// What the closing table will count it as.
    counts: Tally,
}

/// What a round of calls left over.
#[derive(Default)]
struct Left<'a> {
    due: Vec<Due<'a>>,
    unclear: Option<SeedError>,
    /// Whether any was written.
    moved: bool,
}

/// Puts the documents of these items in place. Creates whose answer stays out are looked for, and sent again if they
/// did nothing, until a few rounds on end move nothing.
pub(super) async fn write(
    client: &Client,
    objects: &mut Objects,
    collection: Collection,
    items: &[Item],
    lines: &mut Vec<Line>,
) -> Result<(), SeedError> {
    let mut due = due(objects, collection, items, lines).await?;
    let mut stuck = 0;
    while !due.is_empty() {
        let left = send(client, objects, collection, due, lines).await?;
        due = left.due;
        let Some(error) = left.unclear else { continue };
        reconcile::doubt(objects, collection).await?;
        stuck = if left.moved { 0 } else { stuck + 1 };
        if stuck == ATTEMPTS {
            return Err(error);
        }
        tokio::time::sleep(client.jitter.wait(stuck)).await;
        reconcile::look_through(client, objects, collection, lines).await?;
        name(objects, collection, &mut due).await?;
    }
    Ok(())
}

/// What of these is to be written; what is not is counted.
async fn due<'a>(
    objects: &mut Objects,
    collection: Collection,
    items: &'a [Item],
    lines: &mut Vec<Line>,
) -> Result<Vec<Due<'a>>, SeedError> {
    let known = objects.among(collection.rows(), &keys(items)).await?;
    let created = Tally { created: 1, ..Tally::default() };
    let updated = Tally { updated: 1, ..Tally::default() };
    let due: Vec<Due<'_>> = items
        .iter()
        .filter_map(|item| match standing(known.get(&item.seed_key), &item.row_digest) {
            Standing::Same => None,
            Standing::Missing | Standing::Intended => Some(Due { item, row_id: None, counts: created }),
            Standing::Changed(id) => Some(Due { item, row_id: Some(id.to_owned()), counts: updated }),
        })
        .collect();
    let unchanged = (items.len() - due.len()) as u64;
    add(lines, STORE, collection.name(), Tally { unchanged, ..Tally::default() });
    Ok(due)
}

/// Takes over what the ledger has learnt since of what the rows are called.
async fn name(objects: &mut Objects, collection: Collection, due: &mut [Due<'_>]) -> Result<(), SeedError> {
    let keys: Vec<String> = due.iter().map(|due| due.item.seed_key.clone()).collect();
    let known = objects.among(collection.rows(), &keys).await?;
    for due in due {
        due.row_id = known.get(&due.item.seed_key).and_then(|object| object.remote_id.clone());
    }
    Ok(())
}

/// Sends each once and writes down what came of it. After a refusal, or when too many stay without an answer, no
/// further ones are begun, and those on their way are waited for.
async fn send<'a>(
    client: &Client,
    objects: &mut Objects,
    collection: Collection,
    due: Vec<Due<'a>>,
    lines: &mut Vec<Line>,
) -> Result<Left<'a>, SeedError> {
    let new = due.iter().filter(|due| due.row_id.is_none());
    let intents: Vec<_> = new.map(|due| (due.item.seed_key.clone(), due.item.row_digest.clone())).collect();
    if !intents.is_empty() {
        objects.intend(collection.rows(), &intents).await?;
    }
    let trouble = AtomicUsize::new(0);
    let outcomes: Vec<_> = stream::iter(due)
        .map(|due| one(client, collection, due, &trouble))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let (mut settled, mut gone) = (Vec::new(), Vec::new());
    let (mut left, mut failure) = (Left::default(), None);
    for (due, outcome) in outcomes {
        match outcome {
            None => left.due.push(due),
            Some(Ok(Written::Done(row_id))) => {
                settled.push((due.item.seed_key.clone(), row_id, due.item.row_digest.clone()));
                add(lines, STORE, collection.name(), due.counts);
            }
            Some(Ok(Written::Gone)) => {
                gone.push(due.item.seed_key.clone());
                left.due.push(Due { row_id: None, ..due });
            }
            Some(Ok(Written::Unclear(error))) => {
                left.unclear = Some(error);
                left.due.push(due);
            }
            Some(Err(error)) => failure = Some(error),
        }
    }
    left.moved = !settled.is_empty();
    if left.moved {
        objects.settle(collection.rows(), &settled).await?;
    }
    if !gone.is_empty() {
        objects.forget(collection.rows(), &gone).await?;
    }
    failure.map_or(Ok(left), Err)
}

/// Writes one, unless there is too much trouble already.
async fn one<'a>(
    client: &Client,
    collection: Collection,
    due: Due<'a>,
    trouble: &AtomicUsize,
) -> (Due<'a>, Option<Result<Written, SeedError>>) {
    if trouble.load(Ordering::Relaxed) >= AT_ONCE {
        return (due, None);
    }
    let written = match &due.row_id {
        Some(row_id) => client.replace_row(collection, row_id, &due.item.row).await,
        None => client.create_row(collection, &due.item.row).await,
    };
    let weight = match &written {
        Ok(Written::Done(_) | Written::Gone) => 0,
        Ok(Written::Unclear(_)) => 1,
        Err(_) => AT_ONCE,
    };
    trouble.fetch_add(weight, Ordering::Relaxed);
    (due, Some(written))
}
