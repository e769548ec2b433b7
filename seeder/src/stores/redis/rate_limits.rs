//! Rate limits of load users, cleared so that the next run starts unlimited. Anybody else's stay.

use std::collections::HashSet;

use ::redis::aio::MultiplexedConnection;
use fixtures::World;

use super::fault;
use super::owned::{CHUNK, Mode};
use crate::error::SeedError;

/// What all keys of rate limits begin with.
const PREFIX: &str = "rate_limit:";

/// Deletes the rate limits of this world's load users and instructors, adding to `cleared` as it goes; or counts them.
/// The keyspace is scanned, never listed at once.
pub(super) async fn clear(
    connection: &mut MultiplexedConnection,
    mode: Mode,
    world: World,
    cleared: &mut u64,
) -> Result<(), SeedError> {
    let mut people = None;
    let mut cursor = 0;
    loop {
        let mut scan = ::redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{PREFIX}*")).arg("COUNT").arg(CHUNK);
        let answer = scan.query_async::<(u64, Vec<Vec<u8>>)>(connection).await;
        let (next, found) = answer.map_err(|error| fault::of("looking for rate limits", error))?;
        // Ids are ASCII: what is no text is nobody's of ours.
        let mut theirs: Vec<&str> = found.iter().filter_map(|key| str::from_utf8(key).ok()).collect();
        theirs.retain(|key| {
            // Ids take a while to make, and mostly there is nothing to be cleared.
            user_of(key).is_some_and(|user| people.get_or_insert_with(|| ids(world)).contains(user))
        });
        if !theirs.is_empty() {
            let command = if mode == Mode::Write { "UNLINK" } else { "EXISTS" };
            let count = ::redis::cmd(command).arg(&theirs).query_async::<u64>(connection).await;
            *cleared += count.map_err(|error| fault::of("clearing rate limits", error))?;
        }
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}

/// Ids of everybody whom load signs in as.
fn ids(world: World) -> HashSet<String> {
    let size = world.size();
    let members = (0..size.members).map(|n| world.load_user(n).id);
    members.chain((0..size.instructors).map(|n| world.instructor(n).id)).collect()
}

/// Whose limit this is: the last part of the key, or the one before the minute.
/// `rate_limit:{path}:user:{id}`, `rate_limit:{endpoint}:{id}:{YYYYmmddHHMM}`, `rate_limit:message:{id}`.
fn user_of(key: &str) -> Option<&str> {
    let mut parts = key.strip_prefix(PREFIX)?.rsplit(':');
    let last = parts.next()?;
    let is_minute = last.len() == 12 && last.bytes().all(|digit| digit.is_ascii_digit());
    if is_minute { parts.next() } else { Some(last) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_whose_limit_it_is() {
        for (key, user) in [
            ("rate_limit:/api/auth/login:user:u-1", Some("u-1")),
            ("rate_limit:search:u-1:202701010000", Some("u-1")),
            ("rate_limit:message:u-1", Some("u-1")),
            ("rate_limit:/api/auth/login:ip:127.0.0.1", Some("127.0.0.1")),
            ("other:message:u-1", None),
        ] {
            assert_eq!(user_of(key), user, "{key}");
        }
    }
}
