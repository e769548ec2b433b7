//! What a Prometheus is asked unless something else is wished: figures of well-known exporters.

use super::super::series::Figure;
use crate::run::{ResourceKind as Kind, Unit};

/// One query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// How its answer is called.
    pub(super) name: String,
    /// What is asked.
    pub(super) promql: String,
    /// What the answer says.
    pub(super) figure: Figure,
    /// The value at which there is no more, where the query is a share of it.
    pub(super) capacity: Option<f64>,
}

/// A query that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no query: it is NAME=PROMQL, such as queue=sum(celery_queue_length)")]
pub struct BadQuery(String);

impl Query {
    /// `NAME=PROMQL`.
    pub fn parse(text: &str) -> Result<Self, BadQuery> {
        let fits = |name: &str| {
            !name.is_empty()
                && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '))
        };
        let parts = text.split_once('=').map(|(name, promql)| (name.trim(), promql.trim()));
        let (name, promql) = parts
            .filter(|(name, promql)| fits(name) && !promql.is_empty())
            .ok_or_else(|| BadQuery(text.to_owned()))?;
        let figure = Figure { kind: Kind::Other, unit: Unit::Count };
        Ok(Self { name: name.to_owned(), promql: promql.to_owned(), figure, capacity: None })
    }

    /// The usual ones. Limits differ from series to series, so what has one is asked as a share of it.
    pub fn usual() -> Vec<Self> {
        USUAL.iter().map(|&(name, kind, unit, promql)| Self::known(name, kind, unit, promql)).collect()
    }

    fn known(name: &str, kind: Kind, unit: Unit, promql: &str) -> Self {
        let capacity = (unit == Unit::Share).then_some(1.0);
        Self { name: name.to_owned(), promql: promql.to_owned(), figure: Figure { kind, unit }, capacity }
    }
}

/// Whatever a load generator tells the same Prometheus of itself (by remote write, as the job `loadgen`) is left out: it
/// follows the load by construction.
const USUAL: [(&str, Kind, Unit, &str); 15] = [
    (
        "node cpu",
        Kind::Cpu,
        Unit::Share,
        "1 - avg by (instance) (irate(node_cpu_seconds_total{mode=\"idle\"}[2m]))",
    ),
    (
        "node memory",
        Kind::Memory,
        Unit::Share,
        "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
    ),
    ("process cpu", Kind::Cpu, Unit::Cores, "irate(process_cpu_seconds_total{job!=\"loadgen\"}[2m])"),
    ("process memory", Kind::Memory, Unit::Bytes, "process_resident_memory_bytes{job!=\"loadgen\"}"),
    ("open files", Kind::OpenFiles, Unit::Share, "process_open_fds{job!=\"loadgen\"} / process_max_fds"),
    (
        "container cpu",
        Kind::Cpu,
        Unit::Cores,
        "sum by (namespace, pod, container, name) (irate(container_cpu_usage_seconds_total{container!=\"POD\"}[2m]))",
    ),
    (
        "container memory",
        Kind::Memory,
        Unit::Share,
        "container_memory_working_set_bytes / (container_spec_memory_limit_bytes > 0)",
    ),
    (
        "postgres connections",
        Kind::Connections,
        Unit::Share,
        "sum by (instance) (pg_stat_activity_count) / on (instance) pg_settings_max_connections",
    ),
    (
        "postgres at work",
        Kind::Active,
        Unit::Count,
        "sum by (instance) (pg_stat_activity_count{state=\"active\"})",
    ),
    (
        "postgres cache hit",
        Kind::CacheHit,
        Unit::Share,
        "sum by (instance) (irate(pg_stat_database_blks_hit[2m])) / (sum by (instance) \
         (irate(pg_stat_database_blks_hit[2m])) + sum by (instance) (irate(pg_stat_database_blks_read[2m])))",
    ),
    ("redis memory", Kind::Memory, Unit::Share, "redis_memory_used_bytes / (redis_memory_max_bytes > 0)"),
    (
        "redis clients",
        Kind::Connections,
        Unit::Share,
        "redis_connected_clients / (redis_config_maxclients > 0)",
    ),
    ("redis evictions", Kind::Evictions, Unit::PerSecond, "irate(redis_evicted_keys_total[2m])"),
    (
        "redis hits",
        Kind::CacheHit,
        Unit::Share,
        "irate(redis_keyspace_hits_total[2m]) / (irate(redis_keyspace_hits_total[2m]) + \
         irate(redis_keyspace_misses_total[2m]))",
    ),
    (
        "pool",
        Kind::Pool,
        Unit::Share,
        "mock_pool_held{pool!=\"event\"} / on (instance, pool) (mock_pool_size > 0)",
    ),
];
