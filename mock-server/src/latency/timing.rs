//! What was planned, in W3C Server-Timing's form.

use std::fmt::Write as _;
use std::time::Duration;

use http::HeaderValue;

use super::model::{Model, Plan, RouteId};

/// The plan in ms: `queue`, one entry for each pool of the route, `app`, `stall` and `fault` when there are any,
/// `total`.
pub(super) fn server_timing(model: Option<&Model>, route: RouteId, plan: &Plan) -> HeaderValue {
    if plan.is_immediate() {
        return HeaderValue::from_static("queue;dur=0.000, app;dur=0.000, total;dur=0.000");
    }
    let mut text = String::with_capacity(128);
    entry(&mut text, "queue", plan.queue);
    let stages: Vec<&str> = model.into_iter().flat_map(|model| model.stages(route)).collect();
    for (place, pool) in stages.iter().enumerate() {
        // A pool that a route goes through twice is named once.
        if !stages[..place].contains(pool) {
            let held = stages.iter().zip(plan.holds).filter(|(name, _)| *name == pool);
            entry(&mut text, pool, held.map(|(_, hold)| hold).sum());
        }
    }
    entry(&mut text, "app", plan.app);
    for (name, time) in [("stall", plan.stall), ("fault", plan.added)] {
        if !time.is_zero() {
            entry(&mut text, name, time);
        }
    }
    entry(&mut text, "total", plan.total());
    // Names of pools in a file are tokens; a program may have made a profile with others.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("total"))
}

fn entry(text: &mut String, name: &str, time: Duration) {
    let separator = if text.is_empty() { "" } else { ", " };
    write!(text, "{separator}{name};dur={:.3}", time.as_secs_f64() * 1e3)
        .expect("writing to a string cannot fail");
}
