//! What a database did so far, and the difference between two such readings.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Row as _, postgres::PgConnection};

use super::{
    super::source::Notes,
    explain::has_plan,
    session::{self, Extension, Privileges},
};
use crate::run::{Database, Statement, TableUse};

/// Statements and tables told.
const MOST_STATEMENTS: usize = 20;
const MOST_TABLES: usize = 20;
/// Characters kept of a statement's text.
const MOST_CHARS: usize = 600;

const DATABASE: &str = "
    SELECT /* loadgen-probe */ blks_hit AS hits, blks_read AS misses, deadlocks, temp_bytes
    FROM pg_stat_database WHERE datname = current_database()";

const TABLES: &str = "
    SELECT /* loadgen-probe */ s.relid::bigint AS id, format('%I.%I', s.schemaname, s.relname) AS name,
        CASE WHEN c.reltuples > 0 THEN c.reltuples::bigint ELSE s.n_live_tup END AS rows,
        pg_total_relation_size(s.relid) AS bytes, s.seq_scan AS scans, s.seq_tup_read AS scanned,
        coalesce(s.idx_scan, 0) AS index_scans
    FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid";

/// What was done so far.
pub(super) struct Work {
    hits: u64,
    misses: u64,
    deadlocks: u64,
    temp_bytes: u64,
    tables: HashMap<i64, TableUse>,
    statements: Option<HashMap<Key, Counts>>,
}

/// Which statement: by whom and at which level it ran, and its number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    user: i64,
    top: bool,
    query: i64,
}

/// What is counted of a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counts {
    calls: u64,
    total_ms: f64,
    rows: u64,
    hit: u64,
    read: u64,
}

pub(super) async fn read(
    session: &mut PgConnection,
    privileges: &Privileges,
    notes: &mut Notes,
) -> Result<Work, sqlx::Error> {
    let row = session::row(session, DATABASE).await?;
    let mut tables = HashMap::new();
    for row in session::rows(session, TABLES).await? {
        let count = |name| counted(&row, name);
        let table = TableUse {
            table: row.try_get("name")?,
            rows: count("rows")?,
            bytes: count("bytes")?,
            sequential_scans: count("scans")?,
            rows_scanned: count("scanned")?,
            index_scans: count("index_scans")?,
        };
        tables.insert(row.try_get("id")?, table);
    }
    let statements = match &privileges.statements {
        Some(extension) => or_note(statements(session, extension).await, notes)?,
        None => None,
    };
    let count = |name| counted(&row, name);
    Ok(Work {
        hits: count("hits")?,
        misses: count("misses")?,
        deadlocks: count("deadlocks")?,
        temp_bytes: count("temp_bytes")?,
        tables,
        statements,
    })
}

fn counted(row: &sqlx::postgres::PgRow, name: &str) -> Result<u64, sqlx::Error> {
    Ok(row.try_get::<i64, _>(name)?.unsigned_abs())
}

/// What was read of statements, if the database let itself be asked: it costs nothing else when it did not.
fn or_note<T>(read: Result<T, sqlx::Error>, notes: &mut Notes) -> Result<Option<T>, sqlx::Error> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(e) if e.as_database_error().is_some() => {
            notes.say(format!("its statements cannot be read: {}", session::words(&e)));
            Ok(None)
        }
        Err(e) => Err(e),
    }
}

async fn statements(
    session: &mut PgConnection,
    extension: &Extension,
) -> Result<HashMap<Key, Counts>, sqlx::Error> {
    let Extension { schema, has_levels } = extension;
    let top = if *has_levels { "toplevel" } else { "true" };
    let sql = format!(
        "SELECT /* loadgen-probe */ userid::bigint AS user, {top} AS top, queryid AS query, calls, \
         total_exec_time AS total, rows, shared_blks_hit AS hit, shared_blks_read AS read \
         FROM {schema}.pg_stat_statements(false) \
         WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND queryid IS NOT NULL"
    );
    let mut all = HashMap::new();
    for row in session::rows(session, AssertSqlSafe(sql)).await? {
        let count = |name| counted(&row, name);
        let key = Key { user: row.try_get("user")?, top: row.try_get("top")?, query: row.try_get("query")? };
        let counts = Counts {
            calls: count("calls")?,
            total_ms: row.try_get("total")?,
            rows: count("rows")?,
            hit: count("hit")?,
            read: count("read")?,
        };
        all.insert(key, counts);
    }
    Ok(all)
}

/// The dearest statements with their texts, if these can be read; this program's own are left out.
pub(super) async fn told(
    session: &mut PgConnection,
    privileges: &Privileges,
    statements: Vec<(Key, Counts)>,
    notes: &mut Notes,
) -> Result<Option<Vec<Statement>>, sqlx::Error> {
    let Some(Extension { schema, .. }) = &privileges.statements else { return Ok(None) };
    or_note(texts(session, schema, statements).await, notes)
}

async fn texts(
    session: &mut PgConnection,
    schema: &str,
    statements: Vec<(Key, Counts)>,
) -> Result<Vec<Statement>, sqlx::Error> {
    let numbers: Vec<String> = statements.iter().map(|(key, _)| key.query.to_string()).collect();
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT /* loadgen-probe */ userid::bigint AS user, queryid AS query, max(query) AS text \
         FROM {schema}.pg_stat_statements WHERE queryid IN ({}) GROUP BY 1, 2",
        numbers.join(", ")
    );
    // By whom, too: what is left out as this program's own may be somebody else's statement as well, such as COMMIT.
    let mut by_key = HashMap::new();
    for row in session::rows(session, AssertSqlSafe(sql)).await? {
        let key: (i64, i64) = (row.try_get("user")?, row.try_get("query")?);
        by_key.insert(key, row.try_get::<Option<String>, _>("text")?);
    }
    let told = statements.into_iter().filter_map(|(key, counts)| {
        let text = by_key.get(&(key.user, key.query))?.as_deref()?;
        let others = !text.contains("loadgen-probe") && !text.contains("loadgen_probe");
        others.then(|| statement(text, counts))
    });
    Ok(told.take(MOST_STATEMENTS).collect())
}

fn statement(text: &str, counts: Counts) -> Statement {
    let Counts { calls, total_ms, rows, hit, read } = counts;
    Statement {
        query: if has_plan(text) { text.to_owned() } else { without_values(text) },
        calls,
        total_ms,
        mean_ms: if calls > 0 { total_ms / calls as f64 } else { 0.0 },
        rows,
        blocks_hit: hit,
        blocks_read: read,
        plan: None,
    }
}

/// A statement's text as it is told: one line, not longer than a reader wants.
pub(super) fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST_CHARS {
        return line;
    }
    line.chars().take(MOST_CHARS - 1).chain(['…']).collect()
}

/// A statement up to where its first text may begin: the extension keeps those of `ALTER ROLE … PASSWORD '…'` and its like,
/// and a text can be quoted in more ways than are worth telling apart.
fn without_values(text: &str) -> String {
    let texts = ["'", "$", "\"", "/*", "--"].into_iter().filter_map(|mark| text.find(mark));
    texts.min().map_or_else(|| text.to_owned(), |at| format!("{}…", &text[..at]))
}

impl Work {
    /// What was done since an earlier reading, without statements.
    pub(super) fn since(&self, first: &Self, notes: &mut Notes) -> Database {
        let (hits, misses) = (since(self.hits, first.hits), since(self.misses, first.misses));
        if self.hits < first.hits {
            notes.say("its statistics were reset meanwhile: what is told of the whole run begins there");
        }
        let read = hits + misses;
        Database {
            cache_hit: (read > 0).then(|| hits as f64 / read as f64),
            blocks: Some(read),
            deadlocks: Some(since(self.deadlocks, first.deadlocks)),
            temp_bytes: Some(since(self.temp_bytes, first.temp_bytes)),
            tables: self.tables_since(first),
            ..Database::default()
        }
    }

    fn tables_since(&self, first: &Self) -> Vec<TableUse> {
        let used = self.tables.iter().map(|(id, now)| {
            let of = |count: fn(&TableUse) -> u64| since(count(now), first.tables.get(id).map_or(0, count));
            TableUse {
                sequential_scans: of(|table| table.sequential_scans),
                rows_scanned: of(|table| table.rows_scanned),
                index_scans: of(|table| table.index_scans),
                ..now.clone()
            }
        });
        let mut used: Vec<TableUse> =
            used.filter(|table| table.sequential_scans + table.index_scans > 0).collect();
        used.sort_by(|a, b| b.rows_scanned.cmp(&a.rows_scanned).then_with(|| a.table.cmp(&b.table)));
        used.truncate(MOST_TABLES);
        used
    }

    /// The dearest statements since an earlier reading, a few more than are told; `None` where they are not counted.
    pub(super) fn statements_since(&self, first: &Self) -> Option<Vec<(Key, Counts)>> {
        let (now, first) = (self.statements.as_ref()?, first.statements.as_ref()?);
        let grown = now.iter().filter_map(|(key, now)| {
            let before = first.get(key).copied().unwrap_or_default();
            let counts = now.since(before);
            (counts.calls > 0).then(|| (key.clone(), counts))
        });
        let mut grown: Vec<_> = grown.collect();
        grown.sort_by(|(a, in_a), (b, in_b)| {
            in_b.total_ms.total_cmp(&in_a.total_ms).then(a.query.cmp(&b.query)).then(a.user.cmp(&b.user))
        });
        grown.truncate(MOST_STATEMENTS * 3);
        Some(grown)
    }
}

impl Counts {
    fn since(self, before: Self) -> Self {
        if self.calls < before.calls {
            return self;
        }
        Self {
            calls: self.calls - before.calls,
            total_ms: (self.total_ms - before.total_ms).max(0.0),
            rows: since(self.rows, before.rows),
            hit: since(self.hit, before.hit),
            read: since(self.read, before.read),
        }
    }
}

/// The growth of a counter; one that went down began anew.
fn since(now: u64, before: u64) -> u64 {
    now.checked_sub(before).unwrap_or(now)
}

#[cfg(test)]
mod tests;
