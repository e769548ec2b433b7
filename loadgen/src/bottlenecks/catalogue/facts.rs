//! What a run holds, as the catalogue asks for it.

use engine::{record::FaultKind, run::ScenarioRun};

use super::super::Bottleneck;
use crate::{
    run::{Cache, Database, Resource, ResourceKind, Run, Source},
    words::count,
};

/// A run, and what moved with latency in it.
pub(super) struct Facts<'a> {
    pub(super) run: &'a Run,
    found: &'a [Bottleneck],
}

impl<'a> Facts<'a> {
    pub(super) fn new(run: &'a Run, found: &'a [Bottleneck]) -> Self {
        Self { run, found }
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = &'a Source> + use<'a> {
        self.run.evidence.iter().flat_map(|evidence| &evidence.sources)
    }

    pub(super) fn databases(&self) -> impl Iterator<Item = (&'a Source, &'a Database)> + use<'a> {
        self.sources().filter_map(|source| Some((source, source.database.as_ref()?)))
    }

    pub(super) fn caches(&self) -> impl Iterator<Item = (&'a Source, &'a Cache)> + use<'a> {
        self.sources().filter_map(|source| Some((source, source.cache.as_ref()?)))
    }

    pub(super) fn resources(
        &self,
        kind: ResourceKind,
    ) -> impl Iterator<Item = (&'a Source, &'a Resource)> + use<'a> {
        let all = self.sources().flat_map(|source| source.resources.iter().map(move |it| (source, it)));
        all.filter(move |(_, resource)| resource.kind == kind)
    }

    pub(super) fn scenarios(&self) -> impl Iterator<Item = &'a ScenarioRun> + use<'a> {
        self.run.scenarios.iter().map(|measured| &measured.run)
    }

    /// How it moved with latency, in sentences, and the scenarios in which it did.
    pub(super) fn moved(&self, source: &Source, resource: &Resource) -> (Vec<String>, Vec<String>) {
        let found = self.found.iter();
        let mine = found.filter(|found| found.source == source.name && found.resource == resource.name);
        mine.map(|found| (found.sentence.clone(), found.scenario.clone())).unzip()
    }

    /// All requests that were sent while the target's side was read: the baseline's and those of warm-ups, too.
    pub(super) fn requests(&self) -> u64 {
        let measured = self.run.baseline.iter().chain(&self.run.scenarios);
        measured.map(|it| it.run.requests().0 + it.warm_up_requests).sum()
    }

    /// Failures of a kind by route, with the scenario: `429 of POST /api/… in …`.
    pub(super) fn faults(
        &self,
        is: fn(&FaultKind) -> bool,
    ) -> impl Iterator<Item = (&'a ScenarioRun, String)> + use<'a> {
        self.scenarios().flat_map(move |scenario| {
            let endpoints =
                scenario.timings.iter().filter(|timing| timing.role == engine::record::Role::Endpoint);
            endpoints.flat_map(move |timing| {
                let (ok, failed) = timing.counts();
                let kinds = timing.faults.iter().filter(move |fault| is(&fault.kind) && fault.count > 0);
                kinds.map(move |fault| {
                    let times = count(fault.count, "time", "times");
                    let of = count(ok + failed, "request", "requests");
                    (
                        scenario,
                        format!("{}: {} {times} in {of} of {}", timing.name, fault.kind, scenario.name),
                    )
                })
            })
        })
    }
}

/// The highest of some values; `None` of none.
pub(super) fn most(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.filter(|value| value.is_finite()).reduce(f64::max)
}

/// A statement short enough to stand in a sentence.
pub(super) fn quoted(query: &str) -> String {
    /// Characters of it.
    const LENGTH: usize = 160;
    let one_line = query.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'");
    match one_line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("`{} …`", &one_line[..end]),
        None => format!("`{one_line}`"),
    }
}
