//! How long a resource was used so much while scenarios ran: what recommendations and the checklist go by.

use engine::run::ScenarioRun;

use crate::{
    run::{Resource, ResourceKind, Source, SourceKind, Unit},
    words::proportion,
};

/// What processors may be used to.
pub(crate) const CPU: f64 = 0.9;
/// What memory may be used to.
pub(crate) const MEMORY: f64 = 0.85;
/// In a smaller share of a scenario's readings a level was only met by a burst.
pub(crate) const OFTEN: f64 = 0.1;
/// One reading alone says nothing of how long.
const AGAIN: u64 = 2;

/// The value at which there is no more of it, where that is known. Of a cache's answers there is none: all of them are
/// what is wished for.
pub(crate) fn capacity(resource: &Resource) -> Option<f64> {
    if resource.kind == ResourceKind::CacheHit {
        return None;
    }
    let share = (resource.unit == Unit::Share).then_some(1.0);
    resource.capacity.or(share).filter(|capacity| *capacity > 0.0)
}

/// Whether it is the memory of a Redis: one that evicts is full by design, and what it loses is told by its evictions.
pub(crate) fn is_full_by_design(source: &Source, resource: &Resource) -> bool {
    // Exporters and the usual queries begin the name of all that is Redis' with its own.
    let of_redis = source.kind == SourceKind::Redis || resource.name.starts_with("redis");
    resource.kind == ResourceKind::Memory && of_redis
}

/// Whether it has one place only, which is taken whenever somebody is served: how often says how busy it is, and nothing of
/// too few places.
pub(crate) fn is_one_place(pool: &Resource) -> bool {
    pool.kind == ResourceKind::Pool
        && pool.unit == Unit::Count
        && pool.capacity.is_some_and(|most| most <= 1.0)
}

/// Readings taken while a scenario ran.
pub(crate) fn during(scenario: &ScenarioRun, resource: &Resource) -> Vec<(u64, f64)> {
    let length = u64::try_from(scenario.duration.as_millis()).unwrap_or(u64::MAX);
    let window = scenario.started_unix_ms..scenario.started_unix_ms.saturating_add(length);
    resource.points.iter().filter(|(at, value)| window.contains(at) && value.is_finite()).copied().collect()
}

/// How often a resource was at a level or above it while a scenario ran.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Held {
    /// Readings at the level or above it.
    over: u64,
    /// All readings of that time.
    readings: u64,
    /// The highest of them.
    pub(crate) most: f64,
}

impl Held {
    /// `None` where it was not read while the scenario ran.
    pub(crate) fn during(scenario: &ScenarioRun, resource: &Resource, level: f64) -> Option<Self> {
        let readings = during(scenario, resource);
        let most = readings.iter().map(|(_, value)| *value).reduce(f64::max)?;
        let over = readings.iter().filter(|(_, value)| *value >= level).count();
        Some(Self { over: over as u64, readings: readings.len() as u64, most })
    }

    /// Whether it was read often enough to say how long it was there.
    pub(crate) fn is_judged(&self) -> bool {
        self.readings >= AGAIN
    }

    /// Of its readings, those at the level or above it.
    pub(crate) fn share(&self) -> f64 {
        self.over as f64 / self.readings as f64
    }

    /// Whether it was there for so long that it was no burst.
    pub(crate) fn is_often(&self) -> bool {
        self.over >= AGAIN && self.share() >= OFTEN
    }

    /// `12 % (7 of 60) of the readings`.
    pub(crate) fn words(&self) -> String {
        format!("{} of the readings", proportion(self.share(), self.over, self.readings))
    }
}
