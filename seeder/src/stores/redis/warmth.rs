//! What a warm cache holds: the answers the platform would give now, read from its database.
//!
//! How many there are does not depend on the size of the world, so they are held at once: a few pages of events, and
//! the head of the query log, which by Zipf's law is most of what is asked.

use contract::events::{EventPage, LOAD_EVENT, LOAD_EVENT_BASELINE, LOAD_EVENT_SMALL};
use contract::search::{SearchPage, SearchType};
use fixtures::{Query, QueryKind, World, embedding, plans};
use serde::Serialize;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::fault;
use super::kind::{self, Kind};
use super::reading::{self, Found};
use crate::error::SeedError;
use crate::stores::postgres::fault as postgres;

/// Entries of a page, of events and of results; what the API gives when none is asked for, and the load asks for.
const PAGE: u32 = 20;
/// Pages of events that are kept warm. The load asks for the first; people turn a few.
const EVENT_PAGES: u32 = 5;
/// Queries of each kind that count as popular.
const POPULAR: usize = 32;
/// Results among which a query's known answers must be.
const FIRST: usize = 10;
/// A query that matches more than this is left out. Postgres ranks by reading the text of every match, fifteen thousand
/// a second; with a world a hundred times launch day's, common words would take minutes, while the guide has the platform
/// give a search up after five seconds and cache nothing.
const MOST_MATCHES: u32 = 20_000;

/// An entry of the cache.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) key: String,
    pub(super) value: String,
}

/// What a warm cache holds, and what it does not.
#[derive(Debug, Default)]
pub(super) struct Warmth {
    pub(super) entries: Vec<Entry>,
    /// Popular searches whose answer from this database misses a known one: a wrong answer is never cached.
    pub(super) wrong: u64,
    /// Popular searches that match too much to be ranked in time.
    pub(super) too_common: u64,
}

impl Warmth {
    /// What the platform would have cached of this world; read in one snapshot.
    pub(super) async fn of(db: &mut PgConnection, world: World) -> Result<Self, SeedError> {
        let snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        let doing = "reading what the caches are warmed with";
        let mut tx = db.begin_with(snapshot).await.map_err(|error| postgres::of(doing, error))?;
        let mut warmth = Self::default();
        warmth.add_events(&mut tx).await?;
        warmth.add(Kind::Plans, kind::plans(), &plans::all())?;
        let queries = popular(world);
        let (by_meaning, by_words): (Vec<&Query>, _) = queries.iter().partition(|query| query.semantic());
        warmth.add_searches(&mut tx, &by_words).await?;
        for query in by_meaning {
            let vector = embedding::embed(&kind::normalized(&query.text));
            warmth.add(Kind::Embedding, kind::embedding(&query.text), &vector)?;
        }
        tx.commit().await.map_err(|error| postgres::of(doing, error))?;
        Ok(warmth)
    }

    /// The entries of this kind.
    pub(super) fn of_kind(&self, kind: Kind) -> Vec<&Entry> {
        self.entries.iter().filter(|entry| entry.kind == kind).collect()
    }

    /// Popular searches that are not cached.
    pub(super) const fn left_out(&self) -> u64 {
        self.wrong + self.too_common
    }

    fn add(&mut self, kind: Kind, key: String, value: &impl Serialize) -> Result<(), SeedError> {
        let value = serde_json::to_string(value)
            .map_err(|error| fault::senseless(format!("writing {key} as JSON"), error.to_string()))?;
        self.entries.push(Entry { kind, key, value });
        Ok(())
    }

    async fn add_events(&mut self, conn: &mut PgConnection) -> Result<(), SeedError> {
        let (events, total) = reading::first_events(conn, EVENT_PAGES * PAGE).await?;
        // There always is a first page, if only to say that there is nothing.
        for page in 1..=EVENT_PAGES.min((events.len() as u32).div_ceil(PAGE).max(1)) {
            let offset = (page - 1) * PAGE;
            let events: Vec<_> = events.iter().skip(offset as usize).take(PAGE as usize).cloned().collect();
            let has_more = u64::from(offset) + (events.len() as u64) < total;
            let value = EventPage { events, total, limit: PAGE, page, offset, has_more };
            self.add(Kind::EventList, kind::event_list(PAGE, page), &value)?;
        }
        for event in reading::events(conn, &[LOAD_EVENT, LOAD_EVENT_SMALL, LOAD_EVENT_BASELINE]).await? {
            self.add(Kind::EventDetail, kind::event_detail(&event.id), &event)?;
        }
        Ok(())
    }

    async fn add_searches(&mut self, conn: &mut PgConnection, queries: &[&Query]) -> Result<(), SeedError> {
        let found = reading::search(conn, queries, MOST_MATCHES, PAGE).await?;
        for (query, found) in queries.iter().zip(found) {
            let is_known = |id: &String| found.best.iter().take(FIRST).any(|result| result.id == *id);
            if found.matches > u64::from(MOST_MATCHES) {
                self.too_common += 1;
            } else if !query.expected.iter().all(is_known) {
                self.wrong += 1;
            } else {
                self.add(Kind::Search, kind::search(&query.params(), PAGE), &page(query, found))?;
            }
        }
        Ok(())
    }
}

/// The queries most asked of each kind. The log has them in that order.
fn popular(world: World) -> Vec<Query> {
    let log = world.queries();
    [QueryKind::Simple, QueryKind::Filtered, QueryKind::Complex, QueryKind::Semantic]
        .into_iter()
        .flat_map(|kind| log.iter().filter(move |query| query.kind == kind).take(POPULAR).cloned())
        .collect()
}

/// The answer as whoever reads it from the cache passes it on: it says that it was cached, and took no time.
fn page(query: &Query, found: Found) -> SearchPage {
    let Found { matches: total, best: mut results } = found;
    let best = results.first().map_or(1.0, |best| best.score);
    for result in &mut results {
        result.relevance_score = if best > 0.0 { (result.score / best).clamp(0.0, 1.0) } else { 0.0 };
    }
    SearchPage {
        query: query.text.clone(),
        results,
        total,
        limit: PAGE,
        offset: 0,
        took_ms: 0,
        cached: true,
        search_type: match query.kind {
            QueryKind::Simple => SearchType::Keyword,
            QueryKind::Filtered => SearchType::Filtered,
            QueryKind::Complex => SearchType::Complex,
            QueryKind::Semantic => SearchType::Semantic,
        },
    }
}
