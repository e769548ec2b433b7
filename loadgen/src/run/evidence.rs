//! What was read of the target's side while a run went on: the raw facts, in the generator's time.

use serde::{Deserialize, Serialize};

/// Everything that was read, by where it was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// One for each place that was asked, in the order they were named.
    pub sources: Vec<Source>,
}

/// One place that was asked again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// How a reader calls it, without secrets: `postgres at 127.0.0.1:5432/wwmaa_load`.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// Time between two readings, milliseconds.
    pub every_ms: u64,
    /// Readings that came.
    pub reads: u64,
    /// Readings that failed.
    pub failed: u64,
    /// The first few failures and whatever could not be read, in sentences.
    pub troubles: Vec<String>,
    /// By how much its clock is ahead of the generator's, milliseconds, where it says the time. All times in here are
    /// the generator's.
    pub clock_ahead_ms: Option<f64>,
    /// What was read at every reading.
    pub resources: Vec<Resource>,
    /// What a Postgres says of its work over the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    /// What a Redis says of its work over the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
}

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// An endpoint in Prometheus' format, scraped.
    Metrics,
    /// A Prometheus, queried.
    Prometheus,
    /// A Postgres.
    Postgres,
    /// A Redis.
    Redis,
}

/// One figure over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// What it says of the target.
    pub kind: ResourceKind,
    /// Its name, as its source has it: `mock_pool_in_use{pool="db"}`.
    pub name: String,
    /// Unit of its values.
    pub unit: Unit,
    /// The value at which there is no more, where that is known.
    pub capacity: Option<f64>,
    /// Unix time in milliseconds by the generator's clock, and the value. Counters are given as rates over the time
    /// since the reading before.
    pub points: Vec<(u64, f64)>,
}

/// What a figure says of the target: what a bottleneck can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    /// Processor time.
    Cpu,
    /// Resident memory.
    Memory,
    /// Places of a pool that are taken (database connections of the platform, workers, permits).
    Pool,
    /// Requests that wait for a place in a pool or queue.
    Waiting,
    /// Connections a store or server holds.
    Connections,
    /// Backends that wait for a lock.
    LockWaits,
    /// Backends that wait for the disk.
    IoWaits,
    /// Backends at work.
    Active,
    /// Share of reads that a cache answers.
    CacheHit,
    /// Keys evicted a second.
    Evictions,
    /// Operations a second.
    Throughput,
    /// Rows read one after the other, a second.
    RowsScanned,
    /// Files or sockets that are open.
    OpenFiles,
    /// Anything else.
    Other,
}

/// Unit of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// 0 to 1.
    Share,
    /// How many.
    Count,
    /// How many a second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// Processor cores kept busy.
    Cores,
}

/// What a Postgres says of its work between the first reading and the last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// `15.7`.
    pub version: String,
    /// Settings that matter for load, by name: `max_connections`, `shared_buffers`, `work_mem`, …
    pub settings: Vec<(String, String)>,
    /// Share of blocks that were read from its own cache; `None` when nothing was read.
    pub cache_hit: Option<f64>,
    /// Blocks that is a share of, whoever asked for them; absent in runs of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<u64>,
    /// Deadlocks; `None` when the last reading failed, so that nothing is known of the whole run.
    pub deadlocks: Option<u64>,
    /// Bytes written to temporary files: sorts and hashes that did not fit; `None` as above.
    pub temp_bytes: Option<u64>,
    /// Statements by the time they took in all, the dearest first; `None` when they could not be read.
    pub statements: Option<Vec<Statement>>,
    /// What became of asking for their plans; `None` when nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planning: Option<Planning>,
    /// Tables by the rows read one after the other, the most first.
    pub tables: Vec<TableUse>,
    /// What backends waited for: `Lock: transactionid`, and in how many of all samples of a backend at work.
    pub waits: Vec<Wait>,
    /// Samples of a backend at work, waiting or not.
    pub samples: u64,
    /// Indexes that plans of the slowest statements would have used, had they been there.
    pub missing: Vec<MissingIndex>,
}

/// What became of asking for plans of statements.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planning {
    /// Statements that have a plan to ask for: those that read or change rows.
    pub asked: u64,
    /// Plans that were had.
    pub had: u64,
    /// What kept the others away, each reason once, in sentences; none when time was over.
    pub refused: Vec<String>,
}

/// One statement, as `pg_stat_statements` has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// Its text, values replaced by `$1`, at most a few hundred characters.
    pub query: String,
    /// How often it ran.
    pub calls: u64,
    /// Time it took in all, milliseconds.
    pub total_ms: f64,
    /// Time it took on average, milliseconds.
    pub mean_ms: f64,
    /// Rows it gave or changed.
    pub rows: u64,
    /// Blocks it found in the cache.
    pub blocks_hit: u64,
    /// Blocks it read from the disk or the system's cache.
    pub blocks_read: u64,
    /// Its plan as `EXPLAIN` tells it, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
}

/// How a table was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableUse {
    /// `public.event_rsvps`.
    pub table: String,
    /// Rows it has, by the planner's estimate.
    pub rows: u64,
    /// Its size with indexes, bytes.
    pub bytes: u64,
    /// Times it was read from end to end.
    pub sequential_scans: u64,
    /// Rows that gave.
    pub rows_scanned: u64,
    /// Times an index led into it.
    pub index_scans: u64,
}

/// What backends waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// `Lock: transactionid`.
    pub event: String,
    /// Samples of a backend in this wait.
    pub samples: u64,
}

/// An index that is missing, and what says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissingIndex {
    /// `public.event_rsvps`, quoted where SQL wants it.
    pub table: String,
    /// Its columns, in order, quoted where SQL wants it.
    pub columns: Vec<String>,
    /// The statement whose plan shows it.
    pub query: String,
    /// How often that ran, and the time it took in all.
    pub calls: u64,
    /// Milliseconds.
    pub total_ms: f64,
    /// Times the table was read from end to end meanwhile, and the rows that gave.
    pub sequential_scans: u64,
    /// Rows.
    pub rows_scanned: u64,
}

/// What a Redis says of its work between the first reading and the last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cache {
    /// `7.2.5`.
    pub version: String,
    /// Look-ups that found something.
    pub hits: u64,
    /// Look-ups that found nothing.
    pub misses: u64,
    /// Keys that had to go for want of memory.
    pub evicted: u64,
    /// Connections it refused because it had too many.
    pub rejected: u64,
    /// `maxmemory`, bytes; `None` when there is no limit.
    pub memory_limit: Option<u64>,
    /// Commands of its slow log that began during the run, the slowest first, arguments left out.
    pub slow: Vec<SlowCommand>,
}

/// An entry of a Redis' slow log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowCommand {
    /// Unix time in milliseconds, by the generator's clock.
    pub at: u64,
    /// `ZUNIONSTORE`.
    pub command: String,
    /// Microseconds it took.
    pub took_us: u64,
}
