//! The session readings are taken over, what it may see, and how its failures are told.
//!
//! A transaction-mode pooler may stand between, and gives the server's connection to the application next. So nothing
//! is ever set for a session: every question is asked within a transaction, and what holds there ends with it.

use std::borrow::Cow;

use sqlx::{
    ConnectOptions as _, Row as _, SqlSafeStr,
    postgres::{PgConnectOptions, PgConnection, PgRow},
};

use super::super::source::Notes;

/// What a session is called, so that it can be left out of what is told.
const NAME: &str = "loadgen-probe";
/// A transaction that cannot write, never takes long, never waits for a lock, and does not stay open.
const BEGIN: &str = "
    BEGIN /* loadgen-probe */ READ ONLY;
    SET LOCAL /* loadgen-probe */ statement_timeout = '2s';
    SET LOCAL /* loadgen-probe */ lock_timeout = '500ms';
    SET LOCAL /* loadgen-probe */ idle_in_transaction_session_timeout = '5s'";
/// Ends it, also one that failed.
const END: &str = "COMMIT /* loadgen-probe */";

/// Settings that matter for load.
const SETTINGS: &str = "
    SELECT /* loadgen-probe */ name, current_setting(name) AS value FROM pg_settings
    WHERE name IN ('autovacuum', 'checkpoint_timeout', 'effective_cache_size', 'effective_io_concurrency', 'fsync', 'jit',
                   'maintenance_work_mem', 'max_connections', 'max_parallel_workers_per_gather', 'max_wal_size',
                   'random_page_cost', 'shared_buffers', 'synchronous_commit', 'work_mem')
    ORDER BY name";

/// Which server it is.
pub(super) struct Server {
    /// `15.7`.
    pub(super) version: String,
    /// 150007.
    pub(super) number: i64,
}

/// What this role may see.
pub(super) struct Privileges {
    /// `pg_stat_statements`, where it can be read.
    pub(super) statements: Option<Extension>,
}

/// `pg_stat_statements` in this database. After an upgrade of the server its version stays behind until somebody updates
/// it, and so do its columns.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Extension {
    /// Its schema, quoted.
    pub(super) schema: String,
    /// Whether it tells statements inside functions apart.
    pub(super) has_levels: bool,
}

impl Extension {
    /// From which version on the time that statements take is told without that of planning.
    const READ: (u32, u32) = (1, 8);
    /// From which version on statements inside functions are told apart.
    const LEVELS: (u32, u32) = (1, 9);

    /// `None` when that version cannot be read.
    fn of(schema: String, version: &str) -> Option<Self> {
        let (major, minor) = version.split_once('.')?;
        let version = (major.parse().ok()?, minor.parse().ok()?);
        (version >= Self::READ).then(|| Self { schema, has_levels: version >= Self::LEVELS })
    }
}

pub(super) async fn open(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    // At the start, poolers know the name and little else; and no statement is prepared by name.
    let options = options.clone().application_name(NAME).extra_float_digits(None).statement_cache_capacity(0);
    options.disable_statement_logging().connect().await
}

/// Asks within a transaction of its own, so that a failure costs these answers and no others.
pub(super) async fn within<T>(
    session: &mut PgConnection,
    ask: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    sqlx::raw_sql(BEGIN).execute(&mut *session).await?;
    let answer = ask(&mut *session).await;
    let ended = sqlx::raw_sql(END).execute(&mut *session).await;
    // Why it failed is what was answered, not that it then could not be ended either.
    let answer = answer?;
    ended?;
    Ok(answer)
}

/// Asks one question, within a transaction of its own.
pub(super) async fn rows(
    session: &mut PgConnection,
    sql: impl SqlSafeStr,
) -> Result<Vec<PgRow>, sqlx::Error> {
    within(session, async |session| sqlx::raw_sql(sql).fetch_all(session).await).await
}

/// The same, where the answer is one row.
pub(super) async fn row(session: &mut PgConnection, sql: impl SqlSafeStr) -> Result<PgRow, sqlx::Error> {
    rows(session, sql).await?.pop().ok_or(sqlx::Error::RowNotFound)
}

pub(super) async fn server(session: &mut PgConnection) -> Result<Server, sqlx::Error> {
    let sql = "SELECT /* loadgen-probe */ current_setting('server_version') AS version, \
               current_setting('server_version_num')::bigint AS number";
    let row = row(session, sql).await?;
    let version: String = row.try_get("version")?;
    let version = version.split(' ').next().unwrap_or_default().to_owned();
    Ok(Server { version, number: row.try_get("number")? })
}

/// What this role may see; what it may not is told with what to do about it.
pub(super) async fn privileges(
    session: &mut PgConnection,
    server: &Server,
    notes: &mut Notes,
) -> Result<Privileges, sqlx::Error> {
    let sql = "SELECT /* loadgen-probe */ pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all, \
               quote_ident(current_user) AS role, \
               current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%' AS loaded, \
               (SELECT extversion FROM pg_extension WHERE extname = 'pg_stat_statements') AS version, \
               (SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace \
                WHERE extname = 'pg_stat_statements') AS schema";
    let row = match row(session, sql).await {
        Ok(row) => row,
        // Which libraries are loaded is only for who may see all settings.
        Err(e) if is_denied(&e) => {
            notes.say(
                "its role sees little: GRANT pg_monitor TO it, so that waits and statements can be read",
            );
            return Ok(Privileges { statements: None });
        }
        Err(e) => return Err(e),
    };
    if !row.try_get::<bool, _>("sees_all")? {
        let role: String = row.try_get("role")?;
        notes.say(format!(
            "the role {role} does not see what others do, so waits and statements are incomplete: \
             GRANT pg_monitor TO {role}"
        ));
    }
    let there: Option<(String, String)> = row
        .try_get::<Option<String>, _>("schema")?
        .zip(row.try_get("version")?)
        .filter(|_| row.try_get("loaded").unwrap_or(false));
    Ok(Privileges { statements: extension(there, server, notes) })
}

/// What can be read of the extension in this schema and of this version; why not is told with what to do about it.
fn extension(there: Option<(String, String)>, server: &Server, notes: &mut Notes) -> Option<Extension> {
    let Some((schema, version)) = there else {
        notes.say(
            "statements cannot be told apart, nor missing indexes found, without pg_stat_statements: name it in \
             shared_preload_libraries, restart, and CREATE EXTENSION pg_stat_statements in this database",
        );
        return None;
    };
    let read = Extension::of(schema, &version);
    if read.is_none() && server.number < 130_000 {
        notes.say("statements are read from PostgreSQL 13 on");
    } else if read.is_none() {
        notes.say(format!(
            "statements cannot be read, as pg_stat_statements is still of version {version}: ALTER EXTENSION \
             pg_stat_statements UPDATE in this database"
        ));
    }
    read
}

/// Its settings that matter for load.
pub(super) async fn settings(session: &mut PgConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = rows(session, SETTINGS).await?;
    rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("value")?))).collect()
}

fn code(e: &sqlx::Error) -> Option<Cow<'_, str>> {
    e.as_database_error().and_then(sqlx::error::DatabaseError::code)
}

pub(super) fn is_denied(e: &sqlx::Error) -> bool {
    code(e).as_deref() == Some("42501")
}

/// What a failure is, without anything of the address: drivers may quote it.
pub(super) fn words(e: &sqlx::Error) -> String {
    match e {
        sqlx::Error::Database(e) => format!("it says: {}", e.message()),
        sqlx::Error::Io(e) => e.to_string(),
        // Also when its certificate is not the one that was asked for.
        sqlx::Error::Tls(e) => format!(
            "TLS: {e}. Another machine's is read encrypted (its `ssl` is on), or through a tunnel that ends on this \
             machine"
        ),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::RowNotFound => {
            "its answer has another form than a PostgreSQL's".to_owned()
        }
        _ => "the connection to it broke".to_owned(),
    }
}

#[cfg(test)]
mod tests;
