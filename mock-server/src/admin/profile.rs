//! The latency profile: which it is, and another one.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use contract::ApiError;
use serde::Serialize;

use crate::api::{json, refusal};
use crate::app::App;
use crate::latency::{Origin, parse, shipped_profile};

/// The profile in use.
#[derive(Debug, Serialize)]
struct InUse {
    name: String,
    /// `shipped`, `admin`, the path of a file, or `given` by the program that started it.
    from: String,
    /// As it was written; none when it was given.
    toml: Option<String>,
}

/// `GET /__admin/profile`: name, where it is from, text.
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    json(200, &in_use(&app))
}

/// `PUT /__admin/profile`: uses another one from now on, TOML in the body or the name of one that is shipped.
/// One that is wrong is refused by its line, and nothing changes.
pub(super) async fn take(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let read = match std::str::from_utf8(&body) {
        Ok(text) => read(text),
        Err(_) => Err("the profile is not UTF-8".to_owned()),
    };
    match read {
        Ok((profile, origin)) => {
            app.latency.replace(&profile, origin);
            app.latency.measure_timer().await;
            json(200, &in_use(&app))
        }
        Err(sentence) => refusal(&ApiError::bad_request(sentence)),
    }
}

fn read(text: &str) -> Result<(fixtures::profiles::Profile, Origin), String> {
    match shipped_profile(text.trim()) {
        Some(shipped) => shipped.map_err(|error| error.to_string()),
        None => match parse(text) {
            Ok(profile) => Ok((profile, Origin::Sent(text.to_owned()))),
            Err(fault) => Err(fault.to_string()),
        },
    }
}

fn in_use(app: &App) -> InUse {
    let profile = app.latency.in_use();
    InUse { name: profile.name, from: profile.origin.words(), toml: profile.origin.text().map(str::to_owned) }
}
