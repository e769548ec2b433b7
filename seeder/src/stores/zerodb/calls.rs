//! The calls of the API, each in one place.

use std::collections::HashSet;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::NAME;
use super::client::{Call, Client, Reply};
use super::collections::Creation;
use super::item::Collection;
use crate::error::{Fault, SeedError};

/// Rows asked for at once.
const PAGE: usize = 500;

/// A row as the store gives it out.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) row_id: String,
    pub(super) row_data: Map<String, Value>,
}

impl Row {
    /// A row out of an answer; its id is called `row_id`, or `id`.
    fn read(mut answer: Value) -> Option<Self> {
        let row_id = name_of(&answer["row_id"]).or_else(|| name_of(&answer["id"]))?;
        let row_data = match answer["row_data"].take() {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Some(Self { row_id, row_data })
    }

    /// The key by which a seeded row is told from others.
    pub(super) fn seed_key(&self) -> Option<&str> {
        self.row_data.get("seed_key").and_then(Value::as_str)
    }
}

/// One of a search's results.
#[derive(Debug, Deserialize)]
pub(super) struct Hit {
    pub(super) id: String,
    #[serde(default)]
    pub(super) score: f64,
    #[serde(default)]
    metadata: Value,
}

impl Hit {
    /// The key by which a seeded vector is told from others.
    pub(super) fn seed_key(&self) -> Option<&str> {
        self.metadata["seed_key"].as_str()
    }
}

/// What came of writing a row.
pub(super) enum Written {
    /// It is there, under this id.
    Done(String),
    /// It is no longer there to be replaced.
    Gone,
    /// Nobody knows.
    Unclear(SeedError),
}

impl Client {
    /// Names of the tables and collections there are.
    pub(super) async fn tables(&self) -> Result<HashSet<String>, SeedError> {
        let doing = "listing the collections";
        let path = ["v1", "projects", self.project(), "database", "tables"];
        let answer = done(self.ask(&get(doing, &path)).await?, doing)?;
        let listed = answer.as_array().or_else(|| answer["tables"].as_array());
        let listed = listed.ok_or_else(|| senseless(doing, "it holds no list"))?;
        let name = |table: &Value| {
            let name =
                table.as_str().or_else(|| table["table_name"].as_str()).or_else(|| table["name"].as_str());
            name.map(str::to_owned)
        };
        Ok(listed.iter().filter_map(name).collect())
    }

    /// Makes a collection. Not repeatable: afterwards nobody could tell whose it is.
    pub(super) async fn create_collection(&self, collection: Collection) -> Result<Creation, SeedError> {
        let doing = format!("creating the collection {collection}");
        let dimension = fixtures::embedding::DIMENSIONS;
        let body =
            json!({ "type": "vector", "config": { "dimension": dimension, "similarity_metric": "cosine" } });
        let path = ["collections", collection.name(), "create"];
        let call = Call { method: Method::POST, body: Some(&body), repeatable: false, ..get(&doing, &path) };
        match self.ask(&call).await? {
            Reply::Exists => Ok(Creation::Exists),
            Reply::Unclear(error) => Ok(Creation::Unclear(error)),
            reply => done(reply, &doing).map(|_| Creation::Created),
        }
    }

    /// Removes a collection; whether it was there.
    pub(super) async fn delete_collection(&self, collection: Collection) -> Result<bool, SeedError> {
        let doing = format!("removing the collection {collection}");
        let path = ["collections", collection.name()];
        removed(self.ask(&Call { method: Method::DELETE, ..get(&doing, &path) }).await?, &doing)
    }

    /// Some of a table's rows from this one on; none after the last, and none of a table that is not there.
    pub(super) async fn rows(&self, collection: Collection, offset: usize) -> Result<Vec<Row>, SeedError> {
        let doing = format!("reading {collection}");
        let path = self.rows_path(collection);
        let query = [("limit", PAGE), ("offset", offset)];
        // The first page is asked for as the platform does: without an offset.
        let query = if offset == 0 { &query[..1] } else { &query[..] };
        let mut answer = match self.ask(&Call { query, ..get(&doing, &path) }).await? {
            Reply::Missing(_) => return Ok(Vec::new()),
            reply => done(reply, &doing)?,
        };
        let rows = if answer.is_array() { answer } else { answer["rows"].take() };
        let Value::Array(rows) = rows else { return Err(senseless(&doing, "it holds no rows")) };
        let rows: Option<Vec<Row>> = rows.into_iter().map(Row::read).collect();
        rows.ok_or_else(|| senseless(&doing, "a row has no id"))
    }

    /// Makes a row. Not repeatable: the store would make another.
    pub(super) async fn create_row(
        &self,
        collection: Collection,
        row_data: &Map<String, Value>,
    ) -> Result<Written, SeedError> {
        let doing = format!("creating documents in {collection}");
        let body = json!({ "row_data": row_data });
        let path = self.rows_path(collection);
        let call = Call { method: Method::POST, body: Some(&body), repeatable: false, ..get(&doing, &path) };
        match self.ask(&call).await? {
            Reply::Unclear(error) => Ok(Written::Unclear(error)),
            reply => {
                let row = Row::read(done(reply, &doing)?);
                let row = row.ok_or_else(|| senseless(&doing, "it holds no row_id"))?;
                Ok(Written::Done(row.row_id))
            }
        }
    }

    /// Replaces what a row says.
    pub(super) async fn replace_row(
        &self,
        collection: Collection,
        row_id: &str,
        row_data: &Map<String, Value>,
    ) -> Result<Written, SeedError> {
        let doing = format!("replacing documents in {collection}");
        let body = json!({ "row_data": row_data });
        let path = self.row_path(collection, row_id);
        match self.ask(&Call { method: Method::PUT, body: Some(&body), ..get(&doing, &path) }).await? {
            Reply::Missing(_) => Ok(Written::Gone),
            reply => done(reply, &doing).map(|_| Written::Done(row_id.to_owned())),
        }
    }

    /// Removes a row; whether it was there. As the platform's client does, else as one replaces it.
    pub(super) async fn delete_row(&self, collection: Collection, row_id: &str) -> Result<bool, SeedError> {
        let doing = format!("removing documents from {collection}");
        let path = ["collections", collection.name(), "documents", row_id];
        match self.ask(&Call { method: Method::DELETE, ..get(&doing, &path) }).await? {
            first @ (Reply::Missing(_) | Reply::Unknown(_)) => {
                let path = self.row_path(collection, row_id);
                match (first, self.ask(&Call { method: Method::DELETE, ..get(&doing, &path) }).await?) {
                    (Reply::Missing(_), Reply::Unknown(_)) => Ok(false),
                    (_, reply) => removed(reply, &doing),
                }
            }
            reply => removed(reply, &doing),
        }
    }

    /// Inserts vectors; each must have been taken.
    pub(super) async fn insert_vectors(
        &self,
        collection: Collection,
        vectors: &[Value],
    ) -> Result<(), SeedError> {
        let doing = format!("inserting vectors into {collection}");
        let body = json!({ "vectors": vectors });
        let path = ["collections", collection.name(), "vectors", "batch"];
        let call = Call { method: Method::POST, body: Some(&body), ..get(&doing, &path) };
        let answer = done(self.ask(&call).await?, &doing)?;
        let inserted = answer["inserted_ids"].as_array();
        let inserted = inserted.ok_or_else(|| senseless(&doing, "it holds no inserted_ids"))?;
        let ids: HashSet<&str> = inserted.iter().filter_map(Value::as_str).collect();
        let left_out = vectors.iter().filter_map(|vector| vector["id"].as_str()).find(|id| !ids.contains(id));
        match left_out {
            None => Ok(()),
            Some(id) => Err(senseless(&doing, &format!("{id} was sent and is not among the inserted_ids"))),
        }
    }

    /// Removes a vector; whether it was there.
    pub(super) async fn delete_vector(&self, collection: Collection, id: &str) -> Result<bool, SeedError> {
        let doing = format!("removing vectors from {collection}");
        let path = ["collections", collection.name(), "vectors", id];
        removed(self.ask(&Call { method: Method::DELETE, ..get(&doing, &path) }).await?, &doing)
    }

    /// The ten nearest of a collection; none of one that is not there.
    pub(super) async fn nearest(
        &self,
        collection: Collection,
        vector: &[f32],
    ) -> Result<Vec<Hit>, SeedError> {
        let doing = format!("searching {collection}");
        let body =
            json!({ "vector": vector, "top_k": 10, "include_metadata": true, "similarity_metric": "cosine" });
        let path = ["collections", collection.name(), "vector-search"];
        let call = Call { method: Method::POST, body: Some(&body), ..get(&doing, &path) };
        let mut answer = match self.ask(&call).await? {
            Reply::Missing(_) => return Ok(Vec::new()),
            reply => done(reply, &doing)?,
        };
        serde_json::from_value(answer["results"].take())
            .map_err(|error| senseless(&doing, &error.to_string()))
    }

    fn rows_path(&self, collection: Collection) -> [&str; 7] {
        ["v1", "projects", self.project(), "database", "tables", collection.name(), "rows"]
    }

    fn row_path<'a>(&'a self, collection: Collection, row_id: &'a str) -> [&'a str; 8] {
        let [v1, projects, project, database, tables, table, rows] = self.rows_path(collection);
        [v1, projects, project, database, tables, table, rows, row_id]
    }
}

/// An id as text: some stores count.
fn name_of(id: &Value) -> Option<String> {
    match id {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// A question that may be repeated.
fn get<'a>(doing: &'a str, path: &'a [&'a str]) -> Call<'a> {
    Call { doing, method: Method::GET, path, query: &[], body: None, repeatable: true }
}

/// The answer, if it was done.
fn done(reply: Reply, doing: &str) -> Result<Value, SeedError> {
    match reply {
        Reply::Done(answer) => Ok(answer),
        Reply::Missing(error) | Reply::Unknown(error) | Reply::Unclear(error) => Err(error),
        Reply::Exists => Err(SeedError::store(NAME, Fault::Collision, doing, "409 Conflict")),
    }
}

/// Whether something was there and is gone.
fn removed(reply: Reply, doing: &str) -> Result<bool, SeedError> {
    match reply {
        Reply::Missing(_) => Ok(false),
        reply => done(reply, doing).map(|_| true),
    }
}

fn senseless(doing: &str, why: &str) -> SeedError {
    SeedError::store(NAME, Fault::Broken, doing, format!("the answer makes no sense: {why}"))
}
