//! The latency profile: which it is, and another one.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use contract::ApiError;
use fixtures::profiles::SHIPPED;
use serde::Serialize;

use crate::api::{internal_error, json, refusal};
use crate::app::App;
use crate::latency::{Origin, calibrated, parse, shipped_profile};

/// The profile in use.
#[derive(Debug, Serialize)]
struct InUse {
    name: String,
    /// `shipped`, `admin`, the path of a file, or `given` by the program that started it.
    from: String,
    /// As it was written; none when it was given.
    toml: Option<String>,
    /// Names of those that are shipped, any of which may be put in its place.
    shipped: [&'static str; SHIPPED.len()],
}

/// `GET /__admin/profile`: name, where it is from, text, and which are shipped.
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    json(200, &in_use(&app))
}

/// `PUT /__admin/profile`: uses another one from now on, TOML in the body or the name of one that is shipped.
/// One that is wrong is refused by its line, and nothing changes.
pub(super) async fn take(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let seed = app.latency.seed();
    // Calibrating takes a while where percentiles were seen at load.
    let reading = tokio::task::spawn_blocking(move || match std::str::from_utf8(&body) {
        Ok(text) => read(text, seed),
        Err(_) => Err("the profile is not UTF-8".to_owned()),
    });
    let Ok(read) = reading.await else { return refusal(&internal_error()) };
    match read {
        Ok((profile, origin)) => {
            app.latency.replace(&profile, origin);
            app.latency.measure_timer().await;
            json(200, &in_use(&app))
        }
        Err(sentence) => refusal(&ApiError::bad_request(sentence)),
    }
}

fn read(text: &str, seed: u64) -> Result<(fixtures::profiles::Profile, Origin), String> {
    let (stated, origin) = match shipped_profile(text.trim()) {
        Some(shipped) => shipped.map_err(|error| error.to_string())?,
        None => (parse(text).map_err(|fault| fault.to_string())?, Origin::Sent(text.to_owned())),
    };
    Ok((calibrated(&stated, seed).map_err(|error| error.to_string())?, origin))
}

fn in_use(app: &App) -> InUse {
    let profile = app.latency.in_use();
    InUse {
        name: profile.name,
        from: profile.origin.words(),
        toml: profile.origin.text().map(str::to_owned),
        shipped: SHIPPED.map(|(name, _)| name),
    }
}
