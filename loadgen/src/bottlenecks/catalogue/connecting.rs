//! Connections that take long to make.

use std::time::Duration;

use engine::record::{Column, Phase, Role};

use super::{Advice, Facts};
use crate::words::{count, duration};

/// What making a connection and securing it may take, p95.
const LIMITS: [(Phase, Duration, &str); 2] = [
    (Phase::Connecting, Duration::from_millis(100), "connecting"),
    (Phase::Tls, Duration::from_millis(200), "the TLS handshake"),
];
/// Of fewer connections no p95 is worth a change.
const ENOUGH: u64 = 20;

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    let mut evidence = Vec::new();
    let mut prove_with = Vec::new();
    for scenario in facts.scenarios() {
        for timing in scenario.timings.iter().filter(|timing| timing.role == Role::Endpoint) {
            for (phase, limit, told) in LIMITS {
                let seen = timing.distribution(Column::Phase(phase));
                let slow = seen.percentile(95.0).value.filter(|p95| *p95 >= limit && seen.count() >= ENOUGH);
                let Some(p95) = slow else { continue };
                let of = count(seen.count(), "connection", "connections");
                evidence.push(format!(
                    "{}: p95 of {told} {} ({of} in {})",
                    timing.name,
                    duration(p95),
                    scenario.name
                ));
                prove_with.push(scenario.name.clone());
            }
        }
    }
    if evidence.is_empty() {
        return Vec::new();
    }
    vec![Advice {
        title: "Keep connections open, resume TLS sessions, and end TLS near the users".to_owned(),
        evidence,
        change: None,
        prove_with,
    }]
}
