//! An environment's Postgres: a real one, in a database of each test's own.

mod ending;
mod faults;
mod filling;
mod finding;
mod others;
mod pooler;
mod proving;
mod removing;
mod schema;

use std::process::Command;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row as _};

use crate::command::{Ran, command, finish_from_async};
use crate::servers::Database;

/// A world that is quick to make and has several chunks.
pub(crate) const SMALL: [&str; 4] = ["--users=600", "--instructors=20", "--events=120", "--content=300"];

/// The command with these arguments for the local environment at this address, without Redis.
pub(crate) fn command_at(url: &str, args: &[&str]) -> Command {
    let mut command = command(args);
    command.args(["--environment=local", "--stores=postgres"]).env("LOCAL_DATABASE_URL", url);
    command
}

/// The local environment on a database of the test's own.
pub(crate) struct Local {
    pub(crate) database: Database,
}

impl Local {
    pub(crate) async fn empty() -> Self {
        Self { database: Database::empty().await }
    }

    /// The command with these arguments, without Redis.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        command_at(&self.database.url(), args)
    }

    /// Runs `seed VERB ARGS`; an apply may remove rows of another world.
    pub(crate) async fn seed(&self, verb: &str, args: &[&str]) -> Ran {
        let yes: &[&str] = if verb == "apply" && !args.contains(&"--yes") { &["--yes"] } else { &[] };
        finish_from_async(self.command(&[&[verb], args, yes].concat())).await
    }

    /// Puts the small world in place.
    pub(crate) async fn filled() -> Self {
        let local = Self::empty().await;
        local.seed("apply", &SMALL).await.succeeds();
        local
    }

    /// Runs a statement of the test's own.
    pub(crate) async fn execute(&self, sql: &str) {
        let mut connection = self.database.connect().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await
            .expect("the statement runs");
    }

    /// Asks for one number.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        number(&mut self.database.connect().await, sql).await
    }

    /// Where every row of every table is and which transactions wrote or locked it: equal before and after exactly if
    /// nothing was written.
    pub(crate) async fn fingerprint(&self) -> Vec<String> {
        let mut connection = self.database.connect().await;
        let tables =
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                      WHERE c.relkind = 'r' AND n.nspname IN ('public', 'wwmaa_seed') ORDER BY 1";
        let rows = sqlx::raw_sql(tables).fetch_all(&mut connection).await.expect("tables");
        let mut prints = Vec::new();
        for row in rows {
            let table: String = row.try_get(0).expect("a name");
            let sql = format!(
                "SELECT coalesce(md5(string_agg(concat(ctid, xmin, xmax), ',' ORDER BY ctid)), '') FROM {table}"
            );
            let row =
                sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut connection).await.expect("a fingerprint");
            prints.push(format!("{table} {}", row.try_get::<String, _>(0).expect("text")));
        }
        prints
    }
}

async fn number(connection: &mut PgConnection, sql: &str) -> i64 {
    let query = sqlx::query_scalar(AssertSqlSafe(format!("SELECT ({sql})::bigint")));
    query.fetch_one(connection).await.expect("a number")
}
