//! The session readings are taken over, what it may see, and how its failures are told.

use std::borrow::Cow;

use sqlx::{
    ConnectOptions as _, Row as _,
    postgres::{PgConnectOptions, PgConnection},
};

use super::super::source::Notes;

/// What a session is called, so that it can be left out of what is told.
const NAME: &str = "loadgen-probe";
/// It cannot write, never takes long, never waits for a lock, and does not open a run's own transactions.
const MANNERS: &str = "
    SET default_transaction_read_only = on;
    SET statement_timeout = '2s';
    SET lock_timeout = '500ms';
    SET idle_in_transaction_session_timeout = '5s'";

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
    /// The schema of `pg_stat_statements`, quoted, where it can be read.
    pub(super) statements: Option<String>,
}

pub(super) async fn open(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let options = options.clone().application_name(NAME).disable_statement_logging();
    let mut session = options.connect().await?;
    sqlx::raw_sql(MANNERS).execute(&mut session).await?;
    Ok(session)
}

pub(super) async fn server(session: &mut PgConnection) -> Result<Server, sqlx::Error> {
    let sql = "SELECT /* loadgen-probe */ current_setting('server_version') AS version, \
               current_setting('server_version_num')::bigint AS number";
    let row = sqlx::raw_sql(sql).fetch_one(session).await?;
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
               (SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace \
                WHERE extname = 'pg_stat_statements') AS schema";
    let row = match sqlx::raw_sql(sql).fetch_one(&mut *session).await {
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
    let schema: Option<String> = row.try_get("schema")?;
    let statements = schema.filter(|_| row.try_get("loaded").unwrap_or(false));
    if statements.is_none() {
        notes.say(
            "statements cannot be told apart, nor missing indexes found, without pg_stat_statements: name it in \
             shared_preload_libraries, restart, and CREATE EXTENSION pg_stat_statements in this database",
        );
    }
    if server.number < 130_000 {
        notes.say("statements are read from PostgreSQL 13 on");
        return Ok(Privileges { statements: None });
    }
    Ok(Privileges { statements })
}

pub(super) async fn settings(session: &mut PgConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = sqlx::raw_sql(SETTINGS).fetch_all(session).await?;
    rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("value")?))).collect()
}

fn code(e: &sqlx::Error) -> Option<Cow<'_, str>> {
    e.as_database_error().and_then(sqlx::error::DatabaseError::code)
}

fn is_denied(e: &sqlx::Error) -> bool {
    code(e).as_deref() == Some("42501")
}

/// What a failure is, without anything of the address: drivers may quote it.
pub(super) fn words(e: &sqlx::Error) -> String {
    match e {
        sqlx::Error::Database(e) => format!("it says: {}", e.message()),
        sqlx::Error::Io(e) => e.to_string(),
        sqlx::Error::Tls(e) => format!("TLS: {e}"),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::RowNotFound => {
            "its answer has another form than a PostgreSQL's".to_owned()
        }
        _ => "the connection to it broke".to_owned(),
    }
}
