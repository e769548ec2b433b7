//! Writing vectors: in batches, under ids of our own, so that sending one again replaces it.

use serde_json::Value;

use super::STORE;
use super::client::Client;
use super::item::{Collection, Item, id_in};
use super::plan::{Standing, keys, standing};
use crate::error::SeedError;
use crate::stores::objects::Objects;
use crate::tally::{Line, Tally, add};

/// Puts the vectors of these items in place: one batch.
pub(super) async fn write(
    client: &Client,
    objects: &mut Objects,
    collection: Collection,
    items: &[Item],
    lines: &mut Vec<Line>,
) -> Result<(), SeedError> {
    let known = objects.among(collection.vectors(), &keys(items)).await?;
    let (mut due, mut intents, mut tally): (Vec<&Item>, Vec<_>, _) =
        (Vec::new(), Vec::new(), Tally::default());
    for item in items {
        match standing(known.get(&item.seed_key), &item.vector_digest) {
            Standing::Same => {
                tally.unchanged += 1;
                continue;
            }
            Standing::Changed(_) => tally.updated += 1,
            Standing::Missing | Standing::Intended => {
                tally.created += 1;
                intents.push((item.seed_key.clone(), item.vector_digest.clone()));
            }
        }
        due.push(item);
    }
    if !due.is_empty() {
        objects.intend(collection.vectors(), &intents).await?;
        let vectors: Vec<Value> = due.iter().map(|item| item.vector()).collect();
        client.insert_vectors(collection, &vectors).await?;
        let settled = |item: &&Item| {
            (item.seed_key.clone(), id_in(&item.seed_key).to_owned(), item.vector_digest.clone())
        };
        objects.settle(collection.vectors(), &due.iter().map(settled).collect::<Vec<_>>()).await?;
    }
    add(lines, STORE, &collection.vectors_table(), tally);
    Ok(())
}
