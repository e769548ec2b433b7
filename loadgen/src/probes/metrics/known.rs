//! Which metrics say how full a target is: one table, a line each. A name that is not here is passed over.

use super::super::series::Figure;
use crate::run::{ResourceKind as Kind, Unit};

/// What a metric means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Its name, as it is exposed.
    pub(super) name: &'static str,
    /// What it says of the target.
    pub(super) figure: Figure,
    /// How its value is to be read.
    pub(super) reading: Reading,
    /// Which of its samples count, and whether they are added up.
    pub(super) samples: Samples,
    /// Where it says how much there is of it.
    pub(super) capacity: Capacity,
}

/// How a value is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reading {
    /// As it is.
    Gauge,
    /// Its growth a second.
    Counter,
    /// A counter of hits, and the counter of misses beside it: the share of hits.
    HitsBeside(&'static str),
}

/// Which samples of a metric count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Samples {
    /// Each by itself.
    Each,
    /// All of them together.
    Sum,
    /// Those with this value of a label, together.
    SumWhere(&'static str, &'static str),
    /// Those without these values of a label, together.
    SumUnless(&'static str, &'static [&'static str]),
}

/// Where it says how much there is of a thing.
#[derive(Debug, Clone, Copy)]
pub(super) enum Capacity {
    /// Nowhere.
    Unknown,
    /// In another metric, with the same labels if it has any. Zero means that there is no limit.
    In(&'static str),
    /// The processor cores of the process: one where the runtime has a lock around its interpreter, else those of this
    /// machine when it runs here.
    Cores,
    /// As many as there are values of a label.
    Values(&'static str),
}

const fn each(name: &'static str, kind: Kind, unit: Unit, capacity: Capacity) -> Known {
    Known { name, figure: Figure { kind, unit }, reading: Reading::Gauge, samples: Samples::Each, capacity }
}

const fn sum(name: &'static str, kind: Kind, unit: Unit, capacity: Capacity) -> Known {
    Known { samples: Samples::Sum, ..each(name, kind, unit, capacity) }
}

const fn rate(name: &'static str, kind: Kind, unit: Unit, capacity: Capacity) -> Known {
    Known { reading: Reading::Counter, ..sum(name, kind, unit, capacity) }
}

const fn hits(name: &'static str, misses: &'static str) -> Known {
    Known {
        reading: Reading::HitsBeside(misses),
        ..sum(name, Kind::CacheHit, Unit::Share, Capacity::Unknown)
    }
}

const fn of(samples: Samples, known: Known) -> Known {
    Known { samples, ..known }
}

use Capacity::{Cores, In, Unknown, Values};

/// The table, by who exposes it.
pub(super) const TABLE: &[Known] = &[
    // Every Prometheus client's process metrics.
    rate("process_cpu_seconds_total", Kind::Cpu, Unit::Cores, Cores),
    sum("process_resident_memory_bytes", Kind::Memory, Unit::Bytes, Unknown),
    sum("process_open_fds", Kind::OpenFiles, Unit::Count, In("process_max_fds")),
    // This project's mock. A pool per event has no one size.
    each("mock_pool_held", Kind::Pool, Unit::Count, In("mock_pool_size")),
    each("mock_pool_waiting", Kind::Waiting, Unit::Count, Unknown),
    sum("mock_connections_open", Kind::Connections, Unit::Count, In("mock_connections_max")),
    // Servers of HTTP.
    sum("http_requests_in_flight", Kind::Active, Unit::Count, Unknown),
    sum("http_requests_inprogress", Kind::Active, Unit::Count, Unknown),
    // Node.
    sum("nodejs_eventloop_lag_seconds", Kind::Other, Unit::Seconds, Unknown),
    sum("nodejs_eventloop_lag_p99_seconds", Kind::Other, Unit::Seconds, Unknown),
    sum("nodejs_active_requests_total", Kind::Active, Unit::Count, Unknown),
    // Go's database/sql, Hikari, OpenTelemetry's pools.
    each("go_sql_in_use_connections", Kind::Pool, Unit::Count, In("go_sql_max_open_connections")),
    each("hikaricp_connections_active", Kind::Pool, Unit::Count, In("hikaricp_connections_max")),
    each("hikaricp_connections_pending", Kind::Waiting, Unit::Count, Unknown),
    of(
        Samples::SumWhere("state", "used"),
        each("db_client_connections_usage", Kind::Pool, Unit::Count, In("db_client_connections_max")),
    ),
    each("db_client_connections_pending_requests", Kind::Waiting, Unit::Count, Unknown),
    // node_exporter.
    of(
        Samples::SumUnless("mode", &["idle", "iowait", "steal"]),
        rate("node_cpu_seconds_total", Kind::Cpu, Unit::Cores, Values("cpu")),
    ),
    sum("node_load1", Kind::Other, Unit::Count, Unknown),
    // cAdvisor.
    each(
        "container_memory_working_set_bytes",
        Kind::Memory,
        Unit::Bytes,
        In("container_spec_memory_limit_bytes"),
    ),
    // postgres_exporter.
    sum("pg_stat_activity_count", Kind::Connections, Unit::Count, In("pg_settings_max_connections")),
    hits("pg_stat_database_blks_hit", "pg_stat_database_blks_read"),
    rate("pg_stat_user_tables_seq_tup_read", Kind::RowsScanned, Unit::PerSecond, Unknown),
    // pgbouncer_exporter.
    each("pgbouncer_pools_client_waiting_connections", Kind::Waiting, Unit::Count, Unknown),
    each("pgbouncer_pools_server_active_connections", Kind::Pool, Unit::Count, Unknown),
    // redis_exporter.
    sum("redis_connected_clients", Kind::Connections, Unit::Count, In("redis_config_maxclients")),
    sum("redis_memory_used_bytes", Kind::Memory, Unit::Bytes, In("redis_memory_max_bytes")),
    sum("redis_blocked_clients", Kind::Waiting, Unit::Count, Unknown),
    rate("redis_evicted_keys_total", Kind::Evictions, Unit::PerSecond, Unknown),
    rate("redis_commands_processed_total", Kind::Throughput, Unit::PerSecond, Unknown),
    hits("redis_keyspace_hits_total", "redis_keyspace_misses_total"),
];
