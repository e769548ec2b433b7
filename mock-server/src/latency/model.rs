//! The model: what a request costs, as a pure function of when it came and who came before.
//!
//! `T = Σ stages (wait for a pool + hold it) + app`. A route's curve gives the time the request takes when it
//! is alone; its stages hold servers of pools that all routes share; what is left of the curve's time after the
//! holds is spent in the application, where nobody queues. Waiting comes on top, so latency rises with load by
//! itself. A route whose percentiles were seen under load ([`Seen::AtLoad`]) has waiting in them already: its
//! waits eat into the application's share and lengthen the answer only once that is used up.
//!
//! A request goes through its stages first, takes its effect, and spends the application's time after that:
//! effects on one event therefore happen in the order its lock was granted.

use std::collections::HashMap;
use std::time::Duration;

use fixtures::profiles::{Profile, Route, Scope, Seen};

use super::pools::{Moment, Occupancy, Pool, PoolSpec};
use super::quantile::QuantileCurve;
use super::stream::{Lane, Stream};

/// Keyed pools (one per event) kept before idle ones are dropped.
const MAX_KEYED: usize = 1024;

/// A route, by its place in the list the model was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RouteId(pub usize);

/// A request, as the model sees it.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// When it came. Never before the arrival admitted last.
    pub now: Moment,
    /// Where to.
    pub route: RouteId,
    /// How many came to this route before it.
    pub ordinal: u64,
    /// Which event it is about, for pools of which there is one per event.
    pub key: &'a str,
}

/// What will become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// When it came.
    pub arrived: Moment,
    /// When it changes the state.
    pub effect_at: Moment,
    /// When it is answered: its one absolute deadline.
    pub answer_at: Moment,
    /// How long it waits for pools.
    pub queue: Duration,
    /// How long it holds their servers.
    pub hold: Duration,
    /// How long it spends in the application.
    pub app: Duration,
    /// Set when a pool turns it away: it has no effect and is answered with a 503.
    pub refused: Option<Refusal>,
}

impl Plan {
    /// From arrival to answer.
    pub fn total(&self) -> Duration {
        self.answer_at.saturating_sub(self.arrived)
    }
}

/// A pool was too full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Which pool, by its place in [`Model::pool_names`].
    pub pool: usize,
    /// Whole seconds after which a server should be free, at least one.
    pub retry_after_seconds: u32,
}

/// A profile, made ready: immutable, shared by all workers.
#[derive(Debug, Clone)]
pub struct Model {
    pools: Vec<NamedPool>,
    routes: Vec<Cost>,
}

#[derive(Debug, Clone)]
struct NamedPool {
    name: String,
    spec: PoolSpec,
    scope: Scope,
}

/// What a route's requests cost.
#[derive(Debug, Clone)]
struct Cost {
    stream: Stream,
    /// Absent when the profile gives the route no latency.
    curve: Option<QuantileCurve>,
    waiting_included: bool,
    stages: Vec<Stage>,
}

#[derive(Debug, Clone, Copy)]
struct Stage {
    pool: usize,
    hold: Duration,
}

/// The bookings of every pool, and how many came to each route: the model's whole state.
#[derive(Debug, Clone)]
pub struct Queues {
    pools: Vec<Instances>,
    ordinals: Vec<u64>,
}

#[derive(Debug, Clone)]
enum Instances {
    Shared(Pool),
    Keyed(HashMap<String, Pool>),
}

impl Model {
    /// Makes a profile ready for `routes`; [`RouteId`]s count along that list. A stage in a pool the profile
    /// does not describe is left out: reading a profile refuses it, with its line.
    pub fn new<'a>(profile: &Profile, seed: u64, routes: impl IntoIterator<Item = &'a str>) -> Self {
        let pools: Vec<NamedPool> = profile
            .pools
            .iter()
            .map(|(name, pool)| NamedPool {
                name: name.clone(),
                spec: PoolSpec {
                    servers: pool.size as usize,
                    queue: pool.queue as usize,
                    acquire_timeout: millis(pool.acquire_timeout_ms),
                },
                scope: pool.scope,
            })
            .collect();
        let routes =
            routes.into_iter().map(|name| Cost::new(seed, name, profile.route(name), &pools)).collect();
        Self { pools, routes }
    }

    /// Nobody there yet.
    pub fn queues(&self) -> Queues {
        let pools = self.pools.iter().map(|pool| match pool.scope {
            Scope::Process => Instances::Shared(Pool::new(pool.spec)),
            Scope::Event => Instances::Keyed(HashMap::new()),
        });
        Queues { pools: pools.collect(), ordinals: vec![0; self.routes.len()] }
    }

    /// Names of the pools, in the order other parts refer to them.
    pub fn pool_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.pools.iter().map(|pool| pool.name.as_str())
    }

    /// Their servers, in the same order; of each event's own pool where there is one per event.
    pub fn pool_sizes(&self) -> impl ExactSizeIterator<Item = usize> {
        self.pools.iter().map(|pool| pool.spec.servers)
    }

    /// Whether every answer is immediate (the profile `off`).
    pub fn is_instant(&self) -> bool {
        self.routes.iter().all(|route| route.curve.is_none())
    }

    /// The curve of a route, if the profile gives it one.
    pub fn curve(&self, route: RouteId) -> Option<&QuantileCurve> {
        self.routes[route.0].curve.as_ref()
    }

    /// The time a request takes when it is alone: a function of (seed, route, ordinal) and nothing else.
    pub fn unloaded(&self, route: RouteId, ordinal: u64) -> Duration {
        let cost = &self.routes[route.0];
        let share = cost.stream.uniform(Lane::Latency, ordinal);
        cost.curve.as_ref().map_or(Duration::ZERO, |curve| curve.draw(share))
    }

    /// Plans a request and books what it needs.
    pub fn admit(&self, queues: &mut Queues, arrival: Arrival<'_>) -> Plan {
        let cost = &self.routes[arrival.route.0];
        let drawn = self.unloaded(arrival.route, arrival.ordinal);
        let stated: Duration = cost.stages.iter().map(|stage| stage.hold).sum();
        // A request that is faster than its route's holds holds each for less, in proportion.
        let shrink = if stated > drawn { drawn.as_secs_f64() / stated.as_secs_f64() } else { 1.0 };

        let mut plan = Plan {
            arrived: arrival.now,
            effect_at: arrival.now,
            answer_at: arrival.now,
            queue: Duration::ZERO,
            hold: Duration::ZERO,
            app: Duration::ZERO,
            refused: None,
        };
        for stage in &cost.stages {
            let hold = stage.hold.mul_f64(shrink);
            let pool = queues.pool(stage.pool, self.pools[stage.pool].spec, arrival);
            match pool.book(arrival.now, plan.effect_at, hold) {
                Ok(grant) => {
                    plan.queue += grant.start.saturating_sub(plan.effect_at);
                    plan.hold += hold;
                    plan.effect_at = grant.end;
                }
                Err(denied) => {
                    plan.queue += denied.at.saturating_sub(plan.effect_at);
                    plan.effect_at = denied.at;
                    plan.answer_at = denied.at;
                    let wait = denied.free_at.saturating_sub(denied.at).as_secs_f64().ceil();
                    let retry_after_seconds = (wait as u32).max(1);
                    plan.refused = Some(Refusal { pool: stage.pool, retry_after_seconds });
                    return plan;
                }
            }
        }
        let spent = if cost.waiting_included { plan.queue + plan.hold } else { plan.hold };
        plan.app = drawn.saturating_sub(spent);
        plan.answer_at = plan.effect_at + plan.app;
        plan
    }
}

impl Cost {
    fn new(seed: u64, name: &str, route: Option<&Route>, pools: &[NamedPool]) -> Self {
        let stages = route.map_or(&[][..], |route| &route.stages).iter().filter_map(|stage| {
            let pool = pools.iter().position(|pool| pool.name == stage.pool)?;
            Some(Stage { pool, hold: millis(stage.hold_ms) })
        });
        Self {
            stream: Stream::new(seed, name),
            curve: route.filter(|route| route.cap > 0.0).map(QuantileCurve::of),
            waiting_included: route.is_some_and(|route| matches!(route.seen, Seen::AtLoad(_))),
            stages: stages.collect(),
        }
    }
}

impl Queues {
    /// Counts an arrival at a route: how many came before it.
    pub fn next_ordinal(&mut self, route: RouteId) -> u64 {
        let ordinal = self.ordinals[route.0];
        self.ordinals[route.0] += 1;
        ordinal
    }

    /// How full each pool is at `now`, in the order of [`Model::pool_names`]; those of which there is one per
    /// event are added up.
    pub fn occupancy(&self, now: Moment) -> Vec<Occupancy> {
        let add =
            |a: Occupancy, b: Occupancy| Occupancy { held: a.held + b.held, waiting: a.waiting + b.waiting };
        let of = |instances: &Instances| match instances {
            Instances::Shared(pool) => pool.occupancy(now),
            Instances::Keyed(pools) => {
                pools.values().map(|pool| pool.occupancy(now)).fold(Occupancy::default(), add)
            }
        };
        self.pools.iter().map(of).collect()
    }

    fn pool(&mut self, index: usize, spec: PoolSpec, arrival: Arrival<'_>) -> &mut Pool {
        match &mut self.pools[index] {
            Instances::Shared(pool) => pool,
            Instances::Keyed(pools) => {
                if pools.len() >= MAX_KEYED && !pools.contains_key(arrival.key) {
                    pools.retain(|_, pool| !pool.is_idle(arrival.now));
                }
                pools.entry(arrival.key.to_owned()).or_insert_with(|| Pool::new(spec))
            }
        }
    }
}

/// Milliseconds as a duration; what is not a time counts as none.
fn millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or(Duration::ZERO)
}
