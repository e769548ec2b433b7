//! Processors and memory of the target that were nearly used up.

use super::{
    super::{
        held::{self, Held},
        level::amount,
    },
    Advice, Facts,
};
use crate::{
    run::{Resource, ResourceKind, Source},
    words::percent,
};

/// What is told of a kind, and what it may be used to, as the launch checklist has it.
const LIMITS: [(ResourceKind, &str, f64); 2] =
    [(ResourceKind::Cpu, "processor", held::CPU), (ResourceKind::Memory, "memory", held::MEMORY)];

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    let of_kind = |(kind, what, limit)| {
        let all = facts.resources(kind).filter(|(source, it)| !held::is_full_by_design(source, it));
        all.filter_map(move |(source, it)| of(facts, source, it, what, limit))
    };
    LIMITS.into_iter().flat_map(of_kind).collect()
}

/// Advice only where a known capacity was nearly reached, for more than a burst: what merely moved with latency may have
/// been idle.
fn of(facts: &Facts<'_>, source: &Source, resource: &Resource, what: &str, limit: f64) -> Option<Advice> {
    let capacity = held::capacity(resource)?;
    let mut reached = Vec::new();
    let (mut evidence, mut prove_with) = facts.moved(source, resource);
    for scenario in facts.scenarios() {
        let seen = Held::during(scenario, resource, limit * capacity).filter(Held::is_often);
        let Some(seen) = seen else { continue };
        reached.push(format!(
            "{}: {} or more in {} during {}, {} of {} at most",
            resource.name,
            percent(limit),
            seen.words(),
            scenario.name,
            amount(seen.most, resource.unit),
            amount(capacity, resource.unit)
        ));
        prove_with.push(scenario.name.clone());
    }
    if reached.is_empty() {
        return None;
    }
    evidence.extend(reached);
    Some(Advice {
        title: format!(
            "More {what}, or more servers to share the work: {} of {} was nearly used up",
            resource.name, source.name
        ),
        evidence,
        change: None,
        prove_with,
    })
}
