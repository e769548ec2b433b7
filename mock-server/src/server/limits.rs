//! What a peer may take: time, bytes, connections.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Bytes a request's head may have: its line and its headers.
pub(super) const HEAD_BYTES: usize = 64 * 1024;

/// Requests one HTTP/2 connection may have under way: the fewest that RFC 9113 (section 6.5.2) recommends. Each may
/// have a body of a mebibyte in memory, so this is also what one peer may take of that: 100 MiB.
pub(super) const STREAMS: u32 = 100;

/// Files the process has open beside its connections: libraries, the listener, logs, snapshots.
const OTHER_FILES: u64 = 64;

/// Connections that are taken whatever the limit of open files says.
const FEWEST_CONNECTIONS: u64 = 16;

/// Connections that are taken where nothing limits open files.
const MOST_CONNECTIONS: u64 = 1_000_000;

/// How long things may take before they are cut, and how much there may be at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From a connection's start to the end of its TLS handshake.
    pub handshake: Duration,
    /// From the first byte of a request to the end of its headers. A connection without a request may idle.
    pub head: Duration,
    /// From the end of the headers to the end of the body; for a dataset, between two parts of it.
    pub body: Duration,
    /// How long a peer may take none of the bytes that are ready for it.
    pub write: Duration,
    /// How long answers under way may take to finish once the end was called for.
    pub grace: Duration,
    /// Connections at once; as many as the limit of open files carries when none are given.
    pub connections: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(15),
            body: Duration::from_secs(30),
            write: Duration::from_secs(30),
            grace: Duration::from_secs(5),
            connections: None,
        }
    }
}

impl Limits {
    /// How many connections may be open at once.
    pub(super) fn most_connections(&self) -> u32 {
        self.connections.unwrap_or_else(|| {
            let open_files = getrlimit(Resource::Nofile).current;
            let connections = carried_by(open_files);
            match open_files {
                Some(files) => {
                    tracing::info!("the limit of {files} open files carries {connections} connections");
                }
                None => {
                    tracing::info!("nothing limits open files: {connections} connections are taken at once");
                }
            }
            connections
        })
    }
}

/// Raises the soft limit of open files to the hard one, which anybody may: the soft one is low for the sake of
/// programs that use `select`.
pub(crate) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!("the limit of open files stays where it is: {error}");
    }
}

/// How many connections this soft limit of open files carries.
fn carried_by(open_files: Option<u64>) -> u32 {
    let carried = open_files.map_or(MOST_CONNECTIONS, |files| files.saturating_sub(OTHER_FILES));
    carried.clamp(FEWEST_CONNECTIONS, MOST_CONNECTIONS) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_left_for_what_is_no_connection() {
        assert_eq!(carried_by(Some(20_000)), 20_000 - 64);
        assert_eq!(carried_by(Some(10)), 16, "a mock that takes nobody is of no use");
        assert_eq!(carried_by(None), 1_000_000);
    }
}
