//! What was used of the target's resources while scenarios ran, held against the checklist's limits.

use super::{Line, Mark};
use crate::{
    bottlenecks::held::{self, CPU, Held, MEMORY, OFTEN},
    run::{Resource, ResourceKind, Run, Source, SourceKind},
    words::percent,
};

/// Connections of those there may be.
const CONNECTIONS: f64 = 0.8;
/// Places of a pool: all of them.
const ALL: f64 = 1.0;

/// What is judged: which resources, and what should be so of each.
struct Limit {
    section: &'static str,
    kind: ResourceKind,
    /// Only what was read there; everywhere else, too, where it is `None`.
    read_in: Option<SourceKind>,
    /// The share of its capacity.
    level: f64,
    claim: &'static str,
    /// Why none can be judged.
    unread: &'static str,
}

const UNREAD: &str =
    "no such figure with a known capacity was read (`loadgen run --probe-metrics`, `--probe-prometheus`)";
const RESOURCES: [Limit; 3] = [
    Limit {
        section: "Resources",
        kind: ResourceKind::Cpu,
        read_in: None,
        level: CPU,
        claim: "processors stay below",
        unread: UNREAD,
    },
    Limit {
        section: "Resources",
        kind: ResourceKind::Memory,
        read_in: None,
        level: MEMORY,
        claim: "memory stays below",
        unread: UNREAD,
    },
    Limit {
        section: "Resources",
        kind: ResourceKind::Pool,
        read_in: None,
        level: ALL,
        claim: "pools stay below",
        unread: UNREAD,
    },
];
const DATABASE: Limit = Limit {
    section: "Database",
    kind: ResourceKind::Connections,
    read_in: Some(SourceKind::Postgres),
    level: CONNECTIONS,
    claim: "connections stay below",
    unread: "no database's connections were read",
};

pub(super) fn resources(run: &Run, sources: &[Source]) -> Vec<Line> {
    RESOURCES.iter().flat_map(|limit| limit.lines(run, sources)).collect()
}

pub(super) fn connections(run: &Run, sources: &[Source]) -> Vec<Line> {
    DATABASE.lines(run, sources)
}

impl Limit {
    /// A line for each resource, or one that says that there is none.
    fn lines(&self, run: &Run, sources: &[Source]) -> Vec<Line> {
        let read = sources.iter().filter(|source| self.read_in.is_none_or(|kind| source.kind == kind));
        let all = read.flat_map(|source| source.resources.iter().map(move |it| (source, it)));
        let lines: Vec<Line> = all
            .filter(|(source, it)| it.kind == self.kind && !held::is_full_by_design(source, it))
            .filter(|(_, it)| !held::is_one_place(it))
            .filter_map(|(source, it)| self.line(run, source, it))
            .collect();
        if lines.is_empty() { vec![Line::unknown(self.section, self.claim(), self.unread)] } else { lines }
    }

    fn claim(&self) -> String {
        format!("{} {}", self.claim, percent(self.level))
    }

    /// The scenario in which it was worst decides: what is read beside them is nobody's launch.
    fn line(&self, run: &Run, source: &Source, resource: &Resource) -> Option<Line> {
        let capacity = held::capacity(resource)?;
        let claim = format!("{}: {} of {}", self.claim(), resource.name, source.name);
        let seen = run.scenarios.iter().filter_map(|measured| {
            let held = Held::during(&measured.run, resource, self.level * capacity)?;
            held.is_judged().then_some(())?;
            Some((held, measured.run.name.as_str()))
        });
        let rank = |held: &Held| (held.is_often(), held.share(), held.most);
        let worst = seen.reduce(|worst, next| if rank(&next.0) > rank(&worst.0) { next } else { worst });
        let Some((held, scenario)) = worst else {
            return Some(Line::unknown(
                self.section,
                claim,
                "it was not read, or once only, while a scenario ran",
            ));
        };
        let because = format!(
            "{} or more in {} during {scenario}, its worst, {} at most; missed from {} of a scenario's readings on, if \
             more than one",
            percent(self.level),
            held.words(),
            percent(held.most / capacity),
            percent(OFTEN)
        );
        Some(Line::new(self.section, claim, Mark::of(!held.is_often()), because))
    }
}
