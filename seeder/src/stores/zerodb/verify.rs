//! Whether what is there is what should be.

use std::collections::{HashMap, HashSet};

use fixtures::{Query, World, embedding};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value};

use super::calls::{Hit, Row};
use super::client::Client;
use super::item::{Collection, Item, id_in, of_key, short};
use super::plan::Present;
use super::{AT_ONCE, NAME, STORE, feed};
use crate::check::Check;
use crate::error::{Fault, SeedError};
use crate::stores::objects::Objects;

/// Questions of the query log that are asked.
const QUESTIONS: usize = 24;
/// Items of each collection whose own vector is searched for.
const SAMPLE: usize = 8;
/// Results in which an answer must be, as search shows ten.
const TOP: usize = 10;

/// Holds what is there against a world.
pub(super) async fn verify(
    client: &Client,
    objects: &mut Objects,
    world: World,
) -> Result<Vec<Check>, SeedError> {
    let mut present = Present::default();
    let mut sample: HashMap<Collection, Vec<Item>> = HashMap::new();
    let mut feed = feed::start(world);
    while let Some(batch) = feed.recv().await {
        present.insert(&batch.items);
        let sample = sample.entry(batch.collection).or_default();
        sample.extend(batch.items.into_iter().take(SAMPLE.saturating_sub(sample.len())));
    }
    let mut checks = Vec::new();
    for collection in Collection::ALL {
        let mut books = Books::default();
        books.read(client, objects, world, collection).await?;
        checks.push(books.judge(collection, present.count(collection)));
        checks.push(vectors(client, collection, sample.get(&collection).map_or(&[], Vec::as_slice)).await?);
    }
    checks.push(questions(client, world).await?);
    Ok(checks)
}

/// The documents of a collection, counted.
#[derive(Default)]
struct Books {
    seen: HashSet<[u8; 16]>,
    twice: usize,
    different: usize,
    /// Ours by the ledger, but of another world.
    strays: usize,
    example: Option<String>,
}

impl Books {
    async fn read(
        &mut self,
        client: &Client,
        objects: &mut Objects,
        world: World,
        collection: Collection,
    ) -> Result<(), SeedError> {
        let mut offset = 0;
        loop {
            let page = client.rows(collection, offset).await?;
            if page.is_empty() {
                return Ok(());
            }
            offset += page.len();
            let unknown = self.count(world, collection, page).await?;
            self.strays += objects.among(collection.rows(), &unknown).await?.len();
        }
    }

    /// Counts a page; answers with keys that this world has not. Making items anew costs time, so a thread of its own
    /// does it.
    async fn count(
        &mut self,
        world: World,
        collection: Collection,
        page: Vec<Row>,
    ) -> Result<Vec<String>, SeedError> {
        let compared = tokio::task::spawn_blocking(move || compare(world, collection, &page)).await;
        let compared = compared.map_err(|error| {
            SeedError::store(NAME, Fault::Broken, format!("comparing {collection}"), error)
        })?;
        let mut unknown = Vec::new();
        for (key, equal) in compared {
            let Some(equal) = equal else {
                unknown.push(key);
                continue;
            };
            let again = !self.seen.insert(short(&key));
            self.twice += usize::from(again);
            self.different += usize::from(!equal);
            if again || !equal {
                self.example.get_or_insert(key);
            }
        }
        Ok(unknown)
    }

    fn judge(&self, collection: Collection, expected: usize) -> Check {
        let missing = expected.saturating_sub(self.seen.len());
        let holds = missing + self.twice + self.different + self.strays == 0;
        let mut found = format!(
            "{} of {expected}; {missing} missing, {} twice, {} different, {} of another world",
            self.seen.len(),
            self.twice,
            self.different,
            self.strays
        );
        if let Some(example) = &self.example {
            found.push_str(", such as ");
            found.push_str(example);
        }
        Check::new(STORE, format!("{collection}: documents there once each, and equal"), holds, found)
    }
}

/// For each row with a key: whether it is as it should be; none when the world has no such item here.
fn compare(world: World, collection: Collection, page: &[Row]) -> Vec<(String, Option<bool>)> {
    let one = |row: &Row| {
        let key = row.seed_key()?.to_owned();
        let item = of_key(world, &key).filter(|item| item.collection == collection);
        Some((key, item.map(|item| holds(&row.row_data, &item.row))))
    };
    page.iter().filter_map(one).collect()
}

/// Whether a row says all that it should; what the store adds of its own does not matter.
fn holds(row: &Map<String, Value>, expected: &Map<String, Value>) -> bool {
    expected.iter().all(|(name, value)| same(row.get(name).unwrap_or(&Value::Null), value))
}

/// Whether two values mean the same: 25 is 25.0.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => holds(a, b),
        _ => a == b,
    }
}

/// Whether a few items are found by their own vectors.
async fn vectors(client: &Client, collection: Collection, sample: &[Item]) -> Result<Check, SeedError> {
    let name = format!("{collection}: vectors found by themselves");
    if sample.is_empty() {
        return Ok(Check::not_judged(STORE, name, "the world has none"));
    }
    let found: Vec<bool> = stream::iter(sample)
        .map(|item| async move {
            let hits = client.nearest(collection, &item.embedding()).await?;
            Ok::<_, SeedError>(hits.iter().any(|hit| hit.id == id_in(&item.seed_key) && hit.score > 0.99))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let good = found.iter().filter(|found| **found).count();
    Ok(Check::new(STORE, name, good == sample.len(), format!("{good} of {} tried", sample.len())))
}

/// Whether questions with known answers find them, asked as the platform's search does: of each collection the ten
/// nearest, of those the ten best.
async fn questions(client: &Client, world: World) -> Result<Check, SeedError> {
    let name = "known answers among the first ten";
    let known = |query: &Query| query.semantic() && !query.expected.is_empty();
    let queries: Vec<Query> = world.queries().into_iter().filter(known).take(QUESTIONS).collect();
    if queries.is_empty() {
        return Ok(Check::not_judged(STORE, name, "a world this small has no answers"));
    }
    let mut without = Vec::new();
    for query in &queries {
        let vector = embedding::embed(&query.text);
        let answers: Vec<Vec<Hit>> = stream::iter(Collection::ALL)
            .map(|collection| client.nearest(collection, &vector))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut hits: Vec<Hit> = answers.into_iter().flatten().collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        hits.truncate(TOP);
        if !query.expected.iter().all(|id| hits.iter().any(|hit| hit.id == *id)) {
            without.push(query.text.as_str());
        }
    }
    let example = without.first().map_or(String::new(), |question| format!("; not `{question}`"));
    let found = format!("{} of {} questions{example}", queries.len() - without.len(), queries.len());
    Ok(Check::new(STORE, name, without.is_empty(), found))
}
