//! The layer that makes a request take its time. The only place where anybody waits.
//!
//! A request's plan is made when it arrives. Its handler runs at the point of effect, in a task of its own, so
//! that a client that gives up has still changed the state, as with a real server; the answer is held until
//! the plan's one deadline, which a handler may move back ([`Longer`]). Nothing is locked while anything is
//! awaited. A profile that never holds an answer (`off`) costs neither lock nor task nor allocation here.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use contract::ApiError;
use http::Extensions;
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service};

use super::control::Latency;
use super::model::{Model, Plan, Refusal, RouteId};
use super::timing::server_timing;
use super::{Longer, NeverArrives};
use crate::api::{internal_error, refusal};
use crate::clock;

impl Latency {
    /// The layer to put around `route`, which must be one of [`contract::measured_routes`].
    pub(crate) fn layer(self: &Arc<Self>, route: &'static str) -> HoldLayer {
        let id = self.route(route).expect("routes are registered under a name of the contract");
        let event_segment =
            contract::endpoint::split_route(route).1.split('/').position(|s| s == "{event_id}");
        HoldLayer { latency: Arc::clone(self), route: id, event_segment }
    }
}

/// A request under way. Dropped without an answer, it counts as given up by its client.
struct Ticket {
    latency: Arc<Latency>,
    route: RouteId,
    plan: Plan,
    /// The model that made the plan; none when nothing is held.
    model: Option<Arc<Model>>,
    arrived: Instant,
    is_lost: bool,
    is_answered: bool,
}

impl Ticket {
    /// For a request that comes now.
    fn new(of: &HoldLayer, request: &Request) -> Self {
        let added = request.extensions().get().map_or(Duration::ZERO, |Longer(by)| *by);
        let latency = Arc::clone(&of.latency);
        let (arrived, plan, model) = if added.is_zero() && latency.is_instant() {
            let arrived = clock::now();
            (arrived, Plan::at(latency.moment(arrived)), None)
        } else {
            let segment = |at| request.uri().path().split('/').nth(at);
            let event = of.event_segment.and_then(segment).unwrap_or_default();
            let (arrived, plan, model) = latency.admit(of.route, event, added);
            (arrived, plan, Some(model))
        };
        latency.truth.arrived(of.route);
        let is_lost = request.extensions().get::<NeverArrives>().is_some();
        Self { latency, route: of.route, plan, model, arrived, is_lost, is_answered: false }
    }

    /// What is said to a request that a pool turned away.
    fn refuse(&self, refused: Refusal) -> Response {
        let pool = self.model.as_ref().and_then(|model| model.pool_names().nth(refused.pool));
        let pool = pool.unwrap_or_default();
        let sentence = format!("The service is overloaded, please try again later ({pool} pool)");
        refusal(&ApiError::new(503, sentence).retry_after(refused.retry_after_seconds))
    }

    /// Holds the answer to its deadline, which the handler may have moved.
    async fn hold(mut self, response: Response) -> Response {
        if let Some(Longer(by)) = response.extensions().get() {
            self.plan.work(*by);
            self.plan = self.latency.leave(self.plan);
        }
        self.latency.until(self.plan.answer_at).await;
        self.answer(response)
    }

    fn answer(mut self, mut response: Response) -> Response {
        let timing = server_timing(self.model.as_deref(), self.route, &self.plan);
        response.headers_mut().insert("server-timing", timing);
        self.is_answered = !self.is_lost && response.extensions().get::<NeverArrives>().is_none();
        response
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let held = self.is_answered.then(|| clock::now().saturating_duration_since(self.arrived));
        self.latency.truth.ended(self.route, &self.plan, held);
    }
}

/// Whether a handler asked for its answer to be held longer.
fn is_longer(extensions: &Extensions) -> bool {
    extensions.get::<Longer>().is_some()
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
    type Future = Holding<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let ticket = Ticket::new(&self.of, &request);
        if ticket.plan.is_immediate() && ticket.plan.refused.is_none() {
            return Holding::AtOnce { inner: self.inner.call(request), ticket: Some(ticket) };
        }
        // The clone stays behind for the next request, the one that is ready takes this one.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        Holding::Held { answer: Box::pin(serve(ticket, inner, request)) }
    }
}

pin_project! {
    /// A request being answered.
    #[project = Step]
    pub(crate) enum Holding<F> {
        /// Nothing is planned to be waited for.
        AtOnce {
            #[pin]
            inner: F,
            ticket: Option<Ticket>,
        },
        /// It takes its time.
        Held { answer: Pin<Box<dyn Future<Output = Response> + Send>> },
    }
}

impl<F> Future for Holding<F>
where
    F: Future<Output = Result<Response, Infallible>>,
{
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match self.as_mut().project() {
            Step::Held { answer } => return answer.as_mut().poll(context).map(Ok),
            Step::AtOnce { inner, ticket } => {
                let Ok(response) = ready!(inner.poll(context));
                let ticket = ticket.take().expect("nobody polls a future after its end");
                if !is_longer(response.extensions()) {
                    return Poll::Ready(Ok(ticket.answer(response)));
                }
                Box::pin(ticket.hold(response))
            }
        };
        self.set(Self::Held { answer });
        self.poll(context)
    }
}

async fn serve<S>(ticket: Ticket, mut inner: S, request: Request) -> Response
where
    S: Service<Request, Response = Response, Error = Infallible> + Send + 'static,
    S::Future: Send,
{
    let response = if let Some(refused) = ticket.plan.refused {
        ticket.refuse(refused)
    } else {
        let (latency, effect_at) = (Arc::clone(&ticket.latency), ticket.plan.effect_at);
        let work = tokio::spawn(async move {
            latency.until(effect_at).await;
            let Ok(response) = inner.call(request).await;
            response
        });
        // The handler's own panics are answered further in; this is the runtime going away.
        work.await.unwrap_or_else(|_| refusal(&internal_error()))
    };
    ticket.hold(response).await
}
