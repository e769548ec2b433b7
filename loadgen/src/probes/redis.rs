//! A Redis: `INFO`, `TIME` and its slow log, at every turn. Nothing is written, no key is looked at.

mod info;

use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, Value, aio::MultiplexedConnection, cmd};

use self::info::Info;
use super::{
    address::RedisAddress,
    clock::{self, Moment, Offset},
    series::{Figure, Share, Shelf},
    source::{Notes, Reader},
};
use crate::run::{Cache, ResourceKind as Kind, SlowCommand, Source, Unit};

/// Slow commands told, and how many of the log are read at a turn (its usual length).
const MOST_SLOW: usize = 20;
const LOG: usize = 128;

/// The reader of one Redis.
pub(super) struct Redis {
    address: RedisAddress,
    session: Option<MultiplexedConnection>,
    offset: Offset,
    shelf: Shelf,
    hits: Share,
    first: Option<Info>,
    last: Option<Info>,
    /// The newest entry of the slow log that was seen.
    newest: Option<i64>,
    slow: Vec<Slow>,
}

/// An entry of the slow log, by the clock of Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Slow {
    seconds: i64,
    took_us: u64,
    command: String,
}

impl Redis {
    pub(super) fn new(address: RedisAddress) -> Self {
        Self {
            address,
            session: None,
            offset: Offset::default(),
            shelf: Shelf::default(),
            hits: Share::default(),
            first: None,
            last: None,
            newest: None,
            slow: Vec::new(),
        }
    }

    async fn read_over(
        &mut self,
        session: &mut MultiplexedConnection,
        notes: &mut Notes,
    ) -> Result<(), String> {
        let asked = Moment::now();
        let text: String = ask(session, &cmd("INFO")).await?;
        let at = clock::between(&asked, &Moment::now());
        let info = Info::parse(&text);
        if info.text("redis_version").is_none() {
            return Err("it answers INFO with something else than a Redis does".to_owned());
        }
        let asked = Moment::now();
        // A role may be kept from anything but INFO; what is left still says something.
        match ask::<(f64, f64)>(session, &cmd("TIME")).await {
            Ok((seconds, micros)) => self.offset.heard(&asked, &Moment::now(), seconds * 1e3 + micros / 1e3),
            Err(why) => notes.say(format!("its clock cannot be read: {why}")),
        }
        match ask::<Value>(session, cmd("SLOWLOG").arg("GET").arg(LOG)).await {
            Ok(log) => self.take_slow(&entries(&log)),
            Err(why) => notes.say(format!("its slow log cannot be read: {why}")),
        }
        if self.last.as_ref().is_some_and(|last| last.text("run_id") != info.text("run_id")) {
            notes.say("it was started anew meanwhile: what is told of the whole run begins there");
            self.first = None;
        }
        self.put(at, &info);
        self.first.get_or_insert_with(|| info.clone());
        self.last = Some(info);
        Ok(())
    }

    fn put(&mut self, at: u64, info: &Info) {
        let limit = |name: &str| info.number(name).filter(|most| *most > 0.0);
        let gauges = [
            ("used_memory", Kind::Memory, Unit::Bytes, limit("maxmemory")),
            ("connected_clients", Kind::Connections, Unit::Count, limit("maxclients")),
            ("blocked_clients", Kind::Waiting, Unit::Count, None),
        ];
        for (name, kind, unit, capacity) in gauges {
            let Some(value) = info.number(name) else { continue };
            self.shelf.gauge(at, name, Figure { kind, unit }, value, capacity);
        }
        let counters = [
            ("evicted_keys", Kind::Evictions),
            ("total_commands_processed", Kind::Throughput),
            ("rejected_connections", Kind::Other),
        ];
        for (name, kind) in counters {
            let Some(value) = info.number(name) else { continue };
            self.shelf.counter(at, name, Figure { kind, unit: Unit::PerSecond }, value, None);
        }
        // Commands run one after the other, on one core.
        if let Some(seconds) = info.main_thread_seconds() {
            let busy = Figure { kind: Kind::Cpu, unit: Unit::Cores };
            self.shelf.counter(at, "main thread", busy, seconds, Some(1.0));
        }
        let hits = info.number("keyspace_hits").zip(info.number("keyspace_misses"));
        if let Some(share) = hits.and_then(|(hits, misses)| self.hits.of(hits, misses)) {
            let hit = Figure { kind: Kind::CacheHit, unit: Unit::Share };
            self.shelf.gauge(at, "keyspace_hits", hit, share, Some(1.0));
        }
    }

    /// Entries that are new; the first time, only which was the newest.
    fn take_slow(&mut self, entries: &[(i64, Slow)]) {
        let newest = entries.iter().map(|(id, _)| *id).max().unwrap_or(-1);
        if let Some(seen) = self.newest {
            // A log that was reset begins at a smaller number.
            let new = entries.iter().filter(|(id, _)| *id > seen || newest < seen);
            self.slow.extend(new.map(|(_, slow)| slow.clone()));
            self.slow.sort_by(|a, b| b.took_us.cmp(&a.took_us).then(a.seconds.cmp(&b.seconds)));
            self.slow.truncate(MOST_SLOW);
        }
        self.newest = Some(newest);
    }

    fn cache(&self) -> Option<Cache> {
        let (first, last) = (self.first.as_ref()?, self.last.as_ref()?);
        let count = |info: &Info, name| info.number(name).unwrap_or_default();
        let grown = |name| (count(last, name) - count(first, name)).max(0.0) as u64;
        let ahead = self.offset.ahead_ms().unwrap_or_default();
        let told = |slow: &Slow| SlowCommand {
            at: (slow.seconds as f64 * 1e3 - ahead).max(0.0) as u64,
            command: slow.command.clone(),
            took_us: slow.took_us,
        };
        Some(Cache {
            version: last.text("redis_version").unwrap_or_default().to_owned(),
            hits: grown("keyspace_hits"),
            misses: grown("keyspace_misses"),
            evicted: grown("evicted_keys"),
            rejected: grown("rejected_connections"),
            memory_limit: last.number("maxmemory").filter(|most| *most > 0.0).map(|most| most as u64),
            slow: self.slow.iter().map(told).collect(),
        })
    }
}

async fn ask<T: FromRedisValue>(session: &mut MultiplexedConnection, command: &Cmd) -> Result<T, String> {
    command.query_async(session).await.map_err(|e| words(&e))
}

/// What a failure is, without anything of the address.
fn words(e: &redis::RedisError) -> String {
    match e.code() {
        Some("NOAUTH" | "WRONGPASS") => "it wants another password".to_owned(),
        Some("NOPERM") => {
            "its user may not: it takes `ACL SETUSER … +info +time +slowlog|get`, and no key".to_owned()
        }
        _ => e.to_string(),
    }
}

/// The entries of a slow log with their numbers, arguments left out. What has another form is passed over.
fn entries(log: &Value) -> Vec<(i64, Slow)> {
    let Value::Array(entries) = log else { return Vec::new() };
    let entry = |entry: &Value| {
        let Value::Array(fields) = entry else { return None };
        let [Value::Int(id), Value::Int(seconds), Value::Int(took), Value::Array(words), ..] =
            fields.as_slice()
        else {
            return None;
        };
        let word: String = FromRedisValue::from_redis_value_ref(words.first()?).ok()?;
        let slow =
            Slow { seconds: *seconds, took_us: took.unsigned_abs(), command: word.to_ascii_uppercase() };
        Some((*id, slow))
    };
    entries.iter().filter_map(entry).collect()
}

impl Reader for Redis {
    async fn read(&mut self, notes: &mut Notes) -> Result<(), String> {
        let mut session = if let Some(session) = self.session.take() {
            session
        } else {
            let config = AsyncConnectionConfig::new();
            let opened = self.address.client.get_multiplexed_async_connection_with_config(&config);
            opened.await.map_err(|e| words(&e))?
        };
        self.read_over(&mut session, notes).await?;
        self.session = Some(session);
        Ok(())
    }

    fn fill(self, source: &mut Source) {
        source.clock_ahead_ms = self.offset.ahead_ms();
        source.cache = self.cache();
        let (resources, trouble) = self.shelf.into_resources();
        source.resources = resources;
        source.troubles.extend(trouble);
    }
}

#[cfg(test)]
mod tests;
