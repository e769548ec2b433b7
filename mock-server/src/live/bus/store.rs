//! The log in Redis. Every session has three keys that begin with the bus's prefix and expire an hour after they were last
//! written: `head` (the log's life and its last number), `log` (its latest entries) and `snapshot` (the state after one of
//! them). Every server has a lease that it renews.

use std::sync::LazyLock;
use std::time::Duration;

use futures_util::Stream;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Msg, RedisError, RedisResult, Script};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::address::BusAddress;
use super::entry::{Entry, Position, Snapshot};
use super::feed::Reading;
use crate::clock;

/// Longest wait for a connection, and for any one answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long nobody tries to connect after it failed.
const REST: Duration = Duration::from_millis(250);
/// Entries of a log that are kept: some minutes of a full session that talks as much as it may.
const KEPT_ENTRIES: usize = 2_048;
/// Seconds the keys of a session live without being written.
const SESSION_SECONDS: u32 = 3_600;
/// Seconds a lease lives without being renewed.
const LEASE_SECONDS: u32 = 3;

static APPEND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("append.lua")));
static FOUND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("found.lua")));
static READ: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("read.lua")));
static KEEP: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("keep.lua")));

/// The log, at its server.
#[derive(Debug)]
pub(super) struct Store {
    client: Client,
    prefix: String,
    link: Mutex<Link>,
}

/// The connection that everything but the subscription goes over.
#[derive(Debug, Default)]
struct Link {
    connection: Option<MultiplexedConnection>,
    failed_at: Option<Instant>,
}

/// Who is there, and how far the logs are.
#[derive(Debug)]
pub(super) struct Look {
    /// For each server asked for, whether its lease is good.
    pub(super) alive: Vec<bool>,
    /// For each session asked for, its last entry, if there is a log.
    pub(super) heads: Vec<Option<Position>>,
}

impl Store {
    /// The log at this address. Nothing is connected yet.
    pub(super) fn at(BusAddress { client, prefix }: BusAddress) -> Self {
        Self { client, prefix, link: Mutex::default() }
    }

    /// Gives an entry the next number and publishes it; false when there is no log yet.
    pub(super) async fn append(&self, name: &str, content: &str) -> RedisResult<bool> {
        let mut call = APPEND.arg(self.channel());
        call.arg(name).arg(content).arg(KEPT_ENTRIES).arg(SESSION_SECONDS);
        self.keys(name).iter().for_each(|key| {
            call.key(key);
        });
        let mut connection = self.connection().await?;
        let number = call.invoke_async::<Option<u64>>(&mut connection).await;
        self.checked(number).await.map(|number| number.is_some())
    }

    /// Begins a log at this snapshot, unless there is one.
    pub(super) async fn found(&self, name: &str, snapshot: &Snapshot) -> RedisResult<()> {
        let mut call = FOUND.arg(&snapshot.position.life);
        call.arg(snapshot.position.n).arg(text(snapshot)).arg(SESSION_SECONDS);
        self.keys(name).iter().for_each(|key| {
            call.key(key);
        });
        let mut connection = self.connection().await?;
        let founded = call.invoke_async::<()>(&mut connection).await;
        self.checked(founded).await
    }

    /// What came after an entry; nothing when there is no log.
    pub(super) async fn read(&self, name: &str, after: &Position) -> RedisResult<Option<Reading>> {
        let mut call = READ.arg(&after.life);
        call.arg(after.n);
        self.keys(name).iter().for_each(|key| {
            call.key(key);
        });
        let mut connection = self.connection().await?;
        let read = call.invoke_async::<Option<(String, Option<String>, Vec<String>)>>(&mut connection).await;
        let read = self.checked(read).await?;
        Ok(read.map(|(life, snapshot, entries)| Reading {
            life,
            snapshot: snapshot.and_then(|snapshot| serde_json::from_str(&snapshot).ok()),
            entries: entries.iter().filter_map(|entry| Entry::read(entry)).collect(),
        }))
    }

    /// Keeps a snapshot for whoever comes when the entries before it are gone.
    pub(super) async fn keep(&self, name: &str, snapshot: &Snapshot) -> RedisResult<()> {
        let [head, _, kept] = self.keys(name);
        let mut call = KEEP.key(head);
        call.key(kept).arg(&snapshot.position.life).arg(text(snapshot)).arg(SESSION_SECONDS);
        let mut connection = self.connection().await?;
        let done = call.invoke_async::<()>(&mut connection).await;
        self.checked(done).await
    }

    /// Renews a server's lease, and looks at those of others and at the logs of these sessions.
    pub(super) async fn look(&self, server: u64, others: &[u64], names: &[&str]) -> RedisResult<Look> {
        let mut pipe = redis::pipe();
        pipe.cmd("SET").arg(self.lease(server)).arg(1).arg("EX").arg(LEASE_SECONDS).ignore();
        for other in others {
            pipe.cmd("EXISTS").arg(self.lease(*other));
        }
        for name in names {
            let [head, ..] = self.keys(name);
            pipe.cmd("HMGET").arg(head).arg("life").arg("n");
        }
        let mut connection = self.connection().await?;
        let answers = pipe.query_async::<Vec<redis::Value>>(&mut connection).await;
        let answers = self.checked(answers).await?;
        let (alive, heads) = answers.split_at(others.len().min(answers.len()));
        let alive = alive.iter().map(redis::from_redis_value_ref).collect::<Result<_, _>>()?;
        let head = |value: &redis::Value| {
            let (life, n): (Option<String>, Option<u64>) = redis::from_redis_value_ref(value)?;
            Ok::<_, RedisError>(life.zip(n).map(|(life, n)| Position { life, n }))
        };
        Ok(Look { alive, heads: heads.iter().map(head).collect::<RedisResult<_>>()? })
    }

    /// Everything that is published from now on, until the connection ends.
    pub(super) async fn subscribe(&self) -> RedisResult<impl Stream<Item = Msg> + use<>> {
        let subscribed = async {
            let mut subscription = self.client.get_async_pubsub().await?;
            subscription.subscribe(self.channel()).await?;
            Ok(subscription.into_on_message())
        };
        timeout(PATIENCE, subscribed).await.unwrap_or_else(|_| Err(no_answer()))
    }

    async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        let mut link = self.link.lock().await;
        if let Some(connection) = &link.connection {
            return Ok(connection.clone());
        }
        if link.failed_at.is_some_and(|at| clock::now().saturating_duration_since(at) < REST) {
            return Err(no_answer());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        link.failed_at = connected.is_err().then(clock::now);
        let connection = connected?;
        link.connection = Some(connection.clone());
        Ok(connection)
    }

    /// After a failure the next call makes a connection of its own.
    async fn checked<T>(&self, outcome: RedisResult<T>) -> RedisResult<T> {
        if outcome.is_err() {
            self.link.lock().await.connection = None;
        }
        outcome
    }

    fn channel(&self) -> String {
        format!("{}:entries", self.prefix)
    }

    fn lease(&self, server: u64) -> String {
        format!("{}:server:{server:016x}", self.prefix)
    }

    fn keys(&self, name: &str) -> [String; 3] {
        ["head", "log", "snapshot"].map(|kind| format!("{}:{kind}:{name}", self.prefix))
    }
}

fn text(snapshot: &Snapshot) -> String {
    serde_json::to_string(snapshot).expect("snapshots serialise: string keys, no failing fields")
}

fn no_answer() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}
