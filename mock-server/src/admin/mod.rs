//! Everything of the mock's own, behind its admin token.

use std::sync::Arc;

use axum::Router;

use crate::app::App;

pub(crate) fn router(_app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
}
