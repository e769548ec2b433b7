//! What is typed about reading the target's side.

use std::{env, time::Duration};

use clap::Args;
use engine::exit::Exit;

use super::Refusal;
use crate::{
    options::Options,
    probes::{LEAST, Misplaced, Page, Place, PostgresAddress, Query, RedisAddress, Wish},
};

/// What is read of the target's side while load is on. Reading changes nothing there, costs a question a second, and goes
/// no further than this machine, the target's host and the hosts in fixtures/environments.toml.
#[derive(Debug, Default, Args)]
pub(super) struct Probes {
    /// Read metrics in Prometheus' format while load is on: processor, memory, pools, connections, open files of what well-known
    /// clients and exporters expose; may be given several times. A mock's own are read without being asked for, given
    /// its admin token
    #[arg(long, value_name = "URL[#LABEL]")]
    probe_metrics: Vec<String>,

    /// Ask this Prometheus at the end what it saw of the run: usual figures of `node_exporter`, `cAdvisor`,
    /// `postgres_exporter`, `redis_exporter` and of processes
    #[arg(long, value_name = "URL")]
    probe_prometheus: Option<String>,

    /// Ask it this as well; may be given several times
    #[arg(long, value_name = "NAME=PROMQL", requires = "probe_prometheus")]
    probe_query: Vec<String>,

    #[command(flatten)]
    stores: Stores,

    /// Seconds between readings, 0.2 to 60
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    probe_every: f64,

    /// Go on without what cannot be read at the start; without it nothing runs then (exit 3)
    #[arg(long)]
    probe_optional: bool,

    /// Read nothing but what is asked for: not a mock's own metrics either
    #[arg(long = "no-probes")]
    only_asked: bool,
}

/// Stores that can be read. Their addresses hold passwords, so they are never arguments.
#[derive(Debug, Default, Args)]
struct Stores {
    /// Read the Postgres at `PROBE_DATABASE_URL` (a variable, for it holds a password): waits, connections, cache, tables,
    /// statements, their plans and the indexes they miss. Strictly read-only. Its role needs `GRANT pg_monitor TO role`
    /// and, for plans, SELECT on the tables; statements need the extension `pg_stat_statements` (named in
    /// `shared_preload_libraries`, and created in that database)
    #[arg(long)]
    probe_postgres: bool,

    /// Read the Redis at `PROBE_REDIS_URL`: INFO, TIME and SLOWLOG GET; no key is looked at. A user of its own needs `ACL
    /// SETUSER name on >password +info +time +slowlog|get`
    #[arg(long)]
    probe_redis: bool,
}

impl Probes {
    /// What that means beside this target.
    pub(super) fn wish(self, options: &Options) -> Result<Wish, Refusal> {
        let target = options.target.host();
        let mut places = Vec::new();
        for typed in &self.probe_metrics {
            places.push(Place::Metrics(Page::parse(typed)?.beside(target)?));
        }
        if let Some(typed) = &self.probe_prometheus {
            let mut queries = Query::usual();
            for query in &self.probe_query {
                queries.push(Query::parse(query).map_err(Refusal::usage)?);
            }
            places.push(Place::Prometheus(Page::parse(typed)?.beside(target)?, queries));
        }
        let kept = |variable| env::var(variable).ok().filter(|value| !value.is_empty());
        if self.stores.probe_postgres {
            let address = PostgresAddress::read(kept(PostgresAddress::VARIABLE).as_deref(), target)?;
            places.push(Place::Postgres(address));
        }
        if self.stores.probe_redis {
            let address = RedisAddress::read(kept(RedisAddress::VARIABLE).as_deref(), target)?;
            places.push(Place::Redis(address));
        }
        Ok(Wish {
            places,
            of_mock: !self.only_asked,
            every: Some(Duration::from_secs_f64(self.probe_every)),
            optional: self.probe_optional,
            roots: options.ca.clone(),
        })
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let least = LEAST.as_secs_f64();
    match text.parse::<f64>() {
        Ok(seconds) if (least..=60.0).contains(&seconds) => Ok(seconds),
        _ => Err(format!(
            "`{text}` is not a time from {least} to 60 seconds: more often, readings would be load"
        )),
    }
}

impl From<Misplaced> for Refusal {
    fn from(e: Misplaced) -> Self {
        let exit = if matches!(e, Misplaced::Refused { .. }) { Exit::Unreachable } else { Exit::Usage };
        Self { exit, why: e.to_string() }
    }
}
