//! Plans of the slowest statements, and what the catalogue says of the tables they read. Statements are prepared and
//! explained, never run: each within a transaction of its own that cannot write and at whose end it is forgotten.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Row as _, postgres::PgConnection};

use super::{
    super::source::Notes,
    missing::{self, Catalogue, Column},
    plan::{Explained, Scan},
    session, work,
};
use crate::run::{Database, MissingIndex, Planning, Statement, TableUse};

/// What begins a statement that looks for rows, and so has a plan to ask for; and INSERT, where it SELECTs.
const PLANNED: [&str; 7] = ["SELECT", "WITH", "UPDATE", "DELETE", "MERGE", "TABLE", "VALUES"];
/// How a statement is called while it is planned.
const NAME: &str = "loadgen_probe";
/// Missing indexes that are told.
const MOST_MISSING: usize = 10;
/// Parameters a statement may have.
const MOST_PARAMETERS: usize = 200;
/// What helps where plans are denied.
const GRANT: &str =
    "plans take what their statements take: GRANT pg_read_all_data TO its role, or SELECT on the tables";
/// Reasons told of why plans could not be had.
const MOST_REASONS: usize = 3;

const TABLE: &str = "
    SELECT /* loadgen-probe */ format('%I.%I', n.nspname, c.relname) AS name,
        coalesce(pg_relation_size(c.oid) / current_setting('block_size')::bigint, 0) AS blocks
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $2";

const COLUMNS: &str = "
    SELECT /* loadgen-probe */ a.attname::text AS name, quote_ident(a.attname::text) AS quoted,
        coalesce(s.n_distinct, 0)::float8 AS distinct, t.typname IN ('varchar', 'bpchar', 'name') AS varchar
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
    database: &mut Database,
    notes: &mut Notes,
) -> Result<(), sqlx::Error> {
    let Database { statements: Some(statements), tables, missing, planning, .. } = database else {
        return Ok(());
    };
    let asked = statements.iter().filter(|statement| has_plan(&statement.query)).count() as u64;
    // Whenever it ends, what was not had is known.
    let planning = planning.insert(Planning { asked, ..Planning::default() });
    let mut finding = Finding { tables, missing, catalogues: HashMap::new() };
    for statement in statements.iter_mut().filter(|statement| has_plan(&statement.query)) {
        if parameters(&statement.query) > MOST_PARAMETERS {
            refuse(planning, notes, format!("a statement has more than {MOST_PARAMETERS} parameters"));
            continue;
        }
        let explained = match plan(session, &statement.query).await {
            Ok(explained) => explained,
            Err(e) if e.as_database_error().is_some() => {
                if session::is_denied(&e) {
                    notes.say(GRANT);
                }
                refuse(planning, notes, session::words(&e));
                continue;
            }
            Err(e) => return Err(e),
        };
        planning.had += 1;
        statement.plan = Some(explained.plan.text());
        for scan in explained.plan.scans() {
            finding.look_at(session, &scan, statement).await?;
        }
    }
    Ok(())
}

/// What is looked for in plans, and where.
struct Finding<'d> {
    tables: &'d [TableUse],
    missing: &'d mut Vec<MissingIndex>,
    /// By schema and name.
    catalogues: HashMap<(String, String), Catalogue>,
}

impl Finding<'_> {
    /// Adds the index that a statement lacks where its plan reads a table from end to end.
    async fn look_at(
        &mut self,
        session: &mut PgConnection,
        scan: &Scan,
        statement: &Statement,
    ) -> Result<(), sqlx::Error> {
        let key = (scan.schema.clone(), scan.table.clone());
        if !self.catalogues.contains_key(&key) {
            let ask = async |session: &mut PgConnection| catalogue(session, scan).await;
            self.catalogues.insert(key.clone(), session::within(session, ask).await?);
        }
        let catalogue = &self.catalogues[&key];
        if !missing::is_read_by(statement, catalogue) {
            return Ok(());
        }
        let used = self.tables.iter().find(|table| table.table == catalogue.name);
        let lacks = used.and_then(|used| Some((used, missing::columns(scan, used, catalogue)?)));
        if let Some((used, columns)) = lacks {
            add(self.missing, catalogue.quoted(&columns), used, statement);
        }
        Ok(())
    }
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

fn refuse(planning: &mut Planning, notes: &mut Notes, why: String) {
    notes.say(format!("a plan could not be had: {why}"));
    if planning.refused.len() < MOST_REASONS && !planning.refused.contains(&why) {
        planning.refused.push(why);
    }
}

/// Whether a statement looks for rows, so that the extension has put parameters in the place of its values; what it
/// begins with may stand after comments and parentheses.
pub(super) fn has_plan(statement: &str) -> bool {
    let beginning = without_comments(statement).trim_start_matches(|c: char| c == '(' || c.is_whitespace());
    let first: String = beginning.chars().take_while(char::is_ascii_alphabetic).collect();
    match first.to_ascii_uppercase().as_str() {
        "INSERT" => {
            let mut words = beginning.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| word.eq_ignore_ascii_case("SELECT"))
        }
        first => PLANNED.contains(&first),
    }
}

/// Without what stands before a statement and says nothing: libraries write there where it comes from.
fn without_comments(statement: &str) -> &str {
    let mut text = statement.trim_start();
    loop {
        let end = if text.starts_with("/*") {
            text.find("*/").map(|at| at + "*/".len())
        } else if text.starts_with("--") {
            text.find('\n')
        } else {
            return text;
        };
        text = end.map_or("", |end| text[end..].trim_start());
    }
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
async fn plan(session: &mut PgConnection, query: &str) -> Result<Explained, sqlx::Error> {
    session::within(session, async |session| {
        let generic =
            "SET LOCAL /* loadgen-probe */ plan_cache_mode = force_generic_plan; SAVEPOINT loadgen_probe";
        sqlx::raw_sql(generic).execute(&mut *session).await?;
        // As a query of its own, not raw: then it cannot be several.
        let prepare = format!("PREPARE {NAME} AS {query}");
        sqlx::query(AssertSqlSafe(prepare)).persistent(false).execute(&mut *session).await?;
        let explained = explained(session, query).await;
        // What was prepared outlives the transaction, and after it a pooler may have changed the connection.
        let forget = "ROLLBACK TO SAVEPOINT loadgen_probe; DEALLOCATE loadgen_probe";
        let forgotten = sqlx::raw_sql(forget).execute(&mut *session).await;
        let explained = explained?;
        forgotten?;
        Ok(explained)
    })
    .await
}

async fn explained(session: &mut PgConnection, query: &str) -> Result<Explained, sqlx::Error> {
    let nulls = vec!["NULL"; parameters(query)].join(", ");
    let arguments = if nulls.is_empty() { nulls } else { format!("({nulls})") };
    let sql = format!("EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE {NAME}{arguments}");
    let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(session).await?;
    let sqlx::types::Json(mut plans) = row.try_get::<sqlx::types::Json<Vec<Explained>>, _>(0)?;
    plans.pop().ok_or(sqlx::Error::RowNotFound)
}

/// To be asked within a transaction.
async fn catalogue(session: &mut PgConnection, scan: &Scan) -> Result<Catalogue, sqlx::Error> {
    let ask = |sql| sqlx::query(sql).bind(scan.schema.as_str()).bind(scan.table.as_str()).persistent(false);
    let mut catalogue = Catalogue::default();
    // One that was dropped meanwhile has none.
    if let Some(row) = ask(TABLE).fetch_optional(&mut *session).await? {
        catalogue.name = row.try_get("name")?;
        catalogue.blocks = row.try_get::<i64, _>("blocks")?.unsigned_abs();
    }
    for row in ask(COLUMNS).fetch_all(&mut *session).await? {
        let column = Column {
            quoted: row.try_get("quoted")?,
            distinct: row.try_get("distinct")?,
            is_varchar: row.try_get("varchar")?,
        };
        catalogue.columns.insert(row.try_get("name")?, column);
    }
    for row in ask(INDEXES).fetch_all(&mut *session).await? {
        catalogue.indexes.push(row.try_get("columns")?);
    }
    Ok(catalogue)
}

#[cfg(test)]
mod tests;
