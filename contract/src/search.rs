//! Search over articles, videos, tutorials, guides, techniques, events and instructors.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Nothing, endpoint, flag};

/// Characters a query may have.
pub const QUERY_MAX_CHARS: usize = 500;
/// Seconds an answer is kept in the cache.
pub const CACHE_SECONDS: u64 = 300;

endpoint! {
    /// Search by words, with filters, or by meaning.
    Search = "GET /api/search", Open, None Nothing => 200 SearchPage,
    params SearchParams, errors [422]
}

/// Parameters of [`Search`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct SearchParams {
    /// What to look for.
    #[schemars(length(min = 1, max = 500), regex(pattern = r"\S"))]
    pub q: String,
    /// Page size, 1 to 100; 20 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// Results to skip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
    /// Nearest in meaning instead of matching words.
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub semantic: Option<bool>,
    /// What the results must satisfy.
    #[serde(flatten)]
    #[schemars(flatten)]
    pub filters: Filters,
}

/// Filters of a search; every one that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Filters {
    /// Discipline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// City, or `online`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Name of the instructor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructor: Option<String>,
    /// Level, such as `beginner`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Kind of result.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub content_type: Option<ContentType>,
    /// Belt it is meant for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<String>,
    /// Age group, such as `kids`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_group: Option<String>,
    /// Category, such as `technique`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Published on this day or later (`YYYY-MM-DD`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date"))]
    pub date_from: Option<String>,
    /// Published on this day or earlier (`YYYY-MM-DD`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date"))]
    pub date_to: Option<String>,
    /// Only checked by an instructor, or only not.
    #[serde(default, deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

impl Filters {
    /// How many are given.
    pub fn count(&self) -> usize {
        [
            self.style.is_some(),
            self.location.is_some(),
            self.instructor.is_some(),
            self.level.is_some(),
            self.content_type.is_some(),
            self.rank.is_some(),
            self.age_group.is_some(),
            self.category.is_some(),
            self.date_from.is_some(),
            self.date_to.is_some(),
            self.verified.is_some(),
        ]
        .into_iter()
        .filter(|given| *given)
        .count()
    }
}

/// Kind of result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ContentType {
    Article,
    Video,
    Tutorial,
    Guide,
    Technique,
    Event,
    Instructor,
}

/// Answer of [`Search`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SearchPage {
    /// What was looked for.
    pub query: String,
    /// This page, best first.
    pub results: Vec<SearchResult>,
    /// How many match altogether.
    pub total: u64,
    /// Page size.
    pub limit: u32,
    /// Results skipped.
    pub offset: u32,
    /// Milliseconds the search took.
    pub took_ms: u64,
    /// Whether the answer comes from the cache.
    pub cached: bool,
    /// How it was searched.
    pub search_type: SearchType,
}

/// How a query is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchType {
    /// By words.
    Keyword,
    /// By words, with one filter.
    Filtered,
    /// By meaning.
    Semantic,
    /// By words, with several filters.
    Complex,
}

/// One result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SearchResult {
    /// The item's id.
    pub id: String,
    /// Kind of item.
    #[serde(rename = "type")]
    pub content_type: ContentType,
    /// Title.
    pub title: String,
    /// A few words around the match.
    pub snippet: String,
    /// Where it is to be read.
    pub url: String,
    /// Score of the ranking, higher is better.
    pub score: f64,
    /// The score scaled to 0..=1; for semantic results the cosine similarity.
    pub relevance_score: f64,
    /// Discipline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// City, or `online`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// When it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<DateTime<Utc>>,
}
