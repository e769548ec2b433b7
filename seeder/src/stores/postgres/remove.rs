//! Removing rows: those of chunks the ledger knows, made again to know their ids, and no others.

use std::collections::HashSet;

use fixtures::World;
use sqlx::{AssertSqlSafe, Connection as _, Transaction};

use super::apply::{self, Run, STORE};
use super::ledger::{self, Entry};
use super::load::{self, ByTable};
use super::references::{self, Reference};
use super::schema::Target;
use super::{fault, sql};
use crate::chunk::Bounds;
use crate::error::{Fault, SeedError};
use crate::progress::Progress;
use crate::tally::{self, Line, Tally};

/// Removes these chunks, last ones first, except for rows that `kept` has at the same places. `progress` hears of chunks.
pub(super) async fn chunks(
    run: &mut Run<'_>,
    mut entries: Vec<Entry>,
    kept: Option<World>,
    progress: &mut Progress,
) -> Result<Vec<Line>, SeedError> {
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.bounds));
    let references = if entries.is_empty() { Vec::new() } else { references::look(run.conn).await? };
    let (mut lines, mut rows, total) = (Vec::new(), 0, entries.len());
    for (removed, entry) in entries.into_iter().enumerate() {
        let bounds = entry.bounds;
        let tallies = chunk(run, &references, entry, kept).await.map_err(|error| {
            error.having_done(|| {
                format!(
                    "{removed} of {total} chunks ({rows} rows) are gone, and the ledger knows which; {bounds} is whole. \
                     The same command goes on from there."
                )
            })
        })?;
        for (table, tally) in tallies {
            rows += tally.deleted;
            tally::add(&mut lines, STORE, table, tally);
        }
        progress.at(removed as u64 + 1);
    }
    Ok(lines)
}

async fn chunk(
    run: &mut Run<'_>,
    references: &[Reference],
    entry: Entry,
    kept: Option<World>,
) -> Result<Vec<(&'static str, Tally)>, SeedError> {
    let doing = format!("removing {}", entry.bounds);
    let failed = |error| fault::of(doing.clone(), error);
    let Entry { world, bounds, ids } = entry;
    let made = tokio::task::spawn_blocking(move || going(world, bounds, kept)).await;
    let (made, digest) =
        made.map_err(|error| SeedError::store(fault::STORE, Fault::Broken, doing.clone(), error))?;
    if digest != ids {
        let cause =
            "this seeder makes other rows for it than the one that wrote it: use the version that did";
        return Err(SeedError::store(fault::STORE, Fault::Broken, doing, cause));
    }
    let targets = run.targets;
    let mut tx = apply::begin(run).await?;
    let mut tallies = Vec::new();
    for (table, ids) in made.into_iter().rev() {
        let target = targets.iter().find(|target| target.table.name == table.name);
        let target = target.expect("every table was looked at");
        references::refuse(&mut tx, references, target, &ids, &doing).await?;
        let deleted = delete(&mut tx, target, &ids).await.map_err(failed)?;
        tallies.push((table.name, Tally { deleted, ..Tally::default() }));
    }
    if let Some(kept) = kept {
        recount(&mut tx, targets, kept, bounds).await.map_err(failed)?;
    }
    ledger::strike(&mut tx, world, bounds).await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    Ok(tallies)
}

/// The ids of a chunk's rows without those that are kept, and the digest over them all.
pub(super) fn going(world: World, bounds: Bounds, kept: Option<World>) -> (ByTable, String) {
    let (mut going, digest) = load::ids(world, bounds);
    if let Some(kept) = kept {
        let staying: HashSet<(&str, String)> = load::ids(kept, bounds.within(kept))
            .0
            .into_iter()
            .flat_map(|(table, ids)| ids.into_iter().map(|id| (table.kind, id)))
            .collect();
        for (table, ids) in &mut going {
            ids.retain(|id| !staying.contains(&(table.kind, id.clone())));
        }
    }
    (going, digest)
}

/// Events that stay have lost bookings: their counts are those of what remains.
async fn recount(
    tx: &mut Transaction<'_, sqlx::Postgres>,
    targets: &[Target],
    kept: World,
    bounds: Bounds,
) -> Result<(), sqlx::Error> {
    let events = targets.iter().find(|target| target.table.kind == "event");
    let staying = load::ids(kept, bounds.within(kept)).0;
    let staying = staying.into_iter().find(|(table, _)| table.kind == "event");
    if let (Some(events), Some((_, ids))) = (events, staying) {
        let sql = sql::recount(events, sql::Which::Listed);
        sqlx::query(AssertSqlSafe(sql)).bind(ids).persistent(false).execute(&mut **tx).await?;
    }
    Ok(())
}

async fn delete(
    tx: &mut Transaction<'_, sqlx::Postgres>,
    target: &Target,
    ids: &[String],
) -> Result<u64, sqlx::Error> {
    if ids.is_empty() {
        return Ok(0);
    }
    let query = sqlx::query(AssertSqlSafe(sql::delete(target))).bind(ids).persistent(false);
    Ok(query.execute(&mut **tx).await?.rows_affected())
}

/// How many rows each table has, whoever put them there.
pub(super) async fn row_counts(run: &mut Run<'_>) -> Result<Vec<(&'static str, u64)>, SeedError> {
    let failed = |error| fault::of("counting rows", error);
    let mut tx = run.conn.begin().await.map_err(failed)?;
    let mut counts = Vec::new();
    for target in run.targets {
        let sql = format!("SELECT count(*) FROM {}", target.table.name);
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .persistent(false)
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
        counts.push((target.table.name, count.unsigned_abs()));
    }
    tx.commit().await.map_err(failed)?;
    Ok(counts)
}
