//! Search over content, events and instructors: by words (BM25), by words with filters, or by meaning
//! (nearest neighbours of the question's embedding). Answers are kept for 300 s and say so.

mod cache;
pub(crate) mod days;
mod documents;
mod facets;
pub(crate) mod index;
mod nearest;
pub(crate) mod set;
mod snippet;
mod words;

use std::sync::Arc;

use contract::endpoint::Nothing;
use contract::search::{Filters, QUERY_MAX_CHARS, SearchPage, SearchParams, SearchResult, SearchType};
use contract::{ApiError, FieldError};
use fixtures::{Content, Record, embedding};
use serde_json::{Value, json};

use crate::api::Api;
use crate::area::Area;
use crate::caller::Caller;
use crate::clock;
use crate::dataset::Dataset;
use crate::defects::Defect;
use crate::mock::Mock;

use cache::Cache;
use facets::{BadDate, Facets};
use index::{Fields, Hits, Index};
use nearest::Nearest;

/// Page size when none is asked for.
const PAGE: u32 = 20;
/// The largest page there is.
const LARGEST_PAGE: u32 = 100;

/// The search engine over one dataset.
pub(crate) struct Search {
    /// By number, which is the order of ids.
    documents: Vec<Content>,
    /// The dataset's own rows among them.
    rows: set::DocSet,
    index: Index,
    nearest: Nearest,
    facets: Facets,
    cache: Cache,
}

impl Search {
    /// Indexes and embeds a dataset.
    pub(crate) fn load(dataset: &Dataset) -> Self {
        let documents = documents::collect(dataset);
        let tags: Vec<String> = documents.iter().map(|row| row.tags.join(" ")).collect();
        let fields = documents.iter().zip(&tags).map(|(row, tags)| Fields {
            title: &row.title,
            tags,
            body: &row.body,
        });
        let own: std::collections::HashSet<&str> =
            dataset.contents.iter().map(|row| row.id.as_str()).collect();
        let mut rows = set::DocSet::none(documents.len());
        for (doc, row) in (0..).zip(&documents) {
            if own.contains(row.id.as_str()) {
                rows.insert(doc);
            }
        }
        Self {
            index: Index::new(fields),
            nearest: Nearest::new(embedding::DIMENSIONS, embed_all(&documents)),
            facets: Facets::new(&documents),
            cache: Cache::default(),
            rows,
            documents,
        }
    }

    /// The answer to parameters whose sizes were checked, made anew.
    fn answer(&self, params: &SearchParams, limit: u32, offset: u32) -> Result<SearchPage, BadDate> {
        let among = self.facets.select(&params.filters)?;
        let end = offset as usize + limit as usize;
        let semantic = params.semantic == Some(true);
        let hits = if semantic {
            self.nearest.search(&embedding::embed(&params.q), among.as_ref(), end)
        } else {
            self.index.search(&params.q, among.as_ref(), end)
        };
        Ok(SearchPage {
            query: params.q.clone(),
            total: hits.total as u64,
            results: self.page(&hits, &params.q, semantic, offset),
            limit,
            offset,
            took_ms: 0,
            cached: false,
            search_type: search_type(params),
        })
    }

    fn page(&self, hits: &Hits, query: &str, semantic: bool, offset: u32) -> Vec<SearchResult> {
        // A cosine is its own scale; a BM25 score is put in relation to the best of the match.
        let full = if semantic { 1.0 } else { hits.best.first().map_or(1.0, |(_, best)| f64::from(*best)) };
        let is_looked_for = self.index.terms_of(query);
        let shown = hits.best.iter().skip(offset as usize);
        shown
            .map(|(doc, score)| {
                let row = &self.documents[*doc as usize];
                let score = f64::from(*score);
                SearchResult {
                    id: row.id.clone(),
                    content_type: row.content_type,
                    title: row.title.clone(),
                    snippet: snippet::around(&row.body, &is_looked_for)
                        .unwrap_or_else(|| row.snippet.clone()),
                    url: row.url.clone(),
                    score,
                    relevance_score: (score / full).clamp(0.0, 1.0),
                    style: row.style.clone(),
                    location: row.location.clone(),
                    level: row.level.clone(),
                    published_at: Some(row.published_at),
                }
            })
            .collect()
    }
}

/// The embeddings of all documents in their order, made on all cores: it is the dearest part of a start.
fn embed_all(documents: &[Content]) -> Vec<Vec<f32>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = documents.len().div_ceil(cores).max(1);
    let embed = |row: &Content| embedding::embed(&row.searchable_text());
    std::thread::scope(|scope| {
        let workers: Vec<_> = documents
            .chunks(share)
            .map(|rows| scope.spawn(move || rows.iter().map(embed).collect::<Vec<_>>()))
            .collect();
        let done = workers.into_iter().map(|worker| worker.join().expect("embedding a text cannot fail"));
        done.flatten().collect()
    })
}

impl Area for Search {
    fn reset_load(&self) {
        self.cache.clear();
    }

    fn rows(&self, each: &mut dyn FnMut(Record)) {
        for (doc, row) in (0..).zip(&self.documents) {
            if self.rows.contains(doc) {
                each(Record::Content(row.clone()));
            }
        }
    }
}

pub(crate) fn routes(api: Api) -> Api {
    api.endpoint::<contract::search::Search>(search)
}

fn search(mock: &Mock, _: &Caller, params: SearchParams, _: Nothing) -> Result<SearchPage, ApiError> {
    let began = clock::now();
    check_query(&params.q)?;
    let limit = page_size(params.limit)?;
    let offset = params.offset.unwrap_or(0);
    let asked = SearchParams {
        q: params.q.trim().to_lowercase(),
        limit: Some(limit),
        offset: Some(offset),
        semantic: params.semantic.filter(|semantic| *semantic),
        filters: params.filters.clone(),
    };
    let asked = as_understood(mock, asked);
    let now = mock.clock.now();
    let (answer, cached) = if let Some(answer) = mock.search.cache.get(&asked, now) {
        (answer, true)
    } else {
        let answer = Arc::new(
            mock.search
                .answer(&as_understood(mock, params.clone()), limit, offset)
                .map_err(|bad| bad_date(&bad))?,
        );
        mock.search.cache.put(asked, Arc::clone(&answer), now);
        (answer, false)
    };
    let took_ms = began.elapsed().as_millis() as u64;
    let search_type = search_type(&params);
    Ok(SearchPage { query: params.q, took_ms, cached, search_type, ..SearchPage::clone(&answer) })
}

/// What is looked up when this is asked: the same, but for planted defects. The answer's name stays.
fn as_understood(mock: &Mock, mut asked: SearchParams) -> SearchParams {
    if mock.settings.defects.has(Defect::FilterIgnored) {
        asked.filters = Filters::default();
    }
    if mock.settings.defects.has(Defect::SemanticIsKeyword) {
        asked.semantic = None;
    }
    asked
}

/// The name of the search these parameters ask for.
fn search_type(params: &SearchParams) -> SearchType {
    // A period is one filter, though it has two ends.
    let is_period = params.filters.date_from.is_some() && params.filters.date_to.is_some();
    match (params.semantic == Some(true), params.filters.count() - usize::from(is_period)) {
        (true, _) => SearchType::Semantic,
        (false, 0) => SearchType::Keyword,
        (false, 1) => SearchType::Filtered,
        (false, _) => SearchType::Complex,
    }
}

/// Refuses a query that is blank or too long.
pub(crate) fn check_query(q: &str) -> Result<(), ApiError> {
    let fault = if q.trim().is_empty() {
        ("string_too_short", "String should have at least 1 character".to_owned())
    } else if q.chars().count() > QUERY_MAX_CHARS {
        ("string_too_long", format!("String should have at most {QUERY_MAX_CHARS} characters"))
    } else {
        return Ok(());
    };
    Err(unprocessable("q", fault.0, &fault.1, json!(q)))
}

/// The page size asked for, 1 to 100.
pub(crate) fn page_size(limit: Option<u32>) -> Result<u32, ApiError> {
    match limit.unwrap_or(PAGE) {
        0 => Err(unprocessable(
            "limit",
            "greater_than_equal",
            "Input should be greater than or equal to 1",
            json!("0"),
        )),
        limit if limit > LARGEST_PAGE => Err(unprocessable(
            "limit",
            "less_than_equal",
            "Input should be less than or equal to 100",
            json!(limit.to_string()),
        )),
        limit => Ok(limit),
    }
}

/// A 422 about one query parameter.
pub(crate) fn unprocessable(field: &str, kind: &str, message: &str, input: Value) -> ApiError {
    ApiError::unprocessable(vec![FieldError::new(kind, &["query", field], message, input)])
}

fn bad_date(bad: &BadDate) -> ApiError {
    let message = format!("Invalid {} format. Use YYYY-MM-DD", bad.field);
    unprocessable(bad.field, "date_from_datetime_parsing", &message, json!(bad.value))
}
