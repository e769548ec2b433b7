//! Which requests took long: the slowest of each route, minute by minute. Whoever keeps the slowest of a route finds, for
//! those that were slow here, what was done for them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::Method;
use tokio::time::Instant;

/// Of each route, so many of the slowest.
const OF_A_ROUTE: usize = 10;
/// After so long what was slow before counts no more.
const MINUTE: Duration = Duration::from_mins(1);

/// The slowest so far, by method and path. Asked of each request, and only where there is a collector.
#[derive(Debug, Default)]
pub(super) struct Slow(Mutex<HashMap<Method, HashMap<String, Slowest>>>);

#[derive(Debug)]
struct Slowest {
    since: Instant,
    /// From the slowest on.
    times: Vec<Duration>,
}

impl Slow {
    /// Whether this one, over `now`, is among the slowest of its route so far in its minute. The first of a minute are,
    /// whatever they took.
    pub(super) fn takes(&self, method: &Method, route: &str, took: Duration, now: Instant) -> bool {
        let mut methods = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let routes = methods.entry(method.clone()).or_default();
        // No copy of the name but for a route's first.
        if let Some(slowest) = routes.get_mut(route) {
            return slowest.takes(took, now);
        }
        routes.insert(route.to_owned(), Slowest { since: now, times: vec![took] });
        true
    }
}

impl Slowest {
    fn takes(&mut self, took: Duration, now: Instant) -> bool {
        if now.saturating_duration_since(self.since) >= MINUTE {
            self.since = now;
            self.times.clear();
        }
        let place = self.times.partition_point(|kept| *kept >= took);
        if place == OF_A_ROUTE {
            return false;
        }
        self.times.truncate(OF_A_ROUTE - 1);
        self.times.insert(place, took);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_slowest_are_always_among_those_that_are_taken() {
        let (slow, now) = (Slow::default(), clock::now());
        let times: Vec<u64> = (0..1_000).map(|n| n * 377 % 1_000).collect();
        let taken: Vec<u64> = times
            .iter()
            .copied()
            .filter(|took| slow.takes(&Method::GET, "/api/search", ms(*took), now))
            .collect();
        assert!((990..1_000).all(|took| taken.contains(&took)), "{taken:?}");
        assert!(taken.len() < 200, "{} of 1 000 would be told of", taken.len());
        assert!(!slow.takes(&Method::GET, "/api/search", ms(500), now));
    }

    #[test]
    fn each_route_and_each_minute_begins_anew() {
        let (slow, now) = (Slow::default(), clock::now());
        let takes = |method: &Method, route, took, at| slow.takes(method, route, ms(took), at);
        for _ in 0..OF_A_ROUTE {
            assert!(takes(&Method::GET, "/api/events", 900, now));
        }
        assert!(!takes(&Method::GET, "/api/events", 800, now));
        assert!(!takes(&Method::GET, "/api/events", 900, now), "it is no slower than those");
        assert!(takes(&Method::POST, "/api/events", 1, now) && takes(&Method::GET, "/api/search", 1, now));
        let later = now + MINUTE;
        assert!(!takes(&Method::GET, "/api/events", 800, later.checked_sub(ms(1)).expect("it is later")));
        assert!(takes(&Method::GET, "/api/events", 800, later));
    }
}
