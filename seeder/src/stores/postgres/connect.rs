//! Reaching a Postgres database, directly or through a pooler.
//!
//! A transaction-mode pooler hands the next transaction to another server connection. So nothing here depends on a
//! session: every statement runs inside a transaction, none is prepared by name, locks are a transaction's, and the
//! parameters sent at the start are those every pooler knows.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};

use super::fault;
use crate::environment::Environment;
use crate::error::{Fault, SeedError};
use crate::proof::{self, Service};

/// Longest wait for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a database is, after its address has proved what an address can.
#[derive(Debug, Clone)]
pub struct Address {
    options: PgConnectOptions,
}

/// Rows and passwords leave this machine encrypted or not at all.
fn encrypted(options: PgConnectOptions) -> PgConnectOptions {
    match options.get_ssl_mode() {
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => options.ssl_mode(PgSslMode::Require),
        PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull => options,
    }
}

impl Address {
    /// The database at this URL, if its host is on the environment's list and nothing in it speaks of production.
    /// What counts is where a connection would really go: parameters of the URL included.
    pub fn prove(environment: Environment, url: &str) -> Result<Self, SeedError> {
        let unreadable = |why: &dyn std::fmt::Display| {
            SeedError::Setting(format!(
                "the database's address cannot be read ({why}); it looks like postgres://user:password@host:5432/database"
            ))
        };
        // Without it, the rest would be read as something it is not, and a password shown as a name.
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(unreadable(&"it does not begin with postgres://"));
        }
        // A password with a reserved character would be cut, and its rest shown as a host.
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        if rest[..end].matches('@').count() > 1 || rest[end..].contains('@') {
            return Err(unreadable(
                &"an @, :, /, ? or # in user or password is written %40, %3A, %2F, %3F, %23",
            ));
        }
        let options = PgConnectOptions::from_str(url).map_err(|error| unreadable(&error))?;
        let host =
            options.get_socket().map_or(options.get_host().to_owned(), |path| path.display().to_string());
        let options = options.extra_float_digits(None).statement_cache_capacity(0);
        let options = if proof::is_this_machine(&host) { options } else { encrypted(options) };
        let database = options.get_database().unwrap_or(options.get_username());
        proof::host(environment, Service::Postgres, &host)?;
        proof::names(
            environment,
            &[
                ("database's host", &host),
                ("database", database),
                ("database's user", options.get_username()),
            ],
        )?;
        Ok(Self { options })
    }

    /// Host, port and database, for a person; never the password.
    pub fn describe(&self) -> String {
        let options = &self.options;
        let database = options.get_database().unwrap_or(options.get_username());
        match options.get_socket() {
            Some(path) => format!("Postgres at {}, database {database}", path.display()),
            None => format!("Postgres at {}:{}, database {database}", options.get_host(), options.get_port()),
        }
    }

    /// A connection that says what it is for, so that whoever looks at the server's activity can tell.
    pub async fn connect(&self, purpose: &str) -> Result<PgConnection, SeedError> {
        let options = self.options.clone().application_name(&format!("wwmaa seed ({purpose})"));
        let doing = || format!("connecting to {}", self.describe());
        crate::tls::choose_ring();
        match tokio::time::timeout(PATIENCE, options.connect()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(match fault::of(doing(), error) {
                // Nothing was cut that had not begun.
                SeedError::Store(mut error) if error.fault == Fault::Cut => {
                    error.fault = Fault::Unreachable;
                    SeedError::Store(error)
                }
                error => error,
            }),
            Err(_) => {
                let cause = format!("no answer within {} s", PATIENCE.as_secs());
                Err(SeedError::store(fault::STORE, Fault::Unreachable, doing(), cause))
            }
        }
    }
}
