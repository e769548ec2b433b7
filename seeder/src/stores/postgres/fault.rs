//! What Postgres says when something goes wrong, turned into what a person can do about it.
//!
//! Codes: PostgreSQL documentation, appendix A, "PostgreSQL Error Codes".

use sqlx::Error;

use crate::error::{Fault, SeedError};

/// Its name in messages.
pub(crate) const STORE: &str = "Postgres";

/// A failure of the books in `wwmaa_seed`.
pub(crate) fn ledger(error: Error) -> SeedError {
    of("keeping the ledger", error)
}

/// A failure while something was being done.
#[expect(clippy::needless_pass_by_value, reason = "used in `map_err`")]
pub(crate) fn of(doing: impl Into<String>, error: Error) -> SeedError {
    SeedError::store(STORE, kind(&error), doing, cause(&error))
}

fn kind(error: &Error) -> Fault {
    let Error::Database(database) = error else {
        return match error {
            Error::Io(cause) if is_cut(cause) => Fault::Cut,
            Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut => Fault::Unreachable,
            Error::Protocol(_) => Fault::Cut,
            _ => Fault::Broken,
        };
    };
    let code = database.code().unwrap_or_default();
    match code.as_ref() {
        "28000" | "28P01" => Fault::Denied,
        "42501" => Fault::Forbidden,
        "3D000" | "3F000" | "42P01" | "42703" | "42704" | "42804" => Fault::Schema,
        "23505" => Fault::Collision,
        "23503" => Fault::Referenced,
        "53100" | "53200" => Fault::Full,
        "25006" => Fault::ReadOnly,
        "53300" | "57P03" => Fault::Busy,
        "57P01" | "57P02" | "57P05" => Fault::Cut,
        code if code.starts_with("08") => Fault::Cut,
        _ => Fault::Broken,
    }
}

fn is_cut(cause: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(cause.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// Postgres's own words: message and detail.
fn cause(error: &Error) -> String {
    if matches!(error, Error::Tls(_)) {
        return format!("{error} (sslmode in the address says whether TLS is wanted)");
    }
    let Some(database) = error.as_database_error() else { return error.to_string() };
    let postgres = database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>();
    match postgres.and_then(sqlx::postgres::PgDatabaseError::detail) {
        Some(detail) => format!("{} ({})", database.message(), detail.trim_end_matches('.')),
        None => database.message().to_owned(),
    }
}
