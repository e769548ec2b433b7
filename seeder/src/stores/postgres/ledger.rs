//! The ledger: which chunks of which worlds are here. A row of it is written, or removed, in the same transaction as
//! the chunk's rows, so it never says more or less than is there.

use fixtures::{FORMAT_VERSION, Size, World};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection as _, Row as _};

use super::fault;
use crate::chunk::{Bounds, Part};
use crate::error::{Fault, SeedError};

/// A world as the ledger names it: all that its rows follow from.
#[derive(Debug, Serialize, Deserialize)]
struct Name {
    format_version: u32,
    seed: u64,
    size: Size,
}

fn name(world: World) -> String {
    let name = Name { format_version: FORMAT_VERSION, seed: world.seed(), size: world.size() };
    serde_json::to_string(&name).expect("numbers serialise")
}

fn named(text: &str) -> Result<World, String> {
    let name: Name = serde_json::from_str(text).map_err(|error| format!("world {text}: {error}"))?;
    if name.format_version == FORMAT_VERSION {
        return Ok(World::new(name.seed, name.size));
    }
    Err(format!(
        "it was written by a seeder of world format {}, this one makes {FORMAT_VERSION}: let that one remove what it wrote",
        name.format_version
    ))
}

/// A chunk that is here.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) world: World,
    pub(super) bounds: Bounds,
    /// Digest of its rows' ids; see [`super::load::Ids`].
    pub(super) ids: String,
}

/// Everything the ledger says, in the order in which it was written.
pub(super) async fn read(conn: &mut PgConnection) -> Result<Vec<Entry>, SeedError> {
    let mut tx = conn.begin().await.map_err(fault::ledger)?;
    let sql = "SELECT world, part, first, past, ids FROM wwmaa_seed.chunks";
    let rows = sqlx::query(sql).persistent(false).fetch_all(&mut *tx).await.map_err(fault::ledger)?;
    tx.commit().await.map_err(fault::ledger)?;
    let mut entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(|entry| entry.bounds);
    Ok(entries)
}

fn entry(row: &PgRow) -> Result<Entry, SeedError> {
    let broken = |cause: String| SeedError::store(fault::STORE, Fault::Broken, "reading the ledger", cause);
    let text = |column: usize| row.try_get::<&str, _>(column).map_err(fault::ledger);
    let place = |column: usize| row.try_get::<i32, _>(column).map(i32::unsigned_abs).map_err(fault::ledger);
    let part =
        Part::named(text(1)?).ok_or_else(|| broken(format!("no part is called {:?}", text(1).ok())))?;
    let world = named(text(0)?).map_err(broken)?;
    Ok(Entry { world, bounds: Bounds { part, first: place(2)?, past: place(3)? }, ids: text(4)?.to_owned() })
}

/// Says, in the chunk's own transaction, that it is here. What it says already is not written again, nor locked.
pub(super) async fn note(
    tx: &mut PgConnection,
    world: World,
    bounds: Bounds,
    ids: &str,
) -> Result<(), sqlx::Error> {
    let sql = "UPDATE wwmaa_seed.chunks SET ids = $5
               WHERE world = $1 AND part = $2 AND first = $3 AND past = $4 AND ids <> $5";
    keyed(sqlx::query(sql), world, bounds).bind(ids).persistent(false).execute(&mut *tx).await?;
    let sql = "INSERT INTO wwmaa_seed.chunks (world, part, first, past, ids) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT DO NOTHING";
    keyed(sqlx::query(sql), world, bounds).bind(ids).persistent(false).execute(tx).await.map(drop)
}

/// Says, in the chunk's own transaction, that it is gone.
pub(super) async fn strike(tx: &mut PgConnection, world: World, bounds: Bounds) -> Result<(), sqlx::Error> {
    let sql = "DELETE FROM wwmaa_seed.chunks WHERE world = $1 AND part = $2 AND first = $3 AND past = $4";
    keyed(sqlx::query(sql), world, bounds).persistent(false).execute(tx).await.map(drop)
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn keyed(query: Query<'_>, world: World, bounds: Bounds) -> Query<'_> {
    query
        .bind(name(world))
        .bind(bounds.part.name())
        .bind(bounds.first.cast_signed())
        .bind(bounds.past.cast_signed())
}
