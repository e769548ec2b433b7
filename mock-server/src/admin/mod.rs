//! Everything of the mock's own, behind its admin token. Never delayed, never part of the measured API.

mod books;
mod dataset;
mod defects;
mod faults;
pub(crate) mod page;
mod profile;
mod worlds;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{delete, get, post};
use contract::ApiError;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::api::{buffer, refusal};
use crate::app::App;
use crate::{caller, history};

/// What an admin may ask for.
pub(crate) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/__admin/audit", get(books::audit))
        .route("/__admin/webhooks", get(books::webhooks))
        .route("/__admin/digests", get(books::digests))
        .route("/__admin/media", get(books::media))
        .route("/__admin/truth", get(books::truth))
        .route("/__admin/pools", get(books::pools))
        .route("/__admin/history", get(history::show))
        .route("/__admin/profile", get(profile::show).put(profile::take))
        .route("/__admin/defects", get(defects::list).put(defects::switch))
        .route("/__admin/truth/reset", post(books::reset_truth))
        .route("/__admin/reset-load", post(books::reset_load))
        .route("/__admin/worlds", get(worlds::list))
        .route("/__admin/worlds/{name}", delete(worlds::remove))
        .route("/__admin/snapshot", post(worlds::keep))
        .route("/__admin/connections", get(worlds::connections))
        .route("/__admin/bus", get(books::bus))
        .route("/__admin/faults", get(faults::show).put(faults::replace).delete(faults::clear))
        .route("/__admin/faults/start", post(faults::start))
        .route("/__admin/faults/stop", post(faults::stop))
        .route_layer(from_fn_with_state(Arc::clone(app), buffer))
        // Its body is a world, read as it comes: the limit of bodies does not apply.
        .route("/__admin/dataset", post(dataset::take))
        .route_layer(from_fn_with_state(Arc::clone(app), guard))
        .merge(page::router())
}

/// Middleware that lets only the bearer of the admin token pass.
async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match caller::bearer(request.headers()) {
        Ok(Some(token)) if is_same(&token, &app.settings.admin_token) => next.run(request).await,
        Ok(Some(_)) => refusal(&ApiError::unauthorized("This is not the admin token")),
        Ok(None) => refusal(&caller::not_authenticated()),
        Err(error) => refusal(&error),
    }
}

/// Compares two secrets in constant time, by their keyed hashes.
pub(crate) fn is_same(given: &str, expected: &str) -> bool {
    let mac = |text: &str| {
        Hmac::<Sha256>::new_from_slice(expected.as_bytes())
            .expect("HMAC takes keys of any length")
            .chain_update(text.as_bytes())
    };
    mac(expected).verify_slice(&mac(given).finalize().into_bytes()).is_ok()
}
