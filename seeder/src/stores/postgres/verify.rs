//! Whether the database holds exactly this world: every row read back and compared, and its digest made again.

use std::collections::{BTreeMap, HashMap};

use fixtures::digest::Digester;
use fixtures::{Record, World};
use serde::Serialize;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tokio::sync::mpsc;

use super::schema::Target;
use super::tables::{self, TABLES};
use super::{fault, sql};
use crate::chunk::Bounds;
use crate::error::SeedError;
use crate::progress::Progress;

/// A table held against the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The kind of row, as the world calls it.
    pub kind: &'static str,
    /// The table.
    pub table: &'static str,
    /// Rows the world has.
    pub planned: u64,
    /// Rows of those that are there.
    pub held: u64,
    /// Rows of those that say something else.
    pub wrong: u64,
    /// Rows of the table that are not the world's.
    pub others: u64,
    /// Digest of the rows that are there; none when there are none.
    pub digest: Option<String>,
    /// Whether it is the world's.
    pub equal: bool,
}

/// Chunks made ahead of the reader.
const AHEAD: usize = 1;

/// What was found so far.
#[derive(Default)]
struct Tallied {
    planned: HashMap<&'static str, u64>,
    held: HashMap<&'static str, u64>,
    wrong: HashMap<&'static str, u64>,
    world: Digester,
    there: Digester,
}

/// Reads everything back.
pub(super) async fn compare(
    conn: &mut PgConnection,
    targets: &[Target],
    world: World,
    progress: &mut Progress,
) -> Result<Vec<Comparison>, SeedError> {
    let (sender, mut chunks) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        for bounds in Bounds::of(world) {
            let mut rows = Vec::new();
            bounds.rows(world, |record| rows.push(record));
            if sender.blocking_send(rows).is_err() {
                return;
            }
        }
    });
    let mut tallied = Tallied::default();
    let mut seen = 0;
    while let Some(rows) = chunks.recv().await {
        seen += rows.len() as u64;
        read_back(conn, targets, rows, &mut tallied)
            .await
            .map_err(|error| fault::of("reading rows back", error))?;
        progress.at(seen);
    }
    progress.done(seen);
    conclude(conn, targets, tallied).await.map_err(|error| fault::of("counting rows", error))
}

/// Reads back what should be a chunk's rows.
async fn read_back(
    conn: &mut PgConnection,
    targets: &[Target],
    rows: Vec<Record>,
    tallied: &mut Tallied,
) -> Result<(), sqlx::Error> {
    let bookings: Vec<&str> = rows.iter().filter(|row| row.kind() == "rsvp").filter_map(Record::id).collect();
    for target in targets {
        let expected: HashMap<&str, &Record> = rows
            .iter()
            .filter(|row| row.kind() == target.table.kind)
            .filter_map(|row| Some((row.id()?, row)))
            .collect();
        if expected.is_empty() {
            continue;
        }
        for row in expected.values() {
            tallied.world.add(row);
        }
        *tallied.planned.entry(target.table.kind).or_default() += expected.len() as u64;
        let ids: Vec<&str> = expected.keys().copied().collect();
        let mut tx = conn.begin().await?;
        let query =
            sqlx::query(AssertSqlSafe(sql::select(target))).bind(ids).bind(&bookings).persistent(false);
        sqlx::raw_sql("SET LOCAL row_security = off").execute(&mut *tx).await?;
        let found = query.fetch_all(&mut *tx).await?;
        tx.commit().await?;
        for row in &found {
            let id = tables::id(row, target.table)?;
            let Some(expected) = expected.get(id.as_str()) else { continue };
            *tallied.held.entry(target.table.kind).or_default() += 1;
            match tables::read(row, expected) {
                Ok(there) => {
                    tallied.there.add(&there);
                    *tallied.wrong.entry(target.table.kind).or_default() += u64::from(there != **expected);
                }
                // A value no row of a world can have: NULL where there is always something, or an unknown word.
                Err(_) => *tallied.wrong.entry(target.table.kind).or_default() += 1,
            }
        }
    }
    Ok(())
}

async fn conclude(
    conn: &mut PgConnection,
    targets: &[Target],
    tallied: Tallied,
) -> Result<Vec<Comparison>, sqlx::Error> {
    let world: BTreeMap<&'static str, String> = tallied.world.finish();
    let there = tallied.there.finish();
    let mut comparisons = Vec::new();
    for table in TABLES {
        let (kind, count) = (table.kind, |of: &HashMap<&str, u64>| of.get(table.kind).copied().unwrap_or(0));
        let (planned, held, wrong) = (count(&tallied.planned), count(&tallied.held), count(&tallied.wrong));
        let total = match targets.iter().find(|target| target.table.kind == kind) {
            Some(target) => total(conn, target).await?,
            None => 0,
        };
        comparisons.push(Comparison {
            kind,
            table: table.name,
            planned,
            held,
            wrong,
            others: total.saturating_sub(held),
            digest: there.get(kind).cloned(),
            equal: planned == held && wrong == 0 && world.get(kind) == there.get(kind),
        });
    }
    Ok(comparisons)
}

async fn total(conn: &mut PgConnection, target: &Target) -> Result<u64, sqlx::Error> {
    let mut tx = conn.begin().await?;
    let sql = format!("SELECT count(*) FROM {}", target.table.name);
    let row = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
}
