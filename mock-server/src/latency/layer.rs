//! The layer that makes a request take its time. The only place where anybody waits.
//!
//! A request's plan is made when it arrives. Its handler runs at the point of effect, in a task of its own, so
//! that a client that gives up has still changed the state, as with a real server; the answer is held until
//! the plan's one deadline. Nothing is locked while anything is awaited.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use contract::ApiError;
use fixtures::profiles::Profile;
use http::HeaderValue;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};
use tower::{Layer, Service};

use super::model::{Arrival, Model, Plan, Queues, RouteId};
use super::pools::{Moment, Occupancy};
use super::truth::{Distributions, RouteTruth, Truth};
use crate::api::{internal_error, refusal};
use crate::clock;
use crate::sync::lock;

/// Sleeps timed when the process starts, to learn how late this machine's timers are.
const TIMER_PROBES: u32 = 24;

/// The latency of all routes: the model, its queues and the books.
#[derive(Debug)]
pub(crate) struct Latency {
    model: Model,
    routes: HashMap<&'static str, RouteId>,
    queues: Mutex<Queues>,
    truth: Truth,
    started: Instant,
    /// How late timers are here, in nanoseconds; taken off every deadline.
    bias_nanos: AtomicU64,
    /// Requests that each pool turned away, in the order of [`Model::pool_names`].
    refused: Vec<AtomicU64>,
}

/// Everything the mock knows about its own latency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LatencyTruth {
    /// Per route that was asked for.
    pub(crate) routes: Vec<RouteTruth>,
    /// Per pool, now.
    pub(crate) pools: Vec<PoolState>,
    /// How late this machine's timers were at the start, in microseconds.
    pub(crate) timer_bias_us: u64,
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
    /// Requests turned away since the start.
    pub(crate) refused: u64,
}

impl Latency {
    /// The latency of every measured route under `profile`, with draws from `seed`.
    pub(crate) fn new(profile: &Profile, seed: u64) -> Self {
        let model = Model::new(profile, seed, contract::measured_routes());
        Self {
            queues: Mutex::new(model.queues()),
            routes: contract::measured_routes().zip((0..).map(RouteId)).collect(),
            truth: Truth::new(contract::measured_routes()),
            started: clock::now(),
            bias_nanos: AtomicU64::new(0),
            refused: model.pool_names().map(|_| AtomicU64::new(0)).collect(),
            model,
        }
    }

    /// Times a few sleeps and takes the median lateness off every deadline from now on. Does nothing when no
    /// answer is ever held.
    pub(crate) async fn measure_timer(&self) {
        if self.model.is_instant() {
            return;
        }
        let mut late = Vec::new();
        for probe in 0..TIMER_PROBES {
            // Lengths that differ by a fraction of tokio's 1 ms tick, to meet it at all phases.
            let due = clock::now() + Duration::from_micros(2_000 + u64::from(probe) * 137 % 1_000);
            sleep_until(due).await;
            late.push(clock::now().saturating_duration_since(due));
        }
        late.sort_unstable();
        let median = late[late.len() / 2];
        self.bias_nanos.store(median.as_nanos() as u64, Ordering::Relaxed);
    }

    /// The layer to put around `route`, which must be one of [`contract::measured_routes`].
    pub(crate) fn layer(self: &Arc<Self>, route: &'static str) -> HoldLayer {
        let id = *self.routes.get(route).expect("routes are registered under a name of the contract");
        let event_segment =
            contract::endpoint::split_route(route).1.split('/').position(|s| s == "{event_id}");
        HoldLayer { latency: Arc::clone(self), route: id, event_segment }
    }

    /// What was planned and held, and how full the pools are.
    pub(crate) fn truth(&self) -> LatencyTruth {
        LatencyTruth {
            routes: self.truth.snapshot(),
            pools: self.pools(),
            timer_bias_us: self.timer_bias().as_micros() as u64,
        }
    }

    /// How full the pools are.
    pub(crate) fn pools(&self) -> Vec<PoolState> {
        let now = self.moment(clock::now());
        let occupancy = lock(&self.queues).occupancy(now);
        let pools = self.model.pool_names().zip(self.model.pool_sizes()).zip(occupancy).zip(&self.refused);
        pools
            .map(|(((name, size), Occupancy { held, waiting }), refused)| PoolState {
                pool: name.to_owned(),
                size: size as u64,
                held,
                waiting,
                refused: refused.load(Ordering::Relaxed),
            })
            .collect()
    }

    /// How late this machine's timers were at the start.
    pub(crate) fn timer_bias(&self) -> Duration {
        Duration::from_nanos(self.bias_nanos.load(Ordering::Relaxed))
    }

    /// What was planned and what was held, by route, as histograms with these bounds in seconds.
    pub(crate) fn distributions(&self, bounds: &[f64]) -> (Distributions, Distributions) {
        self.truth.distributions(bounds)
    }

    /// Begins the books of planned and held times anew.
    pub(crate) fn reset_truth(&self) {
        self.truth.reset();
    }

    fn admit(self: &Arc<Self>, route: RouteId, key: &str) -> Ticket {
        let mut queues = lock(&self.queues);
        // Read inside the lock: the model wants arrivals in order.
        let arrived = clock::now();
        let ordinal = queues.next_ordinal(route);
        let arrival = Arrival { now: self.moment(arrived), route, ordinal, key };
        let plan = self.model.admit(&mut queues, arrival);
        drop(queues);
        self.truth.admitted(route, &plan);
        if let Some(refused) = plan.refused {
            self.refused[refused.pool].fetch_add(1, Ordering::Relaxed);
        }
        Ticket { latency: Arc::clone(self), route, plan, arrived, answered: false }
    }

    fn moment(&self, instant: Instant) -> Moment {
        instant.saturating_duration_since(self.started)
    }

    /// Waits until `moment`, not at all if that is within what a timer would be late.
    async fn until(&self, moment: Moment) {
        let deadline = self.started + moment.saturating_sub(self.timer_bias());
        if clock::now() < deadline {
            sleep_until(deadline).await;
        }
    }
}

/// A request under way. Dropped without an answer, it counts as given up by its client.
struct Ticket {
    latency: Arc<Latency>,
    route: RouteId,
    plan: Plan,
    arrived: Instant,
    answered: bool,
}

impl Ticket {
    fn answer(mut self, mut response: Response) -> Response {
        response.headers_mut().insert("server-timing", server_timing(&self.plan));
        self.answered = true;
        let held = clock::now().saturating_duration_since(self.arrived);
        self.latency.truth.answered(self.route, held);
        response
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.answered {
            self.latency.truth.abandoned(self.route);
        }
    }
}

/// What was planned, in W3C Server-Timing's form, in ms.
fn server_timing(plan: &Plan) -> HeaderValue {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let text = format!(
        "queue;dur={:.3}, hold;dur={:.3}, app;dur={:.3}, total;dur={:.3}",
        ms(plan.queue),
        ms(plan.hold),
        ms(plan.app),
        ms(plan.total())
    );
    HeaderValue::from_str(&text).expect("digits and punctuation are a valid header")
}

/// Puts [`Hold`] around a route's service.
#[derive(Debug, Clone)]
pub(crate) struct HoldLayer {
    latency: Arc<Latency>,
    route: RouteId,
    /// Which segment of the path names the event, for routes that have one.
    event_segment: Option<usize>,
}

impl<S> Layer<S> for HoldLayer {
    type Service = Hold<S>;

    fn layer(&self, inner: S) -> Hold<S> {
        Hold { inner, of: self.clone() }
    }
}

/// A service that takes its time. The request's body must be in memory already.
#[derive(Debug, Clone)]
pub(crate) struct Hold<S> {
    inner: S,
    of: HoldLayer,
}

impl<S> Service<Request> for Hold<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let HoldLayer { latency, route, event_segment } = &self.of;
        let event = event_segment.and_then(|at| request.uri().path().split('/').nth(at)).unwrap_or_default();
        let ticket = latency.admit(*route, event);
        // The clone stays behind for the next request, the one that is ready takes this one.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move { Ok(serve(ticket, inner, request).await) })
    }
}

async fn serve<S>(ticket: Ticket, mut inner: S, request: Request) -> Response
where
    S: Service<Request, Response = Response, Error = Infallible> + Send + 'static,
    S::Future: Send,
{
    let (latency, plan) = (Arc::clone(&ticket.latency), ticket.plan);
    let response = if let Some(refused) = plan.refused {
        let pool = latency.model.pool_names().nth(refused.pool).unwrap_or_default();
        let sentence = format!("The service is overloaded, please try again later ({pool} pool)");
        refusal(&ApiError::new(503, sentence).retry_after(refused.retry_after_seconds))
    } else if plan.effect_at == plan.answer_at && plan.effect_at == plan.arrived {
        let Ok(response) = inner.call(request).await;
        response
    } else {
        let effect = Arc::clone(&latency);
        let work = tokio::spawn(async move {
            effect.until(plan.effect_at).await;
            let Ok(response) = inner.call(request).await;
            response
        });
        // The handler's own panics are answered further in; this is the runtime going away.
        work.await.unwrap_or_else(|_| refusal(&internal_error()))
    };
    latency.until(plan.answer_at).await;
    ticket.answer(response)
}
