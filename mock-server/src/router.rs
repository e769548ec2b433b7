//! All routes, merged once.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use contract::ApiError;
use contract::endpoint::split_route;
use contract::operations::METRICS;

use crate::api::{Api, refusal};
use crate::app::{App, Config};
use crate::edge::EdgeLayer;
use crate::{
    admin, auth, dashboard, events, instructors, live, metrics, operations, pages, search, subscriptions,
    webhooks,
};

/// The mock without a socket, for whoever brings the requests: tests, and the fuzzer. Fails when the worlds that
/// were kept cannot be read.
pub fn service(config: Config) -> io::Result<Router> {
    App::new(config).map(router).map_err(io::Error::other)
}

/// Everything the mock answers.
pub(crate) fn router(app: Arc<App>) -> Router {
    let areas: [fn(Api) -> Api; 10] = [
        operations::routes,
        auth::routes,
        events::routes,
        search::routes,
        subscriptions::routes,
        instructors::routes,
        dashboard::routes,
        webhooks::routes,
        live::routes,
        pages::routes,
    ];
    let api = areas.into_iter().fold(Api::new(Arc::clone(&app)), |api, routes| routes(api));
    api.into_router()
        .route(split_route(METRICS).1, get(metrics::show))
        .merge(admin::router(&app))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(EdgeLayer::new(&app.metrics, &app.settings))
        .with_state(app)
}

async fn not_found() -> Response {
    refusal(&ApiError::not_found("Not Found"))
}

async fn method_not_allowed() -> Response {
    refusal(&ApiError::new(405, "Method Not Allowed"))
}
