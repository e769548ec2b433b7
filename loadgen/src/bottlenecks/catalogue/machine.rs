//! Processors and memory of the target that are nearly used up.

use super::{
    super::level::amount,
    Advice, Facts,
    facts::{during, most},
};
use crate::{
    run::{Resource, ResourceKind, Source, Unit},
    words::{count, number, percent},
};

/// What a processor and memory may be used to, as the launch checklist has it.
pub(super) const LIMITS: [(ResourceKind, f64); 2] = [(ResourceKind::Cpu, 0.9), (ResourceKind::Memory, 0.85)];

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    let kinds = LIMITS.into_iter();
    kinds
        .flat_map(|(kind, limit)| {
            facts.resources(kind).filter_map(move |(source, it)| of(facts, source, it, limit))
        })
        .collect()
}

fn of(facts: &Facts<'_>, source: &Source, resource: &Resource, limit: f64) -> Option<Advice> {
    let (mut evidence, mut prove_with) = facts.moved(source, resource);
    let capacity = resource.capacity.or((resource.unit == Unit::Share).then_some(1.0));
    for scenario in facts.scenarios() {
        let Some(capacity) = capacity.filter(|capacity| *capacity > 0.0) else { continue };
        let readings = during(scenario, resource);
        let over = readings.iter().filter(|(_, value)| *value >= limit * capacity).count();
        let Some(most) = most(readings.iter().map(|(_, value)| *value)).filter(|_| over > 0) else {
            continue;
        };
        evidence.push(format!(
            "{}: {} or more in {} of {} during {}, {} of {} at most",
            resource.name,
            percent(limit),
            number(over as u64),
            count(readings.len() as u64, "reading", "readings"),
            scenario.name,
            amount(most, resource.unit),
            amount(capacity, resource.unit)
        ));
        prove_with.push(scenario.name.clone());
    }
    let what = if resource.kind == ResourceKind::Cpu { "processor" } else { "memory" };
    (!evidence.is_empty()).then(|| Advice {
        title: format!("Give {} more {what}, or more servers to share the work", source.name),
        evidence,
        change: None,
        prove_with,
    })
}
