//! The latency of the process: the model in use, its queues, the books, and what may be changed while it runs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fixtures::Counts;
use fixtures::profiles::Profile;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};

use super::model::{Arrival, Model, Plan, Queues, RouteId};
use super::origin::Origin;
use super::pools::{Moment, Occupancy};
use super::seizures::{Owner, Seizures};
use super::timer::lateness;
use super::truth::{Detail, Distributions, RouteTruth, Truth};
use crate::clock;
use crate::sync::lock;

/// Sleeps timed before the first answer is held, to learn how late this machine's timers are.
const TIMER_PROBES: u32 = 24;

/// The latency of all routes.
#[derive(Debug)]
pub(crate) struct Latency {
    seed: u64,
    routes: HashMap<&'static str, RouteId>,
    state: Mutex<State>,
    /// Whether no answer is ever held: then nobody takes the lock above.
    is_instant: AtomicBool,
    pub(super) truth: Truth,
    started: Instant,
    /// How late timers are here, in nanoseconds; taken off every deadline.
    bias_nanos: AtomicU64,
}

/// What is replaced in one step when the profile is.
#[derive(Debug)]
struct State {
    model: Arc<Model>,
    queues: Queues,
    /// Requests that each pool turned away, in the order of [`Model::pool_names`].
    refused: Vec<u64>,
    in_use: InUse,
    seizures: Seizures,
}

/// The profile in use.
#[derive(Debug, Clone)]
pub(crate) struct InUse {
    /// Its name.
    pub(crate) name: String,
    /// Where it is from.
    pub(crate) origin: Origin,
}

/// How full a pool is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PoolState {
    /// Its name in the profile.
    pub(crate) pool: String,
    /// Servers there are; of each event's own pool where there is one per event.
    pub(crate) size: u64,
    /// Servers held.
    pub(crate) held: usize,
    /// Requests waiting for one.
    pub(crate) waiting: usize,
    /// Requests turned away since the profile came into use.
    pub(crate) refused: u64,
}

impl State {
    /// Nobody there yet.
    fn of(model: Arc<Model>, profile: &Profile, origin: Origin) -> Self {
        let refused = model.pool_names().map(|_| 0).collect();
        let in_use = InUse { name: profile.name.clone(), origin };
        Self { queues: model.queues(), refused, in_use, model, seizures: Seizures::default() }
    }
}

impl Latency {
    /// The latency of every measured route under `profile`, with draws from `seed`.
    pub(crate) fn new(profile: &Profile, seed: u64) -> Self {
        let model = Arc::new(Model::new(profile, seed, contract::measured_routes()));
        Self {
            seed,
            routes: contract::measured_routes().zip((0..).map(RouteId)).collect(),
            truth: Truth::new(contract::measured_routes()),
            started: clock::now(),
            bias_nanos: AtomicU64::new(0),
            is_instant: AtomicBool::new(model.is_instant()),
            state: Mutex::new(State::of(model, profile, Origin::Given)),
        }
    }

    /// The same, remembering where its profile is from.
    pub(crate) fn from(self, origin: Origin) -> Self {
        lock(&self.state).in_use.origin = origin;
        self
    }

    /// Uses another profile from now on, in one step. Requests under way keep their plans, pools start anew but
    /// for brown-outs, which go on in pools of the same name, and the process is as old as it was: a slow start
    /// that is over stays over.
    pub(crate) fn replace(&self, profile: &Profile, origin: Origin) {
        let model = Arc::new(Model::new(profile, self.seed, contract::measured_routes()));
        let mut fresh = State::of(model, profile, origin);
        let mut state = lock(&self.state);
        fresh.queues.set_rows(*state.queues.rows());
        fresh.seizures = std::mem::take(&mut state.seizures);
        fresh.seizures.carry_over(&fresh.model, &mut fresh.queues, self.moment(clock::now()));
        // Inside the lock, so that of two at once the flag and the model are the same one's.
        self.is_instant.store(fresh.model.is_instant(), Ordering::Relaxed);
        *state = fresh;
    }

    /// The profile in use.
    pub(crate) fn in_use(&self) -> InUse {
        lock(&self.state).in_use.clone()
    }

    /// How much data there is from now on, for routes whose time grows with it.
    pub(crate) fn set_rows(&self, counts: &Counts) {
        lock(&self.state).queues.set_rows(*counts);
    }

    /// Names of the pools that can be [seized](Self::seize).
    pub(crate) fn pool_names(&self) -> Vec<String> {
        lock(&self.state).model.pool_names().map(str::to_owned).collect()
    }

    /// Takes `servers` of a pool away from now until `until`, each as soon as it is free: a brown-out. A pool of
    /// which there is one per event loses them in each, a token bucket gives out nothing. Whether there is such
    /// a pool, and nobody came after `owner`.
    pub(crate) fn seize(&self, owner: Owner, pool_name: &str, servers: usize, until: Instant) -> bool {
        let mut state = lock(&self.state);
        let State { model, queues, seizures, .. } = &mut *state;
        let now = self.moment(clock::now());
        seizures.pass_to(owner, queues, now)
            && seizures.add(model, queues, now, (pool_name, servers, self.moment(until)))
    }

    /// Gives back what was seized for those before `owner`. Requests that wait behind it keep their plans.
    pub(crate) fn release_before(&self, owner: Owner) {
        let mut state = lock(&self.state);
        let State { queues, seizures, .. } = &mut *state;
        seizures.pass_to(owner, queues, self.moment(clock::now()));
    }

    /// Times a few sleeps, once, and takes the median lateness off every deadline from then on. Does nothing
    /// while no answer is ever held.
    pub(crate) async fn measure_timer(&self) {
        if self.is_instant() || self.bias_nanos.load(Ordering::Relaxed) > 0 {
            return;
        }
        let late = lateness(TIMER_PROBES).await;
        let median = late[late.len() / 2];
        self.bias_nanos.store(median.as_nanos() as u64, Ordering::Relaxed);
    }

    /// What was planned and held, per route that was asked for.
    pub(crate) fn truth(&self, detail: Detail) -> Vec<RouteTruth> {
        self.truth.snapshot(detail)
    }

    /// How late this machine's timers were at the start.
    pub(crate) fn timer_bias(&self) -> Duration {
        Duration::from_nanos(self.bias_nanos.load(Ordering::Relaxed))
    }

    /// What was planned and what was held, by route, as histograms with these bounds in seconds.
    pub(crate) fn distributions(&self, bounds: &[f64]) -> (Distributions, Distributions) {
        self.truth.distributions(bounds)
    }

    /// How full the pools are.
    pub(crate) fn pools(&self) -> Vec<PoolState> {
        let now = self.moment(clock::now());
        let mut state = lock(&self.state);
        let model = Arc::clone(&state.model);
        state.queues.run_cron(&model, now);
        let occupancy = state.queues.occupancy(now);
        let refused = state.refused.clone();
        drop(state);
        let pools = model.pool_names().zip(model.pool_sizes()).zip(occupancy).zip(refused);
        pools
            .map(|(((name, size), Occupancy { held, waiting }), refused)| PoolState {
                pool: name.to_owned(),
                size: size as u64,
                held,
                waiting,
                refused,
            })
            .collect()
    }

    /// Begins the books of planned and held times anew.
    pub(crate) fn reset_truth(&self) {
        self.truth.reset();
    }

    /// Seed of all draws.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn route(&self, name: &str) -> Option<RouteId> {
        self.routes.get(name).copied()
    }

    pub(super) fn is_instant(&self) -> bool {
        self.is_instant.load(Ordering::Relaxed)
    }

    /// Plans a request that comes now, and says under which model.
    pub(super) fn admit(&self, route: RouteId, key: &str, added: Duration) -> (Instant, Plan, Arc<Model>) {
        let mut state = lock(&self.state);
        // Read inside the lock: the model wants arrivals in order.
        let arrived = clock::now();
        let model = Arc::clone(&state.model);
        let ordinal = state.queues.next_ordinal(route);
        let arrival = Arrival { now: self.moment(arrived), route, ordinal, key };
        let plan = model.admit_longer(&mut state.queues, arrival, added);
        if let Some(refusal) = plan.refused {
            state.refused[refusal.pool] += 1;
        }
        (arrived, plan, model)
    }

    /// Lets an answer whose plan was made longer leave, unless that is in a stall.
    pub(super) fn leave(&self, plan: Plan) -> Plan {
        let mut state = lock(&self.state);
        let model = Arc::clone(&state.model);
        let now = self.moment(clock::now());
        model.leave(&mut state.queues, now, plan)
    }

    /// A moment of the model's.
    pub(super) fn moment(&self, instant: Instant) -> Moment {
        instant.saturating_duration_since(self.started)
    }

    /// Waits until `moment`, not at all if that is within what a timer would be late.
    pub(super) async fn until(&self, moment: Moment) {
        let bias = Duration::from_nanos(self.bias_nanos.load(Ordering::Relaxed));
        let deadline = self.started + moment.saturating_sub(bias);
        if clock::now() < deadline {
            sleep_until(deadline).await;
        }
    }
}
