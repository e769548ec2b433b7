//! The collections themselves: made when they are not there, and then ours to remove.

use super::STORE;
use super::client::Client;
use super::item::Collection;
use super::patience::ATTEMPTS;
use crate::error::SeedError;
use crate::stores::objects::Objects;
use crate::tally::{Line, Tally, add};

/// The ledger's kind, and the closing table's name, for them.
const KIND: &str = "collections";

/// Makes those that are not there.
pub(super) async fn ensure(
    client: &Client,
    objects: &mut Objects,
    lines: &mut Vec<Line>,
) -> Result<(), SeedError> {
    let there = client.tables().await?;
    let names = Collection::ALL.map(|collection| collection.name().to_owned());
    let known = objects.among(KIND, &names).await?;
    for collection in Collection::ALL {
        let name = collection.name();
        let created = match (there.contains(name), known.get(name)) {
            (true, Some(object)) if object.remote_id.is_none() => {
                // An earlier run found it missing, made it, and ended before it could say so.
                settle(objects, collection).await?;
                false
            }
            (true, _) => false,
            (false, _) => create(client, objects, collection).await?,
        };
        let tally = Tally { created: created.into(), unchanged: (!created).into(), ..Tally::default() };
        add(lines, STORE, KIND, tally);
    }
    Ok(())
}

/// Makes one that was missing a moment ago; whether we did. When that stays open, it is looked for: what was missing
/// and is there is ours.
async fn create(client: &Client, objects: &mut Objects, collection: Collection) -> Result<bool, SeedError> {
    objects.intend(KIND, &[(collection.name().to_owned(), String::new())]).await?;
    let mut attempt = 0;
    loop {
        let error = match client.create_collection(collection).await? {
            Creation::Created => return settle(objects, collection).await.map(|()| true),
            Creation::Exists => {
                objects.forget(KIND, &[collection.name().to_owned()]).await?;
                return Ok(false);
            }
            Creation::Unclear(error) => error,
        };
        tokio::time::sleep(client.jitter.wait(attempt)).await;
        if client.tables().await?.contains(collection.name()) {
            return settle(objects, collection).await.map(|()| true);
        }
        attempt += 1;
        if attempt == ATTEMPTS {
            return Err(error);
        }
    }
}

/// What came of creating a collection.
pub(super) enum Creation {
    Created,
    /// Somebody else's.
    Exists,
    /// Nobody knows.
    Unclear(SeedError),
}

async fn settle(objects: &mut Objects, collection: Collection) -> Result<(), SeedError> {
    let name = collection.name();
    objects.settle(KIND, &[(name.to_owned(), name.to_owned(), String::new())]).await
}

/// Removes a collection if it is ours and nothing of others is in it.
pub(super) async fn remove(
    client: &Client,
    objects: &mut Objects,
    collection: Collection,
    is_empty: bool,
    lines: &mut Vec<Line>,
) -> Result<(), SeedError> {
    let name = [collection.name().to_owned()];
    if objects.among(KIND, &name).await?.is_empty() {
        return Ok(());
    }
    if is_empty && client.delete_collection(collection).await? {
        add(lines, STORE, KIND, Tally { deleted: 1, ..Tally::default() });
    }
    // One that others use by now is theirs.
    objects.forget(KIND, &name).await
}
