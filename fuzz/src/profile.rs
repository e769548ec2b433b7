//! A latency profile as TOML.

use fixtures::profiles;

/// A profile is sound, or refused with a line that is there.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let known: Vec<&str> = contract::measured_routes().collect();
    match profiles::parse(&text, &known) {
        Ok(profile) => {
            for (name, route) in &profile.routes {
                let rising = [route.min, route.p50, route.p95, route.p99, route.p999, route.cap];
                assert!(rising.iter().all(|ms| ms.is_finite() && *ms >= 0.0), "{name}: {rising:?}");
                assert!(rising.is_sorted(), "{name}: {rising:?}");
                assert!(route.stages.iter().all(|stage| profile.pools.contains_key(&stage.pool)), "{name}");
            }
        }
        Err(error) => assert!((1..=text.lines().count().max(1)).contains(&error.line), "{error}"),
    }
}
