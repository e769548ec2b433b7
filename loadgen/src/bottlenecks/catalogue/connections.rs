//! Connections near the most a database allows.

use super::{
    super::level::{NEARLY_FULL, amount},
    Advice, Facts,
    facts::most,
};
use crate::{
    run::{Resource, ResourceKind, Source, SourceKind, Unit},
    words::percent,
};

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    let held = facts.resources(ResourceKind::Connections);
    let postgres = held.filter(|(source, _)| source.kind == SourceKind::Postgres);
    postgres.filter_map(|(source, resource)| of(facts, source, resource)).collect()
}

fn of(facts: &Facts<'_>, source: &Source, resource: &Resource) -> Option<Advice> {
    let (mut evidence, prove_with) = facts.moved(source, resource);
    evidence.extend(near(source, resource));
    (!evidence.is_empty()).then(|| Advice {
        title: "Put a connection pooler before the database".to_owned(),
        evidence,
        change: Some("pgbouncer with pool_mode = transaction".to_owned()),
        prove_with,
    })
}

/// Connections near the most there may be, in a sentence.
pub(super) fn near(source: &Source, resource: &Resource) -> Option<String> {
    let capacity = resource.capacity.filter(|capacity| *capacity > 0.0)?;
    let held = most(resource.points.iter().map(|(_, value)| *value))?;
    (held >= NEARLY_FULL * capacity).then(|| {
        let [held_text, capacity_text] = [held, capacity].map(|value| amount(value, Unit::Count));
        format!(
            "{}: up to {held_text} of {capacity_text} connections ({})",
            source.name,
            percent(held / capacity)
        )
    })
}
