//! What `apply` would do, without doing it: chunks are sent into temporary tables, compared, and rolled back.

use std::collections::HashMap;

use fixtures::World;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::apply::{self, STORE};
use super::ledger::{self, Entry};
use super::load::{self, Load};
use super::schema::Target;
use super::{fault, sql};
use crate::chunk::Bounds;
use crate::error::SeedError;
use crate::progress::Progress;
use crate::tally::{self, Line, Tally};

/// Compares a world with what is there.
pub(super) async fn plan(
    conn: &mut PgConnection,
    targets: &[Target],
    world: World,
    progress: &mut Progress,
) -> Result<Vec<Line>, SeedError> {
    let known = ledger::read(conn).await?;
    let mut lines = apply::empty_lines();
    let mut feed = load::start(world, known.clone());
    let mut rows = 0;
    while let Some(load) = feed.recv().await {
        for (table, tally) in compare(conn, targets, load).await? {
            rows += tally.total();
            tally::add(&mut lines, STORE, table, tally);
        }
        progress.at(rows);
    }
    progress.done(rows);
    for (table, deleted) in leftovers(conn, targets, world, known).await? {
        tally::add(&mut lines, STORE, table, Tally { deleted, ..Tally::default() });
    }
    Ok(lines)
}

/// A world into a database that has no tables yet: every row is new.
pub(super) fn all_new(world: World) -> Vec<Line> {
    let mut lines = apply::empty_lines();
    for bounds in Bounds::of(world) {
        bounds.rows(world, |record| {
            if let Some(table) = super::tables::of(&record) {
                tally::add(&mut lines, STORE, table.name, Tally { created: 1, ..Tally::default() });
            }
        });
    }
    lines
}

async fn compare(
    conn: &mut PgConnection,
    targets: &[Target],
    load: Load,
) -> Result<Vec<(&'static str, Tally)>, SeedError> {
    let failed = |error| fault::of("comparing rows", error);
    let mut tx = conn.begin().await.map_err(failed)?;
    sqlx::raw_sql(apply::PLANNER).execute(&mut *tx).await.map_err(failed)?;
    let mut tallies = Vec::new();
    for batch in load.batches {
        let target = apply::target(targets, &batch);
        let table = batch.table.name;
        let total = apply::receive(&mut tx, target, batch).await.map_err(failed)?;
        let query = sqlx::query(AssertSqlSafe(sql::compare(target))).persistent(false);
        let row = query.fetch_one(&mut *tx).await.map_err(failed)?;
        let count = |column: usize| row.try_get::<i64, _>(column).map(i64::unsigned_abs).map_err(failed);
        let (created, updated) = (count(0)?, count(1)?);
        tallies.push((table, Tally { created, updated, unchanged: total - created - updated, deleted: 0 }));
    }
    tx.rollback().await.map_err(failed)?;
    Ok(tallies)
}

/// How many rows of other worlds would go.
async fn leftovers(
    conn: &mut PgConnection,
    targets: &[Target],
    world: World,
    known: Vec<Entry>,
) -> Result<HashMap<&'static str, u64>, SeedError> {
    let failed = |error| fault::of("counting rows of other worlds", error);
    let mut counts: HashMap<&'static str, u64> = HashMap::new();
    let others = known.into_iter().filter(|entry| entry.world != world);
    for entry in others {
        let (going, _) = super::remove::going(entry.world, entry.bounds, Some(world));
        for (table, ids) in going.into_iter().filter(|(_, ids)| !ids.is_empty()) {
            let target = targets.iter().find(|target| target.table.name == table.name);
            let sql = sql::count(target.expect("every table was looked at"));
            let mut tx = conn.begin().await.map_err(failed)?;
            let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(ids).persistent(false);
            let there: i64 = query.fetch_one(&mut *tx).await.map_err(failed)?;
            tx.commit().await.map_err(failed)?;
            *counts.entry(table.name).or_default() += there.unsigned_abs();
        }
    }
    Ok(counts)
}
