//! What Redis says when something goes wrong, turned into what a person can do about it.
//!
//! Codes are the first words of its error replies; a script passes on those of the commands it calls.

use ::redis::{ErrorKind, RedisError};

use crate::error::{Fault, SeedError};

/// Its name in messages.
pub(super) const STORE: &str = "Redis";

const CODES: [(&str, Fault); 14] = [
    ("WRONGPASS", Fault::Denied),
    ("NOAUTH", Fault::Denied),
    // Protected mode: no password is set and the caller is from elsewhere.
    ("DENIED", Fault::Denied),
    ("NOPERM", Fault::Forbidden),
    ("READONLY", Fault::ReadOnly),
    ("OOM", Fault::Full),
    // It cannot write its snapshot or log, and takes no writes until it can.
    ("MISCONF", Fault::Full),
    ("LOADING", Fault::Busy),
    ("BUSY", Fault::Busy),
    ("MASTERDOWN", Fault::Busy),
    ("NOREPLICAS", Fault::Busy),
    ("CLUSTERDOWN", Fault::Busy),
    ("TRYAGAIN", Fault::Busy),
    // What is ours by name is not by type.
    ("WRONGTYPE", Fault::Collision),
];

/// What Redis says without a code of its own.
const SENTENCES: [(&str, Fault); 2] = [
    ("The user executing the script can't", Fault::Forbidden),
    ("max number of clients reached", Fault::Busy),
];

/// A failure while something was being done.
#[expect(clippy::needless_pass_by_value, reason = "used in `map_err`")]
pub(super) fn of(doing: impl Into<String>, error: RedisError) -> SeedError {
    SeedError::store(STORE, kind(&error), doing, cause(&error))
}

/// A failure of a connection that was not there yet: nothing was cut that had not begun.
pub(super) fn connecting(doing: impl Into<String>, error: &RedisError) -> SeedError {
    let fault = match kind(error) {
        Fault::Cut => Fault::Unreachable,
        fault => fault,
    };
    SeedError::store(STORE, fault, doing, cause(error))
}

/// Something it answered that makes no sense.
pub(super) fn senseless(doing: impl Into<String>, cause: impl Into<String>) -> SeedError {
    SeedError::store(STORE, Fault::Broken, doing, cause.into())
}

fn kind(error: &RedisError) -> Fault {
    let said = error.to_string();
    // Before version 7 a script's error carries that of its command in the middle.
    let is = |code: &str| error.code() == Some(code) || said.contains(&format!("-{code} "));
    let by_code = CODES.iter().find(|(code, _)| is(code));
    let by_sentence = || SENTENCES.iter().find(|(sentence, _)| said.contains(sentence));
    match by_code.or_else(by_sentence) {
        Some((_, fault)) => *fault,
        None if error.kind() == ErrorKind::AuthenticationFailed => Fault::Denied,
        None if error.is_io_error() => Fault::Cut,
        None => Fault::Broken,
    }
}

/// Redis's own words, without the place in a script, which is ours.
fn cause(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => {
            let words = detail.split(" script: ").next().unwrap_or(detail);
            format!("{code} {words}")
        }
        (None, Some(detail)) => detail.to_owned(),
        _ => error.to_string(),
    }
}
