//! Backends that wait for each other.

use super::{Advice, Facts};
use crate::{
    run::{Database, ResourceKind, Source},
    words::{count, proportion},
};

/// A wait in fewer samples of a backend at work is not worth a change.
const OFTEN: f64 = 0.05;

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    facts.databases().filter_map(|(source, database)| of(facts, source, database)).collect()
}

fn of(facts: &Facts<'_>, source: &Source, database: &Database) -> Option<Advice> {
    let mut prove_with = Vec::new();
    let mut evidence = Vec::new();
    for (_, resource) in
        facts.resources(ResourceKind::LockWaits).filter(|(other, _)| other.name == source.name)
    {
        let (sentences, scenarios) = facts.moved(source, resource);
        evidence.extend(sentences);
        prove_with.extend(scenarios);
    }
    evidence.extend(often(database, "Lock"));
    if let Some(deadlocks @ 1..) = database.deadlocks {
        evidence.push(format!("{} in {}", count(deadlocks, "deadlock", "deadlocks"), source.name));
    }
    (!evidence.is_empty()).then(|| Advice {
        title: "Hold row locks for less time, and take them in one order".to_owned(),
        evidence,
        change: Some("SET lock_timeout = '2s';".to_owned()),
        prove_with,
    })
}

/// Waits of a class that came often, in sentences.
pub(super) fn often(database: &Database, class: &str) -> Vec<String> {
    let share = |samples: u64| samples as f64 / database.samples.max(1) as f64;
    let of_class = |event: &str| event.split(':').next().is_some_and(|found| found.trim() == class);
    let waits = database.waits.iter().filter(|wait| of_class(&wait.event) && share(wait.samples) >= OFTEN);
    waits
        .map(|wait| {
            let seen = proportion(share(wait.samples), wait.samples, database.samples);
            format!("backends at work waited for `{}` in {seen} samples", wait.event)
        })
        .collect()
}
