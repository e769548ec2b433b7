//! One seeder at a time: a lock held by a transaction that stays open while a seeder works.
//!
//! A transaction's lock, since a transaction-mode pooler gives a session's locks to somebody else; it takes one of the
//! pooler's server connections while it is held. It is looked at again in every chunk's own transaction, so a seeder
//! that lost it stops at the next chunk.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, Transaction};

use super::connect::Address;
use super::fault;
use crate::error::{Fault, SeedError};

/// What is locked: an arbitrary number that says `wwmaseed`.
const KEY: i64 = i64::from_be_bytes(*b"wwmaseed");
/// What every chunk's transaction locks besides: the last statement of a seeder that is gone may still be at work.
const CHUNK: i64 = KEY + 1;

/// How long somebody else may still hold it: the server takes a moment to notice that a killed seeder is gone.
const PATIENCE: &str = "2s";
/// SQLSTATE of a lock that was not had in time.
const LOCK_TIMEOUT: &str = "55P03";

const DOING: &str = "making sure that nobody else is seeding";

/// The lock, held until it is let go or the connection ends.
#[derive(Debug)]
pub(super) struct Guard {
    conn: PgConnection,
    /// The server process that holds it.
    process: i32,
}

impl Guard {
    /// Takes the lock, or says who holds it.
    pub(super) async fn take(address: &Address) -> Result<Self, SeedError> {
        let mut conn = address.connect("lock").await?;
        let failed = |error| fault::of(DOING, error);
        // The transaction is ended by its connection, not by a guard of sqlx's that borrows it.
        let begin = format!(
            "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '{PATIENCE}'"
        );
        sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut conn).await.map_err(failed)?;
        let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(KEY).persistent(false);
        match lock.execute(&mut conn).await {
            Ok(_) => {}
            Err(error)
                if error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref()
                    == Some(LOCK_TIMEOUT) =>
            {
                sqlx::raw_sql("ROLLBACK; BEGIN").execute(&mut conn).await.map_err(failed)?;
                let holder = holder(&mut conn).await.map_err(failed)?;
                return Err(SeedError::store(fault::STORE, Fault::InUse, DOING, holder));
            }
            Err(error) => return Err(failed(error)),
        }
        let process =
            sqlx::query_scalar("SELECT pg_backend_pid()").persistent(false).fetch_one(&mut conn).await;
        Ok(Self { conn, process: process.map_err(failed)? })
    }

    /// Whether it is still held, asked within a chunk's transaction, which waits until nobody else's is at work.
    pub(super) async fn check(&self, tx: &mut Transaction<'_, sqlx::Postgres>) -> Result<(), SeedError> {
        let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(CHUNK).persistent(false);
        lock.execute(&mut **tx).await.map_err(|error| fault::of(DOING, error))?;
        let sql = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = $1 AND granted
                   AND (classid::bigint << 32 | objid::bigint) = $2 AND objsubid = 1)";
        let held: bool = sqlx::query_scalar(sql)
            .bind(self.process)
            .bind(KEY)
            .persistent(false)
            .fetch_one(&mut **tx)
            .await
            .map_err(|error| fault::of(DOING, error))?;
        if held {
            return Ok(());
        }
        let cause = "the lock against other seeders was lost: its connection ended";
        Err(SeedError::store(fault::STORE, Fault::Cut, DOING, cause))
    }

    /// Lets it go.
    pub(super) async fn release(self) -> Result<(), SeedError> {
        let failed = |error| fault::of(DOING, error);
        let mut conn = self.conn;
        sqlx::raw_sql("ROLLBACK").execute(&mut conn).await.map_err(failed)?;
        conn.close().await.map_err(failed)
    }
}

/// Who holds the lock, as far as this user may know.
async fn holder(conn: &mut PgConnection) -> Result<String, sqlx::Error> {
    let sql =
        "SELECT l.pid, coalesce(a.usename::text, '?'), coalesce(host(a.client_addr), 'an unknown host'),
                      coalesce(to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ'), 'an unknown moment')
               FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
               WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                 AND (l.classid::bigint << 32 | l.objid::bigint) = $1";
    let row = sqlx::query(sql).bind(KEY).persistent(false).fetch_optional(conn).await?;
    let Some(row) = row else {
        return Ok("another seeder was at work and has just ended: try again".to_owned());
    };
    let (process, user, host, since): (i32, String, String, String) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    Ok(format!(
        "another seeder is at work: user {user} from {host}, since {since} (server process {process}). Wait until it is done"
    ))
}
