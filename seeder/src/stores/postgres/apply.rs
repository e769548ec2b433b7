//! Putting a world in place, chunk by chunk: each is one transaction with its row of the ledger, so a seeder that is
//! stopped at any moment leaves whole chunks, all of them known.
//!
//! A chunk's rows arrive in temporary tables through COPY. Then rows that say something else are updated, rows that are
//! not there inserted, and those that say the same are not written, not even locked: a second run writes nothing.

use fixtures::World;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, Transaction};

use super::guard::Guard;
use super::load::{self, Batch, Load};
use super::schema::Target;
use super::{fault, ledger, remove, sql};
use crate::chunk::Bounds;
use crate::error::{Fault, SeedError};
use crate::progress::Progress;
use crate::tally::{self, Line, Tally};

/// The store in lines of tables.
pub(super) const STORE: &str = "postgres";

/// A chunk is joined to a table by its index, row by row: statistics of a table that is just being filled would
/// mislead the planner into reading all of it for every chunk.
pub(super) const PLANNER: &str = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; \
     SET LOCAL jit = off; SET LOCAL row_security = off; \
     SELECT set_config('client_connection_check_interval', '1s', true) \
     WHERE current_setting('server_version_num')::int >= 140000";

/// What a run needs.
pub(super) struct Run<'a> {
    pub(super) conn: &'a mut PgConnection,
    pub(super) guard: &'a Guard,
    pub(super) targets: &'a [Target],
}

/// Puts a world in place and removes what the ledger knows of other worlds.
pub(super) async fn apply(
    mut run: Run<'_>,
    world: World,
    progress: &mut Progress,
) -> Result<Vec<Line>, SeedError> {
    let known = ledger::read(run.conn).await?;
    if !known.is_empty() && stale(run.conn, run.targets).await? {
        analyze(run.conn, run.targets).await?;
    }
    let mut lines = empty_lines();
    let chunks = Bounds::of(world).len();
    let mut feed = load::start(world, known.clone());
    let (mut written, mut rows) = (0, 0);
    while let Some(load) = feed.recv().await {
        let bounds = load.bounds;
        let tallies = exchange(&mut run, world, load)
            .await
            .map_err(|error| error.having_done(|| so_far(written, chunks, rows, bounds)))?;
        written += 1;
        for (table, tally) in tallies {
            rows += tally.total();
            tally::add(&mut lines, STORE, table, tally);
        }
        progress.at(rows);
    }
    progress.done(rows);
    let chunks = Bounds::of(world);
    let leftovers = known.into_iter().filter(|entry| entry.world != world || !chunks.contains(&entry.bounds));
    let gone = remove::chunks(&mut run, leftovers.collect(), Some(world), &mut Progress::Quiet).await?;
    for line in gone {
        tally::add(&mut lines, STORE, &line.table, line.tally);
    }
    if lines.iter().any(|line| line.tally.changed() > 0) {
        let done = || "All rows are in place; the planner does not know them yet.".to_owned();
        analyze(run.conn, run.targets).await.map_err(|error| error.having_done(done))?;
    }
    Ok(lines)
}

/// A line for every table, also for those nothing happens to.
pub(super) fn empty_lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for table in super::tables::TABLES {
        tally::add(&mut lines, STORE, table.name, Tally::default());
    }
    lines
}

/// What stands when a chunk failed.
fn so_far(written: usize, chunks: usize, rows: u64, bounds: Bounds) -> String {
    format!(
        "{written} of {chunks} chunks ({rows} rows) are in place and in the ledger; the one under way ({bounds}) was rolled \
         back whole. The same command goes on from there, `seed destroy` removes what is there."
    )
}

/// One chunk: in place and in the ledger, or not at all.
async fn exchange(
    run: &mut Run<'_>,
    world: World,
    load: Load,
) -> Result<Vec<(&'static str, Tally)>, SeedError> {
    let doing = format!("writing {}", load.bounds);
    let failed = |error| fault::of(doing.clone(), error);
    let targets = run.targets;
    let mut tx = begin(run).await?;
    let mut tallies = Vec::new();
    for batch in load.batches {
        let target = target(targets, &batch);
        let table = batch.table.name;
        let tally = settle(&mut tx, target, batch).await.map_err(failed)?;
        if let Err(strangers) = tally {
            return Err(collision(&mut tx, target, doing, strangers).await);
        }
        tallies.extend(tally.map(|tally| (table, tally)));
    }
    recount(&mut tx, targets, &mut tallies).await.map_err(failed)?;
    ledger::note(&mut tx, world, load.bounds, &load.ids).await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    Ok(tallies)
}

/// Brings a batch in place; the error is how many of its rows could not be, because others stand there.
async fn settle(
    tx: &mut Transaction<'_, sqlx::Postgres>,
    target: &Target,
    batch: Batch,
) -> Result<Result<Tally, u64>, sqlx::Error> {
    let ours = batch.ours;
    let total = receive(tx, target, batch).await?;
    let present = if ours > 0 {
        sqlx::raw_sql(AssertSqlSafe(sql::index_incoming(target))).execute(&mut **tx).await?;
        count(tx, sql::present(target)).await?
    } else {
        0
    };
    let updated = if present > 0 { execute(tx, sql::update(target)).await? } else { 0 };
    let created = execute(tx, sql::insert(target)).await?;
    Ok(match total - created - present {
        0 => Ok(Tally { created, updated, unchanged: present - updated, deleted: 0 }),
        strangers => Err(strangers),
    })
}

/// Events that were here before may have bookings of others: their counts are those of all their bookings, not the
/// world's.
async fn recount(
    tx: &mut Transaction<'_, sqlx::Postgres>,
    targets: &[Target],
    tallies: &mut [(&'static str, Tally)],
) -> Result<(), sqlx::Error> {
    let events = targets.iter().find(|target| target.table.kind == "event");
    let tally = tallies.iter_mut().find(|(table, _)| *table == "events").map(|(_, tally)| tally);
    if let (Some(events), Some(tally)) = (events, tally)
        && tally.updated + tally.unchanged > 0
    {
        let recounted = execute(tx, sql::recount(events, sql::Which::Incoming)).await?.min(tally.unchanged);
        tally.updated += recounted;
        tally.unchanged -= recounted;
    }
    Ok(())
}

/// A chunk's transaction, once it is sure that this seeder is still the only one.
pub(super) async fn begin<'c>(run: &'c mut Run<'_>) -> Result<Transaction<'c, sqlx::Postgres>, SeedError> {
    let failed = |error| fault::of("beginning a chunk", error);
    let mut tx = run.conn.begin().await.map_err(failed)?;
    sqlx::raw_sql(PLANNER).execute(&mut *tx).await.map_err(failed)?;
    run.guard.check(&mut tx).await?;
    Ok(tx)
}

pub(super) fn target<'a>(targets: &'a [Target], batch: &Batch) -> &'a Target {
    targets.iter().find(|target| target.table.name == batch.table.name).expect("every table was looked at")
}

/// Sends a batch into its temporary table; answers with how many rows it has.
pub(super) async fn receive(
    tx: &mut Transaction<'_, sqlx::Postgres>,
    target: &Target,
    batch: Batch,
) -> Result<u64, sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql::make_incoming(target))).execute(&mut **tx).await?;
    let rows = batch.tuples.rows();
    let mut copy = tx.copy_in_raw(&sql::copy_incoming(target)).await?;
    if let Err(error) = copy.send(batch.tuples.finish()).await {
        // The server's own words, if it has any, come with the end of the COPY.
        return Err(copy.finish().await.err().unwrap_or(error));
    }
    copy.finish().await?;
    Ok(rows)
}

async fn count(tx: &mut Transaction<'_, sqlx::Postgres>, sql: String) -> Result<u64, sqlx::Error> {
    let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false).fetch_one(&mut **tx).await?;
    Ok(count.unsigned_abs())
}

async fn execute(tx: &mut Transaction<'_, sqlx::Postgres>, sql: String) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(AssertSqlSafe(sql)).persistent(false).execute(&mut **tx).await?;
    Ok(done.rows_affected())
}

/// Rows that nobody here wrote stand where the chunk's belong; names one of them.
async fn collision(
    tx: &mut Transaction<'_, sqlx::Postgres>,
    target: &Target,
    doing: String,
    rows: u64,
) -> SeedError {
    let query = sqlx::query(AssertSqlSafe(sql::in_the_way(target))).persistent(false);
    let example = match query.fetch_optional(&mut **tx).await {
        Ok(row) => row.and_then(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?))),
        Err(error) => return fault::of(doing, error),
    };
    let (id, email): (String, String) = example.unwrap_or_default();
    let cause = format!(
        "{rows} rows of {table} stand where the world's belong, and the ledger does not know them; for example id {id} {email}. \
         They were put there by somebody else (the first seed script's rows look like this): whoever made them must remove them",
        table = target.table.name,
    );
    SeedError::store(fault::STORE, Fault::Collision, doing, cause)
}

/// Whether the planner takes a table that holds rows for an empty one, as after `destroy` and a run that was stopped.
async fn stale(conn: &mut PgConnection, targets: &[Target]) -> Result<bool, SeedError> {
    let failed = |error| fault::of("looking at statistics", error);
    let sql = "SELECT EXISTS (SELECT FROM unnest($1::text[]) AS n (name) JOIN pg_class c ON c.oid = to_regclass(n.name)
               WHERE c.reltuples <= 0 AND pg_relation_size(c.oid) > 0)";
    let names: Vec<&str> = targets.iter().map(|target| target.table.name).collect();
    let mut tx = conn.begin().await.map_err(failed)?;
    let query = sqlx::query_scalar(sql).bind(names).persistent(false);
    let stale = query.fetch_one(&mut *tx).await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    Ok(stale)
}

/// Lets the planner know what the tables hold now.
pub(super) async fn analyze(conn: &mut PgConnection, targets: &[Target]) -> Result<(), SeedError> {
    let failed = |error| fault::of("analyzing the tables", error);
    let names: Vec<&str> = targets.iter().map(|target| target.table.name).collect();
    let mut tx = conn.begin().await.map_err(failed)?;
    let sql = format!("ANALYZE {}", names.join(", "));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await.map_err(failed)?;
    tx.commit().await.map_err(failed)
}
