//! The model: what a request costs, as a pure function of when it came and who came before.
//!
//! `T = Σ stages (wait for a pool + hold it) + app + stall`. A route's curve gives the time the request takes
//! when it is alone; its stages hold servers of pools that all routes share; what is left of the curve's time
//! after the holds is spent in the application, where nobody queues. Waiting comes on top, so latency rises with
//! load by itself. Percentiles that were seen under load ([`Seen::AtLoad`](fixtures::profiles::Seen)) have waiting in them
//! already: a profile is to be [calibrated](super::calibration::calibrate) first, which takes it out of them. A
//! profile that is not is taken at its word, with all waits on top; a debug build stops at it.
//!
//! What disturbs is applied where it bites. A slow start multiplies the curve's time, not the holds. Data size
//! adds to the application's share. The Universal Scalability Law lengthens holds, and the answer by as much. Cron jobs hold servers like anybody else. A stall keeps
//! who arrives in it waiting at the door, and an answer that falls due in it from leaving; see
//! [`calendar`](super::calendar).
//!
//! A request goes through its stages first, takes its effect, and spends the application's time after that:
//! effects on one event therefore happen in the order its lock was granted.

use std::time::Duration;

use fixtures::profiles::{Capacity, MAX_STAGES, Profile, Route, Rows, Scope, Seen, SlowStart, Usl};

use super::bucket::BucketSpec;
use super::calendar::Stalls;
use super::disturbances::{Cron, of_rows, slowness};
pub use super::plan::{Plan, Refusal};
use super::pools::{Moment, PoolSpec};
use super::quantile::QuantileCurve;
pub use super::queues::Queues;
use super::queues::Spec;
use super::stream::{Lane, Stream};

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

/// A profile, made ready: immutable, shared by all workers.
#[derive(Debug, Clone)]
pub struct Model {
    pub(super) pools: Vec<NamedPool>,
    routes: Vec<Cost>,
    pub(super) usl: Option<Usl>,
    slow_start: Option<SlowStart>,
    pub(super) stalls: Option<Stalls>,
    pub(super) cron: Vec<Cron>,
}

#[derive(Debug, Clone)]
pub(super) struct NamedPool {
    name: String,
    pub(super) spec: Spec,
    pub(super) scope: Scope,
}

/// What a route's requests cost.
#[derive(Debug, Clone)]
struct Cost {
    stream: Stream,
    /// Absent when the profile gives the route no latency.
    curve: Option<QuantileCurve>,
    stages: Vec<Stage>,
    rows: Option<Rows>,
}

#[derive(Debug, Clone, Copy)]
struct Stage {
    pool: usize,
    hold: Duration,
}

impl Model {
    /// Makes a calibrated profile ready for `routes`; [`RouteId`]s count along that list. A stage or a job in a pool the
    /// profile does not describe is left out: reading a profile refuses it, with its line.
    pub fn new<'a>(profile: &Profile, seed: u64, routes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut stated = profile.default.iter().chain(profile.routes.values());
        debug_assert!(stated.all(|route| route.seen == Seen::Unloaded), "the profile is calibrated");
        let pools: Vec<NamedPool> =
            profile.pools.iter().map(|(name, pool)| NamedPool::new(name, pool)).collect();
        let cron = profile.cron.iter().filter_map(|cron| {
            Some(Cron {
                pool: pools.iter().position(|pool| pool.name == cron.pool)?,
                servers: cron.servers as usize,
                hold: millis(cron.hold_s * 1e3),
                every: millis(cron.every_s * 1e3),
            })
        });
        Self {
            cron: cron.collect(),
            routes: routes
                .into_iter()
                .map(|name| Cost::new(seed, name, profile.route(name), &pools))
                .collect(),
            pools,
            usl: profile.usl,
            slow_start: profile.slow_start,
            stalls: profile.stalls.as_ref().map(|stalls| Stalls::new(stalls, seed)),
        }
    }

    /// Nobody there yet.
    pub fn queues(&self) -> Queues {
        Queues::new(self, self.routes.len())
    }

    /// Names of the pools, in the order other parts refer to them.
    pub fn pool_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.pools.iter().map(|pool| pool.name.as_str())
    }

    /// Names of the pools a route goes through, in its order: what [`Plan::holds`] are holds of.
    pub fn stages(&self, route: RouteId) -> impl ExactSizeIterator<Item = &str> {
        self.routes[route.0].stages.iter().map(|stage| self.pools[stage.pool].name.as_str())
    }

    /// How many servers, or tokens at once, each pool has, in the order of [`Model::pool_names`].
    pub fn pool_sizes(&self) -> impl ExactSizeIterator<Item = usize> {
        self.pools.iter().map(|pool| match pool.spec {
            Spec::Servers(spec) => spec.servers,
            Spec::Tokens(spec) => spec.burst as usize,
        })
    }

    /// Whether every answer is immediate (the profile `off`).
    pub fn is_instant(&self) -> bool {
        self.routes.iter().all(|route| route.curve.is_none()) && self.stalls.is_none()
    }

    /// The curve of a route, if the profile gives it one.
    pub fn curve(&self, route: RouteId) -> Option<&QuantileCurve> {
        self.routes[route.0].curve.as_ref()
    }

    /// The time a request takes when it is alone and nothing disturbs: a function of (seed, route, ordinal) and
    /// nothing else.
    pub fn unloaded(&self, route: RouteId, ordinal: u64) -> Duration {
        let cost = &self.routes[route.0];
        let share = cost.stream.uniform(Lane::Latency, ordinal);
        cost.curve.as_ref().map_or(Duration::ZERO, |curve| curve.draw(share))
    }

    /// Plans a request and books what it needs.
    pub fn admit(&self, queues: &mut Queues, arrival: Arrival<'_>) -> Plan {
        self.admit_longer(queues, arrival, Duration::ZERO)
    }

    /// The same for a request that somebody outside makes `added` longer.
    pub fn admit_longer(&self, queues: &mut Queues, arrival: Arrival<'_>, added: Duration) -> Plan {
        let now = arrival.now;
        queues.run_cron(self, now);
        let cost = &self.routes[arrival.route.0];
        let slow = self.slow_start.map_or(1.0, |start| slowness(start, now));
        let drawn = self.unloaded(arrival.route, arrival.ordinal).mul_f64(slow);
        let stated: Duration = cost.stages.iter().map(|stage| stage.hold).sum();
        // A request that is faster than its route's holds holds each for less, in proportion.
        let shrink = if stated > drawn { drawn.as_secs_f64() / stated.as_secs_f64() } else { 1.0 };

        let mut plan = Plan::at(now);
        plan.wait_at_door(queues.end_of_stall(self, now, now));
        for (place, stage) in cost.stages.iter().enumerate() {
            let hold = stage.hold.mul_f64(shrink);
            match queues.book(self, stage.pool, arrival, plan.effect_at, hold) {
                Ok(grant) => plan.granted(place, grant),
                Err(denied) => {
                    plan.denied(stage.pool, denied);
                    break;
                }
            }
        }
        if plan.refused.is_none() {
            let spent = stated.mul_f64(shrink);
            let of_rows = cost.rows.map_or(Duration::ZERO, |rows| of_rows(rows, queues.rows()));
            plan.work(drawn.saturating_sub(spent) + of_rows);
        }
        plan.add(added);
        self.leave(queues, now, plan)
    }

    /// Lets an answer leave at its deadline, or at the end of the stall that is in. For a plan that was made
    /// longer after [`Model::admit`].
    pub fn leave(&self, queues: &mut Queues, now: Moment, mut plan: Plan) -> Plan {
        plan.leave_at(queues.end_of_stall(self, now, plan.answer_at));
        plan
    }
}

impl NamedPool {
    fn new(name: &str, pool: &fixtures::profiles::Pool) -> Self {
        let (queue, acquire_timeout) = (pool.queue as usize, millis(pool.acquire_timeout_ms));
        let spec = match pool.capacity {
            Capacity::Servers(size) => {
                Spec::Servers(PoolSpec { servers: size as usize, queue, acquire_timeout })
            }
            Capacity::Tokens { rate_per_s, burst } => {
                Spec::Tokens(BucketSpec { rate_per_s, burst, queue, acquire_timeout })
            }
        };
        Self { name: name.to_owned(), spec, scope: pool.scope }
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
            stages: stages.take(MAX_STAGES).collect(),
            rows: route.and_then(|route| route.rows),
        }
    }
}

/// Milliseconds as a duration; what is not a time counts as none.
fn millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or(Duration::ZERO)
}
