//! The list of keys that are the seeder's, in Redis itself: a hash of each key and the SHA-1 of what was written there.
//!
//! A key is the seeder's while it holds just that. Once it has expired and the platform has cached an answer of its own
//! there, it is the platform's, and is neither overwritten nor deleted.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use ::redis::Script;
use ::redis::aio::MultiplexedConnection;

use super::fault;
use super::kind::{Kind, LONGEST_SECONDS};
use super::warmth::Entry;
use crate::error::SeedError;
use crate::tally::Tally;

/// The hash's key.
pub(super) const LIST: &str = "wwmaa_seed:owned";
/// Seconds it is kept: an hour beyond the longest that anything on it lives.
const LIST_SECONDS: u32 = LONGEST_SECONDS + 3_600;
/// Keys to a step.
pub(super) const CHUNK: usize = 500;

static WARM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("warm.lua")));
static RELEASE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("release.lua")));

/// Whether something is done, or only found out what would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing is written.
    Look,
    /// It is done.
    Write,
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Write => "write",
        }
    }
}

/// What became of entries that were to be warmed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Warmed {
    pub(super) tally: Tally,
    /// The platform has cached something there itself.
    pub(super) foreign: u64,
}

/// Warms up to [`CHUNK`] entries of one kind.
pub(super) async fn warm(
    connection: &mut MultiplexedConnection,
    mode: Mode,
    kind: Kind,
    entries: &[&Entry],
) -> Result<Warmed, SeedError> {
    let mut call = WARM.key(LIST);
    call.arg(mode.name()).arg(LIST_SECONDS).arg(kind.seconds());
    for entry in entries {
        call.key(&entry.key).arg(&entry.value);
    }
    let answer = call.invoke_async::<(u64, u64, u64, u64)>(connection).await;
    let (created, updated, unchanged, foreign) =
        answer.map_err(|error| fault::of(format!("warming {}", kind.table()), error))?;
    Ok(Warmed { tally: Tally { created, updated, unchanged, deleted: 0 }, foreign })
}

/// What owned keys hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// What the seeder wrote.
    pub(super) held: u64,
    /// What the platform wrote since.
    pub(super) replaced: u64,
    /// Nothing any more.
    pub(super) gone: u64,
    /// What the seeder wrote, and would for ever: somebody has taken its time to live away.
    pub(super) endless: u64,
}

/// Walks over the list, a chunk at a time.
pub(super) struct Walk {
    mode: Mode,
    cursor: u64,
    finished: bool,
}

impl Walk {
    /// From the beginning; with [`Mode::Write`] the owned keys are deleted and struck off the list on the way.
    pub(super) const fn begin(mode: Mode) -> Self {
        Self { mode, cursor: 0, finished: false }
    }

    /// What the next keys hold that are not among `kept`, by the line of the closing table they belong to; none at the
    /// end of the list.
    pub(super) async fn next(
        &mut self,
        connection: &mut MultiplexedConnection,
        kept: &HashSet<&str>,
    ) -> Result<Option<BTreeMap<&'static str, Standing>>, SeedError> {
        if self.finished {
            return Ok(None);
        }
        let mut scan = ::redis::cmd("HSCAN");
        scan.arg(LIST).arg(self.cursor).arg("COUNT").arg(CHUNK);
        let answer = scan.query_async::<(u64, Vec<(String, String)>)>(connection).await;
        let (cursor, page) = answer.map_err(|error| fault::of("reading the list of owned keys", error))?;
        self.cursor = cursor;
        self.finished = cursor == 0;
        let mut tables: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for (key, _) in page.into_iter().filter(|(key, _)| !kept.contains(key.as_str())) {
            tables.entry(Kind::of(&key).map_or("others", Kind::table)).or_default().push(key);
        }
        let mut standings = BTreeMap::new();
        for (table, keys) in tables {
            standings.insert(table, release(connection, self.mode, &keys).await?);
        }
        Ok(Some(standings))
    }
}

async fn release(
    connection: &mut MultiplexedConnection,
    mode: Mode,
    keys: &[String],
) -> Result<Standing, SeedError> {
    let doing = if mode == Mode::Write { "deleting owned keys" } else { "looking at owned keys" };
    let mut standing = Standing::default();
    for chunk in keys.chunks(CHUNK) {
        let mut call = RELEASE.key(LIST);
        call.arg(mode.name());
        for key in chunk {
            call.key(key);
        }
        let answer = call.invoke_async::<(u64, u64, u64, u64)>(connection).await;
        let (held, replaced, gone, endless) = answer.map_err(|error| fault::of(doing, error))?;
        standing.held += held;
        standing.replaced += replaced;
        standing.gone += gone;
        standing.endless += endless;
    }
    Ok(standing)
}
