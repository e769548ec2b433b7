//! Looking for rows that may be there without the ledger knowing what they are called.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::calls::Row;
use super::client::Client;
use super::item::Collection;
use super::{AT_ONCE, STORE};
use crate::error::SeedError;
use crate::stores::objects::{Object, Objects};
use crate::tally::{Line, Tally, add};

/// The ledger's kind for collections in which a create was given up without an answer: it may still take effect.
const DOUBT: &str = "doubt";

/// Says that a create in this collection was given up.
pub(super) async fn doubt(objects: &mut Objects, collection: Collection) -> Result<(), SeedError> {
    objects.intend(DOUBT, &[(collection.name().to_owned(), String::new())]).await
}

async fn is_in_doubt(objects: &mut Objects, collection: Collection) -> Result<bool, SeedError> {
    Ok(!objects.among(DOUBT, &[collection.name().to_owned()]).await?.is_empty())
}

/// Before anything is written: finds what an earlier run created and could not write down.
pub(super) async fn begin(
    client: &Client,
    objects: &mut Objects,
    collection: Collection,
    lines: &mut Vec<Line>,
) -> Result<(), SeedError> {
    if !objects.intended(collection.rows(), 1).await?.is_empty() {
        doubt(objects, collection).await?;
    }
    if is_in_doubt(objects, collection).await? {
        look_through(client, objects, collection, lines).await?;
    }
    Ok(())
}

/// After everything is written: finds what took effect late.
pub(super) async fn end(
    client: &Client,
    objects: &mut Objects,
    collection: Collection,
    lines: &mut Vec<Line>,
) -> Result<(), SeedError> {
    if is_in_doubt(objects, collection).await? {
        look_through(client, objects, collection, lines).await?;
        objects.forget(DOUBT, &[collection.name().to_owned()]).await?;
    }
    Ok(())
}

/// Pages through a table once. A row whose key the ledger only intends gets its name there (with no digest: what it
/// says is not known, so it will be replaced); a row whose key the ledger knows under another name is one too many,
/// and removed. Rows of other keys are others'.
pub(super) async fn look_through(
    client: &Client,
    objects: &mut Objects,
    collection: Collection,
    lines: &mut Vec<Line>,
) -> Result<(), SeedError> {
    let mut too_many = Vec::new();
    let mut offset = 0;
    loop {
        let page = client.rows(collection, offset).await?;
        if page.is_empty() {
            break;
        }
        offset += page.len();
        let mut known = objects.among(collection.rows(), &seed_keys(&page)).await?;
        let (found, more) = sort(&page, &mut known);
        if !found.is_empty() {
            objects.settle(collection.rows(), &found).await?;
        }
        too_many.extend(more);
    }
    let removed: Vec<bool> = stream::iter(&too_many)
        .map(|row_id| client.delete_row(collection, row_id))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let deleted = removed.iter().filter(|removed| **removed).count() as u64;
    add(lines, STORE, collection.name(), Tally { deleted, ..Tally::default() });
    Ok(())
}

/// The keys of those rows of a page that have one.
pub(super) fn seed_keys(page: &[Row]) -> Vec<String> {
    page.iter().filter_map(Row::seed_key).map(str::to_owned).collect()
}

/// Rows that get their name in the ledger now, and ids of rows that are one too many.
fn sort(page: &[Row], known: &mut HashMap<String, Object>) -> (Vec<(String, String, String)>, Vec<String>) {
    let (mut found, mut too_many) = (Vec::new(), Vec::new());
    for row in page {
        let Some(object) = row.seed_key().and_then(|key| known.get_mut(key)) else { continue };
        match &object.remote_id {
            None => {
                object.remote_id = Some(row.row_id.clone());
                found.push((object.seed_key.clone(), row.row_id.clone(), String::new()));
            }
            Some(id) if *id != row.row_id => too_many.push(row.row_id.clone()),
            Some(_) => {}
        }
    }
    (found, too_many)
}
