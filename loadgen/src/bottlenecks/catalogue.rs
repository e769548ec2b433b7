//! Changes worth trying, keyed by what was observed: a file per topic, each with its conditions and its words. Nothing
//! is recommended that the run has no evidence of.

mod assets;
mod cache;
mod connecting;
mod connections;
mod facts;
mod generator;
mod indexes;
mod locks;
mod machine;
mod memory;
mod pagination;
mod pools;
mod proof;
mod refusals;
mod repeated;
mod search;
mod sockets;
mod statements;

use self::facts::Facts;
use super::{Bottleneck, Recommendation};
use crate::run::Run;

/// What it is about, and what says so.
struct Entry {
    topic: &'static str,
    observe: fn(&Facts<'_>) -> Vec<Advice>,
}

/// A recommendation in the making.
#[derive(Debug)]
struct Advice {
    title: String,
    evidence: Vec<String>,
    change: Option<String>,
    /// Scenarios that show whether it helped; all that ran where it is empty.
    prove_with: Vec<String>,
}

/// In the order in which they are told, those that moved with latency first.
const ENTRIES: &[Entry] = &[
    Entry { topic: "Load generator", observe: generator::observe },
    Entry { topic: "Database indexes", observe: indexes::observe },
    Entry { topic: "Connection pools", observe: pools::observe },
    Entry { topic: "Lock waits", observe: locks::observe },
    Entry { topic: "Slow statements", observe: statements::observe },
    Entry { topic: "Repeated statements", observe: repeated::observe },
    Entry { topic: "Pagination", observe: pagination::observe },
    Entry { topic: "Database memory", observe: memory::observe },
    Entry { topic: "Database connections", observe: connections::observe },
    Entry { topic: "Cache hit rate", observe: cache::hit_rate },
    Entry { topic: "Redis memory", observe: cache::memory },
    Entry { topic: "Redis commands", observe: cache::commands },
    Entry { topic: "Processor and memory", observe: machine::observe },
    Entry { topic: "Search", observe: search::observe },
    Entry { topic: "WebSockets", observe: sockets::observe },
    Entry { topic: "Static assets", observe: assets::observe },
    Entry { topic: "Rate limits", observe: refusals::rate_limits },
    Entry { topic: "Timeouts and retries", observe: refusals::timeouts },
    Entry { topic: "Connections and TLS", observe: connecting::observe },
];

pub(super) fn topics() -> Vec<&'static str> {
    ENTRIES.iter().map(|entry| entry.topic).collect()
}

/// What to do about what was observed.
pub(super) fn recommend(run: &Run, found: &[Bottleneck]) -> Vec<Recommendation> {
    let facts = Facts::new(run, found);
    let of = |entry: &Entry| {
        let observed = (entry.observe)(&facts).into_iter().filter(|advice| !advice.evidence.is_empty());
        observed.map(|advice| told(entry.topic, advice, &facts)).collect::<Vec<_>>()
    };
    let mut all: Vec<Recommendation> = ENTRIES.iter().flat_map(of).collect();
    let moved = |it: &Recommendation| found.iter().any(|found| it.evidence.contains(&found.sentence));
    let void = |it: &Recommendation| it.topic == ENTRIES[0].topic;
    all.sort_by_key(|it| (!void(it), !moved(it)));
    all
}

fn told(topic: &'static str, advice: Advice, facts: &Facts<'_>) -> Recommendation {
    let Advice { title, evidence, change, prove_with } = advice;
    Recommendation { topic, title, evidence, change, proof: proof::commands(facts.run, &prove_with) }
}
