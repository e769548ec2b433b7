//! Rows of others that a removal would take along or change: foreign keys may say so, and then nobody asks.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, Transaction};

use super::fault;
use super::schema::Target;
use super::tables::TABLES;
use crate::error::{Fault, SeedError};

/// A foreign key to one of our tables that acts when a row there goes.
#[derive(Debug)]
pub(super) struct Reference {
    /// The table it refers to.
    to: String,
    /// The table that refers, and its column.
    from: String,
    column: String,
    /// What happens to a row that refers, in SQL's words.
    action: String,
}

/// Those there are. A key of several columns is taken by its first: one row too many stops, none is lost.
pub(super) async fn look(conn: &mut PgConnection) -> Result<Vec<Reference>, SeedError> {
    let failed = |error| fault::of("looking for rows that refer to the seeder's", error);
    let sql = "SELECT n.name, c.conrelid::regclass::text, quote_ident(a.attname),
                      CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END
               FROM unnest($1::text[]) AS n (name)
               JOIN pg_constraint c ON c.contype = 'f' AND c.confrelid = to_regclass(n.name) AND c.confdeltype IN ('c', 'n', 'd')
               JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]";
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let mut tx = conn.begin().await.map_err(failed)?;
    let rows = sqlx::query(sql).bind(names).persistent(false).fetch_all(&mut *tx).await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    let reference = |row: &sqlx::postgres::PgRow| {
        Ok(Reference {
            to: row.try_get(0)?,
            from: row.try_get(1)?,
            column: row.try_get(2)?,
            action: row.try_get(3)?,
        })
    };
    rows.iter().map(reference).collect::<Result<_, sqlx::Error>>().map_err(failed)
}

/// Refuses to remove rows that others still refer to with a key that acts. To be asked right before the removal, when
/// rows of ours that refer to them are gone.
pub(super) async fn refuse(
    tx: &mut Transaction<'_, sqlx::Postgres>,
    references: &[Reference],
    target: &Target,
    ids: &[String],
    doing: &str,
) -> Result<(), SeedError> {
    for reference in references.iter().filter(|reference| reference.to == target.table.name) {
        let Reference { from, column, action, .. } = reference;
        let sql = format!("SELECT count(*) FROM {from} WHERE {column} = ANY ($1::{}[])", target.id_type());
        let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(ids).persistent(false);
        let count: i64 = query.fetch_one(&mut **tx).await.map_err(|error| fault::of(doing, error))?;
        if count > 0 {
            let cause = format!(
                "{count} rows of {from} refer to rows of {} by {column} (ON DELETE {action})",
                target.table.name
            );
            return Err(SeedError::store(fault::STORE, Fault::Referenced, doing, cause));
        }
    }
    Ok(())
}
