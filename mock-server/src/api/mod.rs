//! The glue between HTTP and handlers: routes by their one name, requests read and answers written alike
//! everywhere.

mod answer;
mod read;

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use bytes::Bytes;
use contract::endpoint::split_route;
use contract::{ApiError, Endpoint};
use futures_util::FutureExt as _;

use crate::app::App;
use crate::caller::Caller;
use crate::defects::Defect;
use crate::faults::{Before, FaultLayer};
use crate::latency::Longer;
use crate::mock::Mock;

pub(crate) use answer::{hide_error, json, refusal};
pub(crate) use read::{buffer, too_slow};

/// A plain handler.
pub(crate) type Handler<E> = fn(
    &Mock,
    &Caller,
    <E as Endpoint>::Params,
    <E as Endpoint>::Input,
) -> Result<<E as Endpoint>::Output, ApiError>;

/// What a query for one row takes where `n-plus-one` is planted.
const QUERY: Duration = Duration::from_millis(20);

/// Routes in the making.
pub(crate) struct Api {
    router: Router<Arc<App>>,
    app: Arc<App>,
}

impl Api {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { router: Router::new(), app }
    }

    /// Registers a plain handler under the endpoint's name.
    pub(crate) fn endpoint<E: Endpoint + 'static>(self, handler: Handler<E>) -> Self {
        self.route(E::ROUTE, move |mock, request| async move {
            answer::<E>(read::read(request).await.and_then(|read| {
                let (caller, params) = read::call::<E>(&mock, &read)?;
                let input = read::input::<E>(&read.body)?;
                guarded(|| handler(&mock, &caller, params, input))
            }))
        })
    }

    /// Registers a plain handler of a list, whose rows each cost a query more while `n-plus-one` is planted.
    pub(crate) fn listing<E: Endpoint + 'static>(
        self,
        handler: Handler<E>,
        rows: fn(&E::Output) -> usize,
    ) -> Self {
        self.route(E::ROUTE, move |mock, request| async move {
            let outcome = read::read(request).await.and_then(|read| {
                let (caller, params) = read::call::<E>(&mock, &read)?;
                let input = read::input::<E>(&read.body)?;
                guarded(|| handler(&mock, &caller, params, input))
            });
            let cost = outcome.as_ref().map_or(0, rows) as u32 * QUERY;
            let mut response = answer::<E>(outcome);
            if mock.settings.defects.has(Defect::NPlusOne) {
                response.extensions_mut().insert(Longer(cost));
            }
            response
        })
    }

    /// Registers a handler that may wait (for a peer to connect), under the endpoint's name. It must hold no
    /// lock while it does.
    pub(crate) fn waiting<E, F>(self, handler: fn(Arc<Mock>, Caller, E::Params, E::Input) -> F) -> Self
    where
        E: Endpoint + 'static,
        E::Params: Send + 'static,
        E::Input: Send + 'static,
        F: Future<Output = Result<E::Output, ApiError>> + Send + 'static,
    {
        self.route(E::ROUTE, move |mock, request| async move {
            let understood = read::read(request).await.and_then(|read| {
                let (caller, params) = read::call::<E>(&mock, &read)?;
                Ok((caller, params, read::input::<E>(&read.body)?))
            });
            match understood {
                Ok((caller, params, input)) => answer::<E>(handler(mock, caller, params, input).await),
                Err(error) => refusal(&error),
            }
        })
    }

    /// The same for a handler that is given the body as it came, to check it before it is read.
    pub(crate) fn raw_waiting<E, F>(self, handler: fn(Arc<Mock>, Caller, E::Params, Bytes) -> F) -> Self
    where
        E: Endpoint + 'static,
        E::Params: Send + 'static,
        F: Future<Output = Result<E::Output, ApiError>> + Send + 'static,
    {
        self.route(E::ROUTE, move |mock, request| async move {
            let understood = read::read(request).await.and_then(|read| {
                let (caller, params) = read::call::<E>(&mock, &read)?;
                Ok((caller, params, read.body))
            });
            match understood {
                Ok((caller, params, body)) => answer::<E>(handler(mock, caller, params, body).await),
                Err(error) => refusal(&error),
            }
        })
    }

    /// Registers whatever answers HTTP by itself: pages, assets, the socket. The request's body is whole.
    pub(crate) fn route<H, F>(self, route: &'static str, handler: H) -> Self
    where
        H: Fn(Arc<Mock>, Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        let service = move |State(app): State<Arc<App>>, mut request: Request| {
            let before = Before::of(&mut request);
            let answering = match before.refusal() {
                Some(struck) => Err(struck),
                None => match app.worlds.of(request.headers()) {
                    Ok(mock) => Ok(handler(mock, request)),
                    Err(no_world) => Err(refusal(&no_world)),
                },
            };
            async move {
                let answering = match answering {
                    Ok(answering) => answering,
                    Err(refused) => return before.mark(refused),
                };
                // Here and not only at the edge: the latency layer may run this in a task of its own.
                before.mark(match AssertUnwindSafe(answering).catch_unwind().await {
                    Ok(response) => response,
                    Err(_) => refusal(&internal_error()),
                })
            }
        };
        let (method, path) = split_route(route);
        self.add(route, path, on(filter(method), service))
    }

    /// The one place where what surrounds a handler is stacked, innermost first: latency, faults, then the
    /// reading of the body, so that an effect can happen after its client has gone.
    fn add(mut self, route: &'static str, path: &str, service: MethodRouter<Arc<App>, Infallible>) -> Self {
        let service = if crate::operations::never_delayed(route) {
            service
        } else {
            let faults = FaultLayer::new(&self.app.settings, &self.app.latency, route);
            service.route_layer(self.app.latency.layer(route)).route_layer(faults)
        };
        self.router =
            self.router.route(path, service.route_layer(from_fn_with_state(Arc::clone(&self.app), buffer)));
        self
    }

    /// The routes, made.
    pub(crate) fn into_router(self) -> Router<Arc<App>> {
        self.router
    }
}

/// Runs a handler; a panic in it is a 500 that says so.
fn guarded<T>(handler: impl FnOnce() -> Result<T, ApiError>) -> Result<T, ApiError> {
    catch_unwind(AssertUnwindSafe(handler)).unwrap_or_else(|_| Err(internal_error()))
}

/// What a client is told when the mock itself is wrong.
pub(crate) fn internal_error() -> ApiError {
    ApiError::new(500, "Internal server error: the mock panicked, its log says where")
}

fn answer<E: Endpoint>(outcome: Result<E::Output, ApiError>) -> Response {
    match outcome {
        Ok(output) => json(E::OK, &output),
        Err(error) => refusal(&error),
    }
}

fn filter(method: &str) -> MethodFilter {
    match method {
        "GET" => MethodFilter::GET,
        "POST" => MethodFilter::POST,
        "PUT" => MethodFilter::PUT,
        "DELETE" => MethodFilter::DELETE,
        "PATCH" => MethodFilter::PATCH,
        other => unreachable!("the contract names no {other} route"),
    }
}
