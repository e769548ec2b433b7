//! Plans of the slowest statements, and what the catalogue says of the tables they read. Statements are prepared and
//! explained, never run: each in a transaction of its own that cannot write and is rolled back.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Row as _, postgres::PgConnection};

use super::{
    super::source::Notes,
    missing::{self, Catalogue, Column},
    plan::{Explained, Scan},
    session::{self, Server},
    work,
};
use crate::run::{Database, MissingIndex, Statement, TableUse};

/// What can be planned without further ado.
const PLANNED: [&str; 4] = ["SELECT", "WITH", "UPDATE", "DELETE"];
/// How a statement is called while it is planned.
const NAME: &str = "loadgen_probe";
/// Missing indexes that are told.
const MOST_MISSING: usize = 10;
/// Parameters a statement may have.
const MOST_PARAMETERS: usize = 200;

const COLUMNS: &str = "
    SELECT /* loadgen-probe */ a.attname::text AS name, coalesce(s.n_distinct, 0)::float8 AS distinct,
        t.typname IN ('varchar', 'bpchar', 'name') AS varchar
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
    WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped";

const INDEXES: &str = "
    SELECT /* loadgen-probe */ array_agg(a.attname::text ORDER BY k.place) AS columns
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE n.nspname = $1 AND c.relname = $2 AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
      AND k.place <= i.indnkeyatts
    GROUP BY i.indexrelid";

/// Fills in plans of statements and the indexes these miss.
pub(super) async fn explain(
    session: &mut PgConnection,
    server: &Server,
    database: &mut Database,
    notes: &mut Notes,
) -> Result<(), sqlx::Error> {
    let mut catalogues = HashMap::new();
    let Database { statements, tables, missing, .. } = database;
    for statement in statements.iter_mut().flatten() {
        if !is_planned(&statement.query) {
            continue;
        }
        let explained = match plan(session, server, &statement.query).await {
            Ok(explained) => explained,
            Err(e) if e.as_database_error().is_some() => {
                notes.say(format!("a plan could not be had: {}", session::words(&e)));
                continue;
            }
            Err(e) => return Err(e),
        };
        statement.plan = Some(explained.plan.text());
        for scan in explained.plan.scans() {
            let Some(used) = used(&scan, tables) else { continue };
            let key = (scan.schema.clone(), scan.table.clone());
            if !catalogues.contains_key(&key) {
                catalogues.insert(key.clone(), catalogue(session, &scan).await?);
            }
            if let Some(columns) = missing::columns(&scan, used, &catalogues[&key]) {
                add(missing, columns, used, statement);
            }
        }
    }
    Ok(())
}

fn used<'t>(scan: &Scan, tables: &'t [TableUse]) -> Option<&'t TableUse> {
    let name = format!("{}.{}", quoted(&scan.schema), quoted(&scan.table));
    tables.iter().find(|table| table.table == name)
}

/// A name as `format('%I')` writes it, reserved words aside.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Several statements may miss the same one: the dearest, which comes first, shows it.
fn add(missing: &mut Vec<MissingIndex>, columns: Vec<String>, used: &TableUse, statement: &Statement) {
    let known = missing.iter().any(|one| one.table == used.table && one.columns == columns);
    if known || missing.len() == MOST_MISSING {
        return;
    }
    missing.push(MissingIndex {
        table: used.table.clone(),
        columns,
        query: work::shortened(&statement.query),
        calls: statement.calls,
        total_ms: statement.total_ms,
        sequential_scans: used.sequential_scans,
        rows_scanned: used.rows_scanned,
    });
}

fn is_planned(statement: &str) -> bool {
    let word: String = statement.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
    PLANNED.contains(&word.to_ascii_uppercase().as_str()) && parameters(statement) <= MOST_PARAMETERS
}

/// How many parameters a statement has: the highest number after a `$`.
fn parameters(statement: &str) -> usize {
    let numbers = statement.split('$').skip(1).filter_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    numbers.max().unwrap_or(0)
}

/// The plan for whatever the parameters may be.
async fn plan(session: &mut PgConnection, server: &Server, query: &str) -> Result<Explained, sqlx::Error> {
    sqlx::raw_sql("BEGIN READ ONLY").execute(&mut *session).await?;
    let explained = planned(session, server, query).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut *session).await?;
    // What was prepared outlives the transaction.
    sqlx::raw_sql("DEALLOCATE ALL").execute(&mut *session).await?;
    explained
}

async fn planned(session: &mut PgConnection, server: &Server, query: &str) -> Result<Explained, sqlx::Error> {
    if server.number >= 120_000 {
        sqlx::raw_sql("SET LOCAL plan_cache_mode = force_generic_plan").execute(&mut *session).await?;
    }
    // As a query of its own, not raw: then it cannot be several.
    let prepare = format!("PREPARE {NAME} AS {query}");
    sqlx::query(AssertSqlSafe(prepare)).persistent(false).execute(&mut *session).await?;
    let nulls = vec!["NULL"; parameters(query)].join(", ");
    let arguments = if nulls.is_empty() { nulls } else { format!("({nulls})") };
    let sql = format!("EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE {NAME}{arguments}");
    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut *session).await?;
    let sqlx::types::Json(mut plans) = row.try_get::<sqlx::types::Json<Vec<Explained>>, _>(0)?;
    plans.pop().ok_or(sqlx::Error::RowNotFound)
}

async fn catalogue(session: &mut PgConnection, scan: &Scan) -> Result<Catalogue, sqlx::Error> {
    let ask = |sql| sqlx::query(sql).bind(scan.schema.as_str()).bind(scan.table.as_str()).persistent(false);
    let mut catalogue = Catalogue::default();
    for row in ask(COLUMNS).fetch_all(&mut *session).await? {
        let column = Column { distinct: row.try_get("distinct")?, is_varchar: row.try_get("varchar")? };
        catalogue.columns.insert(row.try_get("name")?, column);
    }
    for row in ask(INDEXES).fetch_all(&mut *session).await? {
        catalogue.indexes.push(row.try_get("columns")?);
    }
    Ok(catalogue)
}

#[cfg(test)]
mod tests;
