//! The marker: a row in the database that says which environment it is, planted once by a person.
//!
//! An address can be mistaken or lead through a tunnel; the marker is inside. It names the cluster's system identifier
//! and the database, so a dump of staging restored elsewhere does not pass for staging, and a copy of production never
//! had one. (A copy of the cluster's files keeps its identifier: such a twin of staging passes.)

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};

use super::{LEDGER, fault, schema};
use crate::environment::Environment;
use crate::error::{Fault, SeedError};
use crate::proof;

/// What a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) database: String,
    pub(super) system_identifier: String,
    user: String,
    /// Whose rights its statements have, and the schemas in which they look for tables.
    acts: String,
}

/// The marker's row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Marker {
    environment: String,
    database: String,
    system_identifier: String,
    planted: String,
}

const DOING: &str = "looking for the marker";

/// What this database is, in its own words.
pub(super) async fn identity(conn: &mut PgConnection) -> Result<Identity, SeedError> {
    let failed = |error| fault::of("asking the database what it is", error);
    let sql = "SELECT current_database()::text, system_identifier::text, session_user::text,
                      concat_ws(' ', current_user::text, array_to_string(current_schemas(false), ' '))
               FROM pg_control_system()";
    let mut tx = conn.begin().await.map_err(failed)?;
    let row = sqlx::query(sql).persistent(false).fetch_one(&mut *tx).await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    let text = |column: usize| row.try_get::<String, _>(column).map_err(failed);
    Ok(Identity { database: text(0)?, system_identifier: text(1)?, user: text(2)?, acts: text(3)? })
}

impl Identity {
    /// The names the database itself gives must not speak of production either: a pooler's alias hides the real one.
    pub(super) fn prove_names(&self, environment: Environment) -> Result<(), SeedError> {
        let names = [("database's own name", &*self.database), ("database's user", &*self.user)];
        proof::names(environment, &names)?;
        proof::names(environment, &[("database's role or schema", &*self.acts)])
    }
}

/// The database must carry this environment's marker, and be the one the marker was planted in.
pub(super) async fn check(
    conn: &mut PgConnection,
    environment: Environment,
    place: &str,
) -> Result<(), SeedError> {
    let identity = identity(conn).await?;
    identity.prove_names(environment)?;
    let missing = match read(conn).await? {
        None => format!(
            "the database carries no marker that says it is {environment}. If you are sure that {place} is, plant it \
             once: `seed adopt --environment={environment}`"
        ),
        Some(marker) if marker.environment != environment.name() => {
            format!(
                "the database's marker says that it is `{}` (planted {})",
                marker.environment, marker.planted
            )
        }
        Some(marker)
            if marker.system_identifier != identity.system_identifier
                || marker.database != identity.database =>
        {
            format!(
                "the database is a copy: its marker was planted in database `{}` of cluster {}, this is `{}` of {}. If it is to \
                 be {environment} from now on, drop the copied marker (DELETE FROM wwmaa_seed.marker) and adopt it",
                marker.database, marker.system_identifier, identity.database, identity.system_identifier
            )
        }
        Some(_) => return Ok(()),
    };
    Err(SeedError::Unproven { environment, missing })
}

/// Whether there is a marker at all.
pub(super) async fn is_planted(conn: &mut PgConnection) -> Result<bool, SeedError> {
    Ok(read(conn).await?.is_some())
}

async fn read(conn: &mut PgConnection) -> Result<Option<Marker>, SeedError> {
    let failed = |error| fault::of(DOING, error);
    let mut tx = conn.begin().await.map_err(failed)?;
    let there: bool = sqlx::query_scalar("SELECT to_regclass('wwmaa_seed.marker') IS NOT NULL")
        .persistent(false)
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
    if !there {
        return Ok(None);
    }
    let sql = "SELECT environment, database, system_identifier,
                      'by ' || planted_by || ' on ' || to_char(planted_at, 'YYYY-MM-DD') FROM wwmaa_seed.marker";
    let row = sqlx::query(sql).persistent(false).fetch_optional(&mut *tx).await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    let Some(row) = row else { return Ok(None) };
    let text = |column: usize| row.try_get::<String, _>(column).map_err(failed);
    Ok(Some(Marker {
        environment: text(0)?,
        database: text(1)?,
        system_identifier: text(2)?,
        planted: text(3)?,
    }))
}

/// Plants the marker and the ledger beside it.
pub(super) async fn plant(conn: &mut PgConnection, environment: Environment) -> Result<Identity, SeedError> {
    let failed = |error| fault::of("planting the marker", error);
    let identity = identity(conn).await?;
    let mut tx = conn.begin().await.map_err(failed)?;
    sqlx::raw_sql(LEDGER).execute(&mut *tx).await.map_err(failed)?;
    let sql = "INSERT INTO wwmaa_seed.marker (environment, database, system_identifier, planted_by)
               VALUES ($1, $2, $3, $4)";
    sqlx::query(sql)
        .bind(environment.name())
        .bind(&identity.database)
        .bind(&identity.system_identifier)
        .bind(&identity.user)
        .persistent(false)
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    Ok(identity)
}

/// There must be few users here that are nobody's test accounts, unless the seeder made the tables itself.
pub(super) async fn few_strangers(
    conn: &mut PgConnection,
    environment: Environment,
) -> Result<(), SeedError> {
    let failed = |error| fault::of("counting users who are not the seeder's", error);
    let most = proof::foreign_users(environment);
    let strangers = strangers(conn, most + 1).await.map_err(failed)?;
    if strangers <= most {
        return Ok(());
    }
    let missing = format!(
        "more than {most} of its users have addresses of real people, and {environment} has no more than that \
         (fixtures/environments.toml)"
    );
    Err(SeedError::Unproven { environment, missing })
}

/// How many strangers there are, counted no further than `limit`: a table may have millions. A user without an address,
/// or a table without addresses, has strangers only. Reserved domains: RFC 2606.
async fn strangers(conn: &mut PgConnection, limit: u64) -> Result<u64, sqlx::Error> {
    let sql = "SELECT to_regclass('users') IS NOT NULL AND to_regclass('wwmaa_seed.migrations') IS NULL,
                      EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('users') AND attname = 'email')";
    let mut tx = conn.begin().await?;
    let row = sqlx::query(sql).persistent(false).fetch_one(&mut *tx).await?;
    let (theirs, addressed): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
    if !theirs {
        return Ok(0);
    }
    // Rows that a policy hides would not be counted: then Postgres refuses to count.
    sqlx::raw_sql("SET LOCAL row_security = off").execute(&mut *tx).await?;
    let sql = if addressed {
        r"SELECT count(*) FROM (SELECT FROM users WHERE email IS NULL OR email NOT LIKE 'loadtest%@wwmaa.com'
          AND email !~* '@(example\.(com|org|net)|.*\.(test|invalid|example))$' LIMIT $1) strangers"
    } else {
        "SELECT count(*) FROM (SELECT FROM users LIMIT $1) strangers"
    };
    let query = sqlx::query_scalar(sql).bind(limit.cast_signed()).persistent(false);
    let strangers: i64 = query.fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(strangers.unsigned_abs())
}

/// Whether nothing is here that could come to harm: no marker and no tables.
pub(super) async fn is_untouched(conn: &mut PgConnection) -> Result<bool, SeedError> {
    Ok(!is_planted(conn).await? && schema::is_empty(conn).await?)
}

/// Refuses to plant a second marker.
pub(super) async fn none_yet(conn: &mut PgConnection) -> Result<(), SeedError> {
    match read(conn).await? {
        None => Ok(()),
        Some(marker) => {
            let cause =
                format!("it says already that it is {} (planted {})", marker.environment, marker.planted);
            Err(SeedError::store(fault::STORE, Fault::Collision, "planting the marker", cause))
        }
    }
}
