//! What a Redis missed, threw away, refused, or took long for.

use super::{Advice, Facts, connections::near};
use crate::{
    run::{ResourceKind, SourceKind},
    words::{count, number, percent, proportion},
};

/// Below this a cache hardly helps.
const HIT: f64 = 0.7;
/// Of fewer look-ups no rate is worth a change.
const LOOK_UPS: u64 = 100;
/// Slow commands that are told one by one.
const TOLD: usize = 5;

pub(super) fn hit_rate(facts: &Facts<'_>) -> Vec<Advice> {
    let of = |(source, cache): (&crate::run::Source, &crate::run::Cache)| {
        let look_ups = cache.hits + cache.misses;
        let rate = cache.hits as f64 / look_ups.max(1) as f64;
        (look_ups >= LOOK_UPS && rate < HIT).then(|| Advice {
            title: "Keep answers longer, and fill the cache before people come".to_owned(),
            evidence: vec![format!(
                "{} of the look-ups in {} found something; less than {} is little",
                proportion(rate, cache.hits, look_ups),
                source.name,
                percent(HIT)
            )],
            change: Some("SETEX with 300 s for the event list, 600 s for an event and for search results; delete the keys when an event changes.".to_owned()),
            prove_with: Vec::new(),
        })
    };
    facts.caches().filter_map(of).collect()
}

pub(super) fn memory(facts: &Facts<'_>) -> Vec<Advice> {
    let of = |(source, cache): (&crate::run::Source, &crate::run::Cache)| {
        let mut evidence = Vec::new();
        if cache.evicted > 0 {
            let limit = cache.memory_limit.map_or_else(String::new, |limit| {
                format!(" (maxmemory {})", super::super::level::bytes(limit as f64))
            });
            evidence.push(format!(
                "{} had to go for want of memory in {}{limit}",
                count(cache.evicted, "key", "keys"),
                source.name
            ));
        }
        (!evidence.is_empty()).then(|| Advice {
            title: "Give Redis more memory, or smaller and shorter-lived keys".to_owned(),
            evidence,
            change: Some(
                "CONFIG SET maxmemory …; keep sessions and locks out of what maxmemory-policy may evict."
                    .to_owned(),
            ),
            prove_with: Vec::new(),
        })
    };
    facts.caches().filter_map(of).collect()
}

pub(super) fn commands(facts: &Facts<'_>) -> Vec<Advice> {
    let of = |(source, cache): (&crate::run::Source, &crate::run::Cache)| {
        let mut evidence: Vec<String> = cache
            .slow
            .iter()
            .take(TOLD)
            .map(|slow| format!("`{}` took {} µs in {}", slow.command, number(slow.took_us), source.name))
            .collect();
        if cache.rejected > 0 {
            evidence.push(format!(
                "{} refused {}",
                source.name,
                count(cache.rejected, "connection", "connections")
            ));
        }
        (!evidence.is_empty()).then(|| Advice {
            title: "Keep commands short: Redis does one at a time".to_owned(),
            evidence,
            change: None,
            prove_with: Vec::new(),
        })
    };
    let crowded =
        facts.resources(ResourceKind::Connections).filter(|(source, _)| source.kind == SourceKind::Redis);
    let crowded = crowded.filter_map(|(source, resource)| near(facts, source, resource)).map(|seen| Advice {
        title: "Share one pool of Redis connections in each process".to_owned(),
        evidence: vec![seen],
        change: None,
        prove_with: Vec::new(),
    });
    facts.caches().filter_map(of).chain(crowded).collect()
}
