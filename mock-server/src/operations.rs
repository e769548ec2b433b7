//! What those who operate the platform ask: health and the OpenAPI document.

use std::sync::{Arc, LazyLock};

use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use contract::operations::{ApiHealth, Health, HealthOutput, OPENAPI};
use contract::{ApiError, Endpoint as _, Nothing};
use http::{HeaderValue, header};

use crate::api::Api;
use crate::caller::Caller;
use crate::mock::Mock;

pub(crate) fn routes(api: Api) -> Api {
    api.endpoint::<Health>(health).endpoint::<ApiHealth>(health).route(OPENAPI, openapi)
}

/// Whether a route is answered at once whatever the latency profile says.
pub(crate) fn never_delayed(route: &str) -> bool {
    [Health::ROUTE, ApiHealth::ROUTE, OPENAPI].contains(&route)
}

fn health(mock: &Mock, _: &Caller, _: Nothing, _: Nothing) -> Result<HealthOutput, ApiError> {
    Ok(HealthOutput {
        status: "healthy".to_owned(),
        environment: mock.settings.environment.clone(),
        service: "wwmaa-mock".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

async fn openapi(_: Arc<Mock>, _: Request) -> Response {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| contract::openapi::document().to_string().into());
    let mut response = Response::new(DOCUMENT.clone().into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
