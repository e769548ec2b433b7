//! The schema: made on an empty database, looked at on any other.

use std::collections::{BTreeMap, HashMap};

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _, SqlSafeStr as _};

use super::fault;
use super::tables::{Kind, TABLES, Table};
use crate::error::{Fault, SeedError};

/// The migrations, in their order.
const MIGRATIONS: [(i64, &str, &str); 3] = [
    (1, "tables", include_str!("../../../migrations/0001_tables.sql")),
    (2, "indexes", include_str!("../../../migrations/0002_indexes.sql")),
    (3, "legacy views", include_str!("../../../migrations/0003_legacy_views.sql")),
];

/// Whether the database holds no tables but the seeder's own books.
pub(super) async fn is_empty(conn: &mut PgConnection) -> Result<bool, SeedError> {
    let sql = "SELECT NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'wwmaa_seed'
                 AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_')";
    let failed = |error| fault::of("looking at the schema", error);
    let mut tx = conn.begin().await.map_err(failed)?;
    let empty = sqlx::query_scalar(sql).persistent(false).fetch_one(&mut *tx).await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    Ok(empty)
}

/// Makes the tables, indexes and views that are not there yet; all of it or nothing.
pub(super) async fn migrate(conn: &mut PgConnection) -> Result<(), SeedError> {
    const DOING: &str = "making the tables";
    let failed = |error| fault::of(DOING, error);
    let migrations = MIGRATIONS.iter().map(|&(version, description, sql)| {
        Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    // The seeder holds a lock of its own, and a session's lock does not survive a pooler.
    migrator.set_locking(false);
    migrator.dangerous_set_table_name("wwmaa_seed.migrations");
    let mut tx = conn.begin().await.map_err(failed)?;
    migrator.run_direct(None, &mut *tx, false).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(error),
        other => SeedError::store(fault::STORE, Fault::Schema, DOING, other),
    })?;
    // A table that went missing after its migration ran is made again; what is there stays.
    if !survey(&mut tx).await?.2.is_empty() {
        for (_, _, sql) in MIGRATIONS {
            sqlx::raw_sql(sql).execute(&mut *tx).await.map_err(failed)?;
        }
    }
    // The migrator prepares by name; behind a pooler such names would meet somebody else.
    sqlx::raw_sql("DEALLOCATE ALL").execute(&mut *tx).await.map_err(failed)?;
    tx.commit().await.map_err(failed)
}

/// A table as it is in this database.
#[derive(Debug)]
pub(crate) struct Target {
    /// What is needed of it.
    pub(crate) table: &'static Table,
    /// The type of each of its columns there, in their order.
    types: Vec<String>,
}

impl Target {
    /// The columns: name, and type in this database.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.table.columns.iter().map(|column| column.name).zip(self.types.iter().map(String::as_str))
    }

    /// The type of `id` in this database.
    pub(super) fn id_type(&self) -> &str {
        &self.types[0]
    }
}

/// What the catalogue says of a column.
#[derive(Debug)]
struct Found {
    kind: String,
    /// Characters it has room for, if it is limited.
    room: Option<i32>,
    must_be_given: bool,
}

/// Looks at the tables. Each difference that would keep the seeder from writing is in the error.
pub(super) async fn look(conn: &mut PgConnection) -> Result<Vec<Target>, SeedError> {
    let (targets, mut differences, missing) = survey(conn).await?;
    differences.extend(missing.iter().map(|table| format!("table {table} is missing")));
    if differences.is_empty() {
        return Ok(targets);
    }
    let way =
        if missing.is_empty() { "" } else { ", or let `seed --migrate` make the tables that are missing" };
    Err(different(&differences, &format!("Change what differs{way}")))
}

/// Looks at the tables that are there, before the missing ones are made beside them.
pub(super) async fn look_at_those_there(conn: &mut PgConnection) -> Result<(), SeedError> {
    let (_, differences, _) = survey(conn).await?;
    if differences.is_empty() { Ok(()) } else { Err(different(&differences, "Change what differs")) }
}

fn different(differences: &[String], way: &str) -> SeedError {
    let cause = format!("its tables are not as they are needed:\n  {}\n{way}", differences.join("\n  "));
    SeedError::store(fault::STORE, Fault::Schema, "looking at the schema", cause)
}

/// The tables that will do, what is wrong with the others, and the names of those that are not there.
async fn survey(conn: &mut PgConnection) -> Result<(Vec<Target>, Vec<String>, Vec<&'static str>), SeedError> {
    let found = columns(conn).await.map_err(|error| fault::of("looking at the schema", error))?;
    let (mut targets, mut differences, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for table in TABLES {
        let Some(columns) = found.get(table.name) else {
            missing.push(table.name);
            continue;
        };
        differences.extend(compare(table, columns));
        let kinds = table.columns.iter().filter_map(|column| columns.get(column.name));
        targets.push(Target { table, types: kinds.map(|found| found.kind.clone()).collect() });
    }
    Ok((targets, differences, missing))
}

/// The columns of our tables, by table and name; a table without a key on `id` has none called so.
async fn columns(conn: &mut PgConnection) -> Result<BTreeMap<String, HashMap<String, Found>>, sqlx::Error> {
    let sql = "SELECT n.name, a.attname::text, format_type(a.atttypid, NULL),
                      a.attnotnull AND NOT a.atthasdef AND a.attidentity = '',
                      a.attname <> 'id' OR EXISTS (SELECT FROM pg_index x WHERE x.indrelid = a.attrelid AND x.indisunique
                          AND x.indnkeyatts = 1 AND x.indkey[0] = a.attnum AND x.indpred IS NULL),
                      CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4
                           THEN a.atttypmod - 4 END
               FROM unnest($1::text[]) AS n (name) JOIN pg_attribute a ON a.attrelid = to_regclass(n.name)
               WHERE a.attnum > 0 AND NOT a.attisdropped";
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let mut tx = conn.begin().await?;
    let rows = sqlx::query(sql).bind(names).persistent(false).fetch_all(&mut *tx).await?;
    tx.commit().await?;
    let mut found: BTreeMap<String, HashMap<String, Found>> = BTreeMap::new();
    for row in rows {
        let (table, column, kind): (String, String, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let has_key: bool = row.try_get(4)?;
        let kind = if has_key { kind } else { "not unique".to_owned() };
        let entry = Found { kind, room: row.try_get(5)?, must_be_given: row.try_get(3)? };
        found.entry(table).or_default().insert(column, entry);
    }
    Ok(found)
}

/// What keeps rows from being written into a table.
fn compare(table: &Table, found: &HashMap<String, Found>) -> Vec<String> {
    let mut differences = Vec::new();
    for column in table.columns {
        let needed = column.kind.sql();
        match found.get(column.name) {
            None => differences.push(format!("{}.{} is missing ({needed})", table.name, column.name)),
            Some(there) if !takes(&there.kind, column.kind) => differences
                .push(format!("{}.{} is {}, {needed} is needed", table.name, column.name, there.kind)),
            Some(Found { room: Some(room), .. }) if *room < longest(column.name) => {
                differences.push(format!(
                    "{}.{} has room for {room} characters, {} are needed",
                    table.name,
                    column.name,
                    longest(column.name)
                ));
            }
            Some(_) => {}
        }
    }
    let mut unknown: Vec<&String> = found
        .iter()
        .filter(|(name, there)| {
            there.must_be_given && table.columns.iter().all(|column| column.name != **name)
        })
        .map(|(name, _)| name)
        .collect();
    unknown.sort();
    differences.extend(
        unknown.into_iter().map(|name| {
            format!("{}.{name} must be given a value, and the world has none for it", table.name)
        }),
    );
    differences
}

/// Whether a column of this type can hold what is needed, to the last digit.
fn takes(there: &str, needed: Kind) -> bool {
    let fits: &[&str] = match needed {
        Kind::Uuid => &["uuid", "text", "character varying"],
        Kind::Text => &["text", "character varying", "citext"],
        Kind::Integer => &["integer", "bigint", "numeric"],
        Kind::BigInt => &["bigint", "numeric"],
        Kind::Double => &["double precision", "numeric"],
        Kind::Boolean => &["boolean"],
        Kind::Timestamp => &["timestamp with time zone"],
        Kind::TextArray => &["text[]", "character varying[]"],
    };
    fits.contains(&there)
}

/// How many characters a column must have room for: the world's longest texts, with some to spare.
fn longest(column: &str) -> i32 {
    match column {
        "body" => 1_000,
        "description" | "bio" => 500,
        "title" | "snippet" | "password_hash" | "email" | "location_name" | "url" => 100,
        _ => 40,
    }
}
