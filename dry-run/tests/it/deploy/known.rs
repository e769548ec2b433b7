//! Metrics there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{path, read};

/// What Prometheus itself makes.
const OF_PROMETHEUS: &[&str] = &["ALERTS", "up"];
/// Of the exporters of Debian 12 (node 1.5, postgres 0.11, redis 1.45), whose /metrics were read, those that are
/// asked for.
const OF_EXPORTERS: &[&str] = &[
    "node_cpu_seconds_total",
    "node_disk_io_time_seconds_total",
    "node_load1",
    "node_memory_MemAvailable_bytes",
    "node_memory_MemTotal_bytes",
    "node_network_receive_bytes_total",
    "node_network_transmit_bytes_total",
    "pg_locks_count",
    "pg_settings_max_connections",
    "pg_settings_superuser_reserved_connections",
    "pg_stat_activity_count",
    "pg_stat_activity_max_tx_duration",
    "pg_stat_database_blks_hit",
    "pg_stat_database_blks_read",
    "pg_stat_database_deadlocks",
    "pg_stat_database_tup_deleted",
    "pg_stat_database_tup_fetched",
    "pg_stat_database_tup_inserted",
    "pg_stat_database_tup_returned",
    "pg_stat_database_tup_updated",
    "pg_stat_database_xact_commit",
    "pg_stat_database_xact_rollback",
    "redis_blocked_clients",
    "redis_commands_processed_total",
    "redis_config_maxclients",
    "redis_connected_clients",
    "redis_evicted_keys_total",
    "redis_expired_keys_total",
    "redis_keyspace_hits_total",
    "redis_keyspace_misses_total",
    "redis_memory_max_bytes",
    "redis_memory_used_bytes",
    "redis_rejected_connections_total",
    "redis_slowlog_length",
];
/// Of cAdvisor. Source: cAdvisor, "Monitoring cAdvisor with Prometheus".
const OF_CADVISOR: &[&str] = &[
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "container_spec_cpu_period",
    "container_spec_cpu_quota",
    "container_spec_memory_limit_bytes",
];
/// Of the platform: what its middleware defines, and what Python's client brings.
const OF_THE_PLATFORM: &[&str] = &[
    "active_requests",
    "cache_operations_total",
    "external_api_duration_seconds_bucket",
    "http_request_duration_seconds_bucket",
    "http_requests_inprogress",
    "http_requests_total",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "python_gc_collections_total",
    "zerodb_query_duration_seconds_bucket",
];

/// Whoever stands before the mock and the load generator.
pub(super) fn elsewhere() -> BTreeSet<String> {
    let lists = [OF_PROMETHEUS, OF_EXPORTERS, OF_CADVISOR, OF_THE_PLATFORM];
    lists.into_iter().flatten().map(|name| (*name).to_owned()).collect()
}

/// What the rules record.
pub(super) fn recorded() -> BTreeSet<String> {
    let rules = read("deploy/prometheus/rules.yml");
    let names = rules.split("record: ").skip(1).map(|rest| {
        let rest = rest.trim_start_matches('"');
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_:".contains(c))).unwrap_or(rest.len());
        rest[..end].to_owned()
    });
    names.collect()
}

/// What the load generator has: each name its code gives to a family, with the endings that Prometheus adds.
pub(super) fn of_the_generator() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    literals(&path("loadgen/src/telemetry/figures"), &mut names);
    assert!(names.len() > 10, "the names of the generator's metrics are elsewhere by now: {names:?}");
    let endings = ["", "_total", "_bucket", "_sum", "_count"];
    names.iter().flat_map(|name| endings.map(|ending| format!("{name}{ending}"))).collect()
}

/// Words in quotes that could be a metric, of every source file here and in the folders below.
fn literals(folder: &Path, names: &mut BTreeSet<String>) {
    let beside = folder.with_extension("rs");
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path()).chain([beside]);
    for path in paths {
        if path.is_dir() {
            literals(&path, names);
        } else if path.extension().is_some_and(|ending| ending == "rs") && path.is_file() {
            let text = fs::read_to_string(&path).expect("a source file");
            let quoted = text
                .split('"')
                .filter(|word| ["loadgen_", "process_"].iter().any(|start| word.starts_with(start)));
            names.extend(quoted.filter(|word| !word.contains(char::is_whitespace)).map(str::to_owned));
        }
    }
}
