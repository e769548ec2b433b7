//! What a `ZeroDB` holds and how it answers, without HTTP: pure enough for a test to look into.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

/// Rows it gives out at most, whatever is asked for.
pub(crate) const LONGEST_PAGE: usize = 40;
/// Vectors it takes at most in a batch.
pub(crate) const LARGEST_BATCH: usize = 500;

pub(crate) type Answer = (StatusCode, Value);

/// A collection with its table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) dimension: usize,
    pub(crate) rows: Vec<(String, Map<String, Value>)>,
    pub(crate) vectors: BTreeMap<String, (Vec<f64>, Value)>,
}

/// What it holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Held {
    pub(crate) tables: BTreeMap<String, Table>,
    /// How many rows were ever made: ids are its own.
    pub(crate) made: u64,
    /// Whether a row may be deleted where it is put.
    pub(crate) deletes_rows: bool,
    /// Whether lists come as bare arrays, tables as names, and rows with an `id` beside their `row_id`.
    pub(crate) terse: bool,
}

impl Held {
    /// Does what is asked below the project, or below `/collections`.
    pub(crate) fn answer(&mut self, method: &Method, path: &[&str], query: &str, body: &Value) -> Answer {
        match (method.as_str(), path) {
            ("GET", ["v1", "projects", _, "database", "tables"]) => {
                if self.terse {
                    return ok(json!(self.tables.keys().collect::<Vec<_>>()));
                }
                let tables: Vec<Value> =
                    self.tables.keys().map(|name| json!({ "table_name": name })).collect();
                ok(json!({ "tables": tables }))
            }
            ("POST", ["collections", name, "create"]) => self.create(name, body),
            ("DELETE", ["collections", name]) => match self.tables.remove(*name) {
                Some(_) => (StatusCode::NO_CONTENT, Value::Null),
                None => missing("Collection not found"),
            },
            (_, ["v1", "projects", _, "database", "tables", name, "rows", rest @ ..]) => {
                self.rows(method, name, rest, query, body)
            }
            (_, ["collections", name, rest @ ..]) => match self.tables.get_mut(*name) {
                Some(table) => table.in_collection(method, rest, body),
                None => missing("Collection not found"),
            },
            _ => missing("Not Found"),
        }
    }

    fn create(&mut self, name: &str, body: &Value) -> Answer {
        let config = &body["config"];
        let Some(dimension) =
            config["dimension"].as_u64().filter(|_| config["similarity_metric"] == "cosine")
        else {
            return unprocessable(&["body", "config"], "a dimension and a similarity_metric are needed");
        };
        if self.tables.contains_key(name) {
            return (StatusCode::CONFLICT, json!({ "detail": "Collection already exists" }));
        }
        self.tables.insert(name.to_owned(), Table { dimension: dimension as usize, ..Table::default() });
        (StatusCode::CREATED, json!({ "name": name }))
    }

    fn rows(&mut self, method: &Method, name: &str, rest: &[&str], query: &str, body: &Value) -> Answer {
        let Some(table) = self.tables.get_mut(name) else { return missing("Table not found") };
        let row_data = body["row_data"].as_object();
        match (method.as_str(), rest, row_data) {
            ("GET", [], _) => table.page(query, self.terse),
            ("POST", [], Some(row_data)) => {
                self.made += 1;
                let row_id = format!("row-{:06}", self.made);
                table.rows.push((row_id.clone(), row_data.clone()));
                (StatusCode::CREATED, json!({ "row_id": row_id, "row_data": row_data, "table_name": name }))
            }
            ("PUT", [row_id], Some(row_data)) => match table.rows.iter_mut().find(|row| row.0 == *row_id) {
                Some(row) => {
                    row.1.clone_from(row_data);
                    ok(json!({ "row_id": row_id, "row_data": row_data }))
                }
                None => missing("Row not found"),
            },
            ("DELETE", [row_id], _) if self.deletes_rows => {
                table.in_collection(method, &["documents", row_id], body)
            }
            ("POST" | "PUT", ..) => unprocessable(&["body", "row_data"], "Field required"),
            _ => (StatusCode::METHOD_NOT_ALLOWED, json!({ "detail": "Method Not Allowed" })),
        }
    }
}

impl Table {
    fn page(&self, query: &str, terse: bool) -> Answer {
        let number = |name: &str| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse::<usize>().ok())
        };
        let limit = number("limit").unwrap_or(20).min(LONGEST_PAGE);
        let rows = self.rows.iter().skip(number("offset").unwrap_or(0)).take(limit);
        if terse {
            return ok(rows.map(|(id, row)| json!({ "id": 7, "row_id": id, "row_data": row })).collect());
        }
        let rows: Vec<Value> = rows.map(|(id, row)| json!({ "row_id": id, "row_data": row })).collect();
        ok(json!({ "rows": rows }))
    }

    fn in_collection(&mut self, method: &Method, rest: &[&str], body: &Value) -> Answer {
        let gone = |removed: bool| {
            if removed { (StatusCode::NO_CONTENT, Value::Null) } else { missing("Document not found") }
        };
        match (method.as_str(), rest) {
            ("DELETE", ["documents", id]) => {
                let before = self.rows.len();
                self.rows.retain(|row| row.0 != *id);
                gone(self.rows.len() < before)
            }
            ("DELETE", ["vectors", id]) => gone(self.vectors.remove(*id).is_some()),
            ("POST", ["vectors", "batch"]) => self.insert(body["vectors"].as_array()),
            ("POST", ["vector-search"]) => self.search(body),
            _ => missing("Not Found"),
        }
    }

    fn insert(&mut self, vectors: Option<&Vec<Value>>) -> Answer {
        let Some(vectors) = vectors else { return unprocessable(&["body", "vectors"], "Field required") };
        if vectors.len() > LARGEST_BATCH {
            return (
                StatusCode::BAD_REQUEST,
                json!({ "detail": format!("at most {LARGEST_BATCH} vectors in a batch") }),
            );
        }
        let read = |vector: &Value| {
            let numbers: Option<Vec<f64>> = vector["vector"].as_array()?.iter().map(Value::as_f64).collect();
            let id = vector["id"].as_str()?.to_owned();
            Some((
                id,
                (numbers.filter(|numbers| numbers.len() == self.dimension)?, vector["metadata"].clone()),
            ))
        };
        let Some(read) = vectors.iter().map(read).collect::<Option<Vec<_>>>() else {
            let sentence = format!("vectors of this collection have {} numbers", self.dimension);
            return (StatusCode::BAD_REQUEST, json!({ "detail": sentence }));
        };
        let ids: Vec<String> = read.iter().map(|(id, _)| id.clone()).collect();
        self.vectors.extend(read);
        ok(json!({ "inserted_ids": ids }))
    }

    fn search(&self, body: &Value) -> Answer {
        let asked: Vec<f64> =
            body["vector"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        if asked.len() != self.dimension {
            return (StatusCode::BAD_REQUEST, json!({ "detail": "wrong dimension" }));
        }
        let mut hits: Vec<(f64, &String, &Value)> = self
            .vectors
            .iter()
            .map(|(id, (vector, metadata))| (cosine(&asked, vector), id, metadata))
            .collect();
        hits.sort_by(|a, b| b.0.total_cmp(&a.0));
        hits.truncate(body["top_k"].as_u64().unwrap_or(10) as usize);
        let hits: Vec<Value> = hits
            .into_iter()
            .map(
                |(score, id, metadata)| json!({ "id": id, "score": score, "data": {}, "metadata": metadata }),
            )
            .collect();
        ok(json!({ "results": hits }))
    }
}

pub(crate) fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>() / (norm(a) * norm(b)).max(1e-12)
}

fn ok(answer: Value) -> Answer {
    (StatusCode::OK, answer)
}

fn missing(sentence: &str) -> Answer {
    (StatusCode::NOT_FOUND, json!({ "detail": sentence }))
}

fn unprocessable(place: &[&str], sentence: &str) -> Answer {
    let complaint = json!({ "loc": place, "msg": sentence, "type": "value_error" });
    (StatusCode::UNPROCESSABLE_ENTITY, json!({ "detail": [complaint] }))
}
