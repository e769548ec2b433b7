//! Connections near the most a database allows.

use super::{
    super::{
        held::Held,
        level::{NEARLY_FULL, amount},
    },
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
    evidence.extend(near(facts, source, resource));
    (!evidence.is_empty()).then(|| Advice {
        title: "Put a connection pooler before the database".to_owned(),
        evidence,
        change: Some("pgbouncer with pool_mode = transaction".to_owned()),
        prove_with,
    })
}

/// Connections near the most there may be, and not for a moment only, in a sentence.
pub(super) fn near(facts: &Facts<'_>, source: &Source, resource: &Resource) -> Option<String> {
    let capacity = resource.capacity.filter(|capacity| *capacity > 0.0)?;
    let seen = facts.scenarios().filter_map(|it| Held::during(it, resource, NEARLY_FULL * capacity));
    most(seen.filter(Held::is_often).map(|held| held.most)).map(|held| {
        let [held_text, capacity_text] = [held, capacity].map(|value| amount(value, Unit::Count));
        format!(
            "{}: up to {held_text} of {capacity_text} connections ({})",
            source.name,
            percent(held / capacity)
        )
    })
}
