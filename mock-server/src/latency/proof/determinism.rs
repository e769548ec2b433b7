//! The same seed plans the same, whoever serves.

use std::sync::Mutex;
use std::time::Duration;

use fixtures::profiles::{self, Profile, ProfileError};

use super::Check;
use crate::latency::model::{Arrival, Model, RouteId};
use crate::sync::lock;

/// Requests that are planned, over all routes.
const REQUESTS: usize = 12_800;
/// When they all arrive: after whatever a start disturbs.
const NOW: Duration = Duration::from_mins(10);

/// The multiset of planned times on one worker and on 64, and under another seed.
pub fn determinism() -> Vec<Check> {
    let known: Vec<&str> = contract::measured_routes().collect();
    let mut profile = match profiles::parse(profiles::HEALTHY, &known) {
        Ok(profile) => profile,
        Err(fault) => return vec![unread(&fault)],
    };
    // Waiting depends on who came before, which is nobody's seed: what is drawn does not.
    profile.default.iter_mut().chain(profile.routes.values_mut()).for_each(|route| route.stages.clear());
    let one = planned(&profile, 42, 1);
    let alike = |name: &str, other: &[(usize, Duration)], expected: bool| {
        let word = |alike: bool| if alike { "the same" } else { "different" }.to_owned();
        Check {
            name: format!("{REQUESTS} planned times, {name}"),
            expected: word(expected),
            found: word(other == one),
            tolerance: "exact".to_owned(),
            ok: (other == one) == expected,
        }
    };
    vec![
        alike("1 worker and 64", &planned(&profile, 42, 64), true),
        alike("seed 42 and seed 43", &planned(&profile, 43, 1), false),
    ]
}

/// Nothing was planned, so nothing is proved.
fn unread(fault: &ProfileError) -> Check {
    Check {
        name: format!("{REQUESTS} planned times"),
        expected: "the profile `healthy`".to_owned(),
        found: fault.to_string(),
        tolerance: "exact".to_owned(),
        ok: false,
    }
}

/// What is planned for all requests, sorted: workers race for the queues as the mock's do.
fn planned(profile: &Profile, seed: u64, workers: usize) -> Vec<(usize, Duration)> {
    let model = Model::new(profile, seed, contract::measured_routes());
    let routes = contract::measured_routes().count();
    let queues = Mutex::new(model.queues());
    let (next, plans) = (Mutex::new(0..REQUESTS), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(request) = lock(&next).next() else { break };
                    let route = RouteId(request % routes);
                    let mut queues = lock(&queues);
                    let ordinal = queues.next_ordinal(route);
                    let plan = model.admit(&mut queues, Arrival { now: NOW, route, ordinal, key: "" });
                    drop(queues);
                    lock(&plans).push((route.0, plan.total()));
                }
            });
        }
    });
    let mut plans = std::mem::take(&mut *lock(&plans));
    plans.sort_unstable();
    plans
}
