//! What the platform would read from Postgres to answer: events as anybody sees them, and searches by words.
//!
//! Postgres puts a row together in the contract's shape, whose names its columns have, and serde reads it.

use contract::events::Event;
use contract::search::{SearchParams, SearchResult};
use fixtures::Query;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;

use crate::error::SeedError;
use crate::stores::postgres::fault;

macro_rules! public_events {
    () => {
        "SELECT to_jsonb(e) || jsonb_build_object('instructor_name', i.first_name || ' ' || i.last_name),
                count(*) OVER ()
         FROM events e LEFT JOIN instructors i ON i.id = e.instructor_id
         WHERE e.visibility = 'public' AND e.status <> 'draft'"
    };
}

/// The first public events in the order they are listed in, and how many there are altogether.
pub(super) async fn first_events(conn: &mut PgConnection, most: u32) -> Result<(Vec<Event>, u64), SeedError> {
    let sql = concat!(public_events!(), r#" ORDER BY e.start_date, e.id COLLATE "C" LIMIT $1"#);
    let query = sqlx::query_as::<_, (Json<Event>, i64)>(sql).bind(i64::from(most)).persistent(false);
    let rows = query.fetch_all(conn).await.map_err(|error| fault::of("reading the first events", error))?;
    let total = rows.first().map_or(0, |(_, total)| total.unsigned_abs());
    Ok((rows.into_iter().map(|(event, _)| event.0).collect(), total))
}

/// Those of these events that are public, in the order of ids.
pub(super) async fn events(conn: &mut PgConnection, ids: &[&str]) -> Result<Vec<Event>, SeedError> {
    let sql = concat!(public_events!(), r#" AND e.id = ANY ($1) ORDER BY e.id COLLATE "C""#);
    let query = sqlx::query_as::<_, (Json<Event>, i64)>(sql).bind(ids).persistent(false);
    let rows = query.fetch_all(conn).await.map_err(|error| fault::of("reading the load events", error))?;
    Ok(rows.into_iter().map(|(event, _)| event.0).collect())
}

/// What Postgres finds for a query.
pub(super) struct Found {
    /// How many items match, counted no further than one beyond the most that are ranked.
    pub(super) matches: u64,
    /// The best of them, best first; none when too many match. How relevant they are in relation to the best is open.
    pub(super) best: Vec<SearchResult>,
}

/// What is found for each of these queries: the `page` best of at most `most` matches.
pub(super) async fn search(
    conn: &mut PgConnection,
    queries: &[&Query],
    most: u32,
    page: u32,
) -> Result<Vec<Found>, SeedError> {
    let asked: Vec<SearchParams> = queries.iter().map(|query| query.params()).collect();
    let rows = sqlx::query_as::<_, (i64, Json<Vec<SearchResult>>)>(include_str!("searches.sql"))
        .bind(Json(asked))
        .bind(i64::from(most))
        .bind(i64::from(page))
        .persistent(false)
        .fetch_all(conn)
        .await
        .map_err(|error| fault::of("answering popular searches", error))?;
    Ok(rows
        .into_iter()
        .map(|(matches, best)| Found { matches: matches.unsigned_abs(), best: best.0 })
        .collect())
}
