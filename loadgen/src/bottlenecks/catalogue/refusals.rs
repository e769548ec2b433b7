//! Requests that were turned away, or not answered in time.

use engine::record::FaultKind;

use super::{Advice, Facts};

pub(super) fn rate_limits(facts: &Facts<'_>) -> Vec<Advice> {
    let title = "Raise the rate limit for launch day, or count users and not addresses";
    advice(facts, title, |kind| matches!(kind, FaultKind::Status(429)))
}

pub(super) fn timeouts(facts: &Facts<'_>) -> Vec<Advice> {
    let title = "Refuse early with Retry-After, and let clients retry with backoff";
    let late = |kind: &FaultKind| matches!(kind, FaultKind::Timeout | FaultKind::Status(502..=504));
    advice(facts, title, late)
}

fn advice(facts: &Facts<'_>, title: &str, is: fn(&FaultKind) -> bool) -> Vec<Advice> {
    let (evidence, prove_with): (Vec<String>, Vec<String>) =
        facts.faults(is).map(|(scenario, sentence)| (sentence, scenario.name.clone())).unzip();
    if evidence.is_empty() {
        return Vec::new();
    }
    vec![Advice { title: title.to_owned(), evidence, change: None, prove_with }]
}
