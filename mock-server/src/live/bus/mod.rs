//! Live sessions that several servers share, over a Redis.
//!
//! Every session has a log there, and everything that happens to it is an entry: a script gives it the next number, keeps
//! it and publishes it, in one step. Each server applies the entries in the order of their numbers, its own among them, to
//! its copy of the session; what became of a command is known once its entry has come back. So capacity, tokens, the limit
//! of chats, replaced connections and the order of messages are decided by one rule in one order, and come out the same
//! everywhere. [`feed`] fills the gaps that publishing at most once leaves; [`store`] is all that speaks to Redis.
//!
//! Three tasks run while there is a bus: one writes commands in the order they were given, one listens, and one renews
//! this server's lease every second, looks for entries that were not published to it, and says of a server whose lease ran
//! out that its sockets are closed. That may be said by several, and takes effect once.

mod address;
mod entry;
mod feed;
mod store;
mod tasks;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use contract::ApiError;
use futures_util::future::BoxFuture;
use rand::TryRng as _;
use rand::rngs::SysRng;
use redis::RedisResult;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::passes::random_text;
use super::room::{Command, Outcome, Room};
use crate::clock;
use crate::sync::lock;
use entry::{Content, Entry, Snapshot};
use feed::{Due, Feed};
use store::Store;

pub use address::{BusAddress, BusAddressError};
pub(crate) use tasks::run;

/// How long what became of a command is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// Commands that may wait to be written.
const QUEUE: usize = 8_192;
/// After how many entries a snapshot is kept; a log keeps several times as many.
const SNAPSHOT_EVERY: u64 = 256;

/// What became of a command is not known: the bus does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the session's bus does not answer, try again")]
pub(crate) struct Silence;

impl From<Silence> for ApiError {
    fn from(silence: Silence) -> Self {
        Self::new(503, silence.to_string())
    }
}

/// This server's end of the bus.
#[derive(Debug)]
pub(crate) struct Bus {
    /// This server, by a number drawn at its start.
    server: u64,
    store: Store,
    queue: mpsc::Sender<Submission>,
    /// The other end of the queue, until the task that writes takes it.
    submitted: Mutex<Option<mpsc::Receiver<Submission>>>,
    next_call: AtomicU64,
    /// Who waits for what became of a command, by call.
    calls: Mutex<HashMap<u64, oneshot::Sender<Outcome>>>,
    /// The sessions here, by name.
    followed: Mutex<BTreeMap<Arc<str>, Followed>>,
    counts: Counts,
}

/// A command on its way to the log.
#[derive(Debug)]
struct Submission {
    name: Arc<str>,
    content: Content,
    /// When nobody waits for it any more.
    until: Instant,
}

/// A session and how far its log was applied to it.
#[derive(Debug)]
struct Followed {
    room: Weak<Room>,
    feed: Feed,
}

/// What is to be done after entries were applied.
#[derive(Debug, Clone, Copy, Default)]
struct Then {
    /// Something is missing: read it.
    read: bool,
    /// It is this server's turn to keep a snapshot.
    keep: bool,
}

#[derive(Debug, Default)]
struct Counts {
    answers: AtomicBool,
    published: AtomicU64,
    delivered: AtomicU64,
    filled: AtomicU64,
}

/// How a bus is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct BusState {
    /// Whether it answered when it was last asked, at most a second or two ago.
    pub(crate) answers: bool,
    /// Commands this server wrote to logs.
    pub(crate) published: u64,
    /// Entries of logs it applied, those of other servers included.
    pub(crate) delivered: u64,
    /// Those of them it had to read from the log, because they were not published to it or before it was there.
    pub(crate) filled: u64,
}

impl Bus {
    /// The bus at this address; nothing is sent before it [runs](run).
    pub(crate) fn at(address: BusAddress) -> Arc<Self> {
        let (queue, submitted) = mpsc::channel(QUEUE);
        Arc::new(Self {
            server: SysRng.try_next_u64().expect("the operating system has random bytes"),
            store: Store::at(address),
            queue,
            submitted: Mutex::new(Some(submitted)),
            next_call: AtomicU64::new(0),
            calls: Mutex::default(),
            followed: Mutex::default(),
            counts: Counts::default(),
        })
    }

    /// This server's number.
    pub(crate) fn server(&self) -> u64 {
        self.server
    }

    /// How it is doing.
    pub(crate) fn state(&self) -> BusState {
        let Counts { answers, published, delivered, filled } = &self.counts;
        BusState {
            answers: answers.load(Ordering::Relaxed),
            published: published.load(Ordering::Relaxed),
            delivered: delivered.load(Ordering::Relaxed),
            filled: filled.load(Ordering::Relaxed),
        }
    }

    /// Applies the log of this name to `room` from now on, in place of a session that had the name.
    pub(crate) fn follow(&self, name: Arc<str>, room: &Arc<Room>) {
        let followed = Followed { room: Arc::downgrade(room), feed: Feed::default() };
        lock(&self.followed).insert(name, followed);
    }

    /// Has a command written to a session's log, at once and in order, and tells what became of it to whoever waits.
    pub(crate) fn submit(
        &self,
        name: &Arc<str>,
        command: Command,
    ) -> BoxFuture<'static, Result<Outcome, Silence>> {
        let call = self.next_call.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        lock(&self.calls).insert(call, tell);
        let content = Content { server: self.server, call, command };
        let submission = Submission { name: Arc::clone(name), content, until: clock::now() + PATIENCE };
        if self.queue.try_send(submission).is_err() {
            self.give_up(call);
        }
        Box::pin(async move { timeout(PATIENCE, told).await.ok().and_then(Result::ok).ok_or(Silence) })
    }

    /// Whoever waits for this call learns that there is no answer.
    fn give_up(&self, call: u64) {
        lock(&self.calls).remove(&call);
    }

    /// Takes an entry that was published, and reads what is missing before it.
    async fn hear(&self, message: &str) {
        let Some((name, entry)) = message.split_once('\n') else { return };
        let Some(entry) = Entry::read(entry) else { return };
        let then = self.apply(name, |feed| feed.take(entry));
        let done = match then {
            Then { read: true, .. } => self.catch_up(name).await,
            Then { keep: true, .. } => self.keep(name).await,
            Then { .. } => Ok(()),
        };
        if let Err(error) = done {
            tracing::warn!("the log of session {name} could not be read or kept: {error}");
        }
    }

    /// Reads what came after the entries that were applied.
    async fn catch_up(&self, name: &str) -> RedisResult<()> {
        let position = lock(&self.followed).get(name).map(|followed| followed.feed.position().clone());
        let Some(position) = position else { return Ok(()) };
        let Some(reading) = self.store.read(name, &position).await? else { return Ok(()) };
        let then = self.apply(name, |feed| {
            let due = feed.catch_up(reading);
            self.counts.filled.fetch_add(due.entries.len() as u64, Ordering::Relaxed);
            due
        });
        if then.keep { self.keep(name).await } else { Ok(()) }
    }

    /// Applies what is due.
    fn apply(&self, name: &str, next: impl FnOnce(&mut Feed) -> Due) -> Then {
        let mut followed = lock(&self.followed);
        let Some(Followed { room, feed }) = followed.get_mut(name) else { return Then::default() };
        let Some(room) = room.upgrade() else { return Then::default() };
        let due = next(feed);
        if let Some(snapshot) = due.replaced {
            room.replace(snapshot.roster);
        }
        let mut keep = false;
        for Entry { position, at, content } in due.entries {
            let outcome = room.apply(at, content.command);
            self.counts.delivered.fetch_add(1, Ordering::Relaxed);
            if content.server == self.server {
                keep |= position.n.is_multiple_of(SNAPSHOT_EVERY);
                let waiting = lock(&self.calls).remove(&content.call);
                // Whoever asked may have stopped waiting.
                waiting.map(|waiting| waiting.send(outcome));
            }
        }
        Then { read: due.behind, keep }
    }

    /// Keeps a snapshot of this session.
    async fn keep(&self, name: &str) -> RedisResult<()> {
        match self.snapshot(name, None) {
            Some(snapshot) => self.store.keep(name, &snapshot).await,
            None => Ok(()),
        }
    }

    /// A session as it is here; with a life, as the beginning of another log.
    fn snapshot(&self, name: &str, life: Option<String>) -> Option<Snapshot> {
        let followed = lock(&self.followed);
        let Followed { room, feed } = followed.get(name)?;
        let roster = room.upgrade()?.with_roster(Clone::clone);
        let here = feed.position().clone();
        Some(match life {
            None => Snapshot { position: here, continues: None, roster },
            Some(life) => {
                Snapshot { position: entry::Position { life, n: here.n }, continues: Some(here), roster }
            }
        })
    }

    /// Writes a command to its session's log, and begins one where there is none.
    async fn write(&self, submission: &Submission) -> RedisResult<bool> {
        let Submission { name, content, .. } = submission;
        let content = serde_json::to_string(content).expect("commands serialise: string keys");
        if self.store.append(name, &content).await? {
            return Ok(true);
        }
        let Some(snapshot) = self.snapshot(name, Some(random_text::<12>())) else { return Ok(false) };
        self.store.found(name, &snapshot).await?;
        self.store.append(name, &content).await
    }
}
