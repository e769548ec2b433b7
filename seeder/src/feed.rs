//! The world as chunks of NDJSON, made on a thread of its own just ahead of whoever reads them.

use fixtures::{Counts, Record, World, ndjson};
use tokio::sync::mpsc;

/// A chunk is cut once it holds this many bytes: large enough that a send costs little per row, small enough
/// that progress moves.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks made ahead of the reader; with [`CHUNK_BYTES`] this bounds what a feed holds to about half a megabyte.
const CHUNKS_AHEAD: usize = 8;

/// Some lines of a world.
pub(crate) struct Chunk {
    /// Whole lines, each with its line feed.
    pub(crate) bytes: Vec<u8>,
    /// Rows of the world up to and including this chunk.
    pub(crate) rows: Counts,
}

/// Starts making a world's chunks. Ends by itself when the receiver is dropped. Needs a tokio runtime.
pub(crate) fn start(world: World) -> mpsc::Receiver<Chunk> {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    tokio::task::spawn_blocking(move || {
        chunks(world.records(), |chunk| sender.blocking_send(chunk).is_ok());
    });
    receiver
}

/// Cuts records into chunks and hands each on, until there are no more or `hand_on` says that nobody reads.
fn chunks(records: impl Iterator<Item = Record>, mut hand_on: impl FnMut(Chunk) -> bool) {
    let mut bytes = Vec::with_capacity(CHUNK_BYTES + 4096);
    let mut rows = Counts::default();
    for record in records {
        rows.count(&record);
        bytes.extend_from_slice(ndjson::line(&record).as_bytes());
        bytes.push(b'\n');
        if bytes.len() >= CHUNK_BYTES {
            let full = std::mem::replace(&mut bytes, Vec::with_capacity(CHUNK_BYTES + 4096));
            if !hand_on(Chunk { bytes: full, rows }) {
                return;
            }
        }
    }
    if !bytes.is_empty() {
        hand_on(Chunk { bytes, rows });
    }
}
