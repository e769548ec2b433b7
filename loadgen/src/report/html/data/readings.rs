//! What was read of the target's side, in the seconds of a scenario: to be looked at beside its latencies.

use engine::run::ScenarioRun;
use serde::Serialize;

use crate::run::{Evidence, Measured, Resource, ResourceKind, Run, Unit};

/// Points a chart has at most for one figure.
const POINTS: usize = 300;

/// One figure while a scenario ran.
#[derive(Debug, Serialize)]
pub(super) struct Reading<'a> {
    source: &'a str,
    name: &'a str,
    unit: Unit,
    /// The value at which there is no more.
    capacity: Option<f64>,
    /// Seconds from the scenario's start, and the value.
    points: Vec<(f64, f64)>,
}

impl Reading<'_> {
    /// About what it takes in the page, bytes.
    pub(super) fn size(&self) -> usize {
        const FRAME: usize = 80;
        const POINT: usize = 24;
        FRAME + self.source.len() + self.name.len() + POINT * self.points.len()
    }
}

/// What was read while a scenario of a run was on.
pub(super) fn of_run<'a>(run: &'a Run, measured: &Measured) -> Vec<Reading<'a>> {
    let before_s = measured.warm_up_s.unwrap_or_default();
    run.evidence.as_ref().map_or_else(Vec::new, |evidence| of(evidence, &measured.run, before_s))
}

/// The figures that were read while a scenario ran, `before_s` of warm-up included: the fullest first, then the others as
/// they were read. One that never changed and has no end says nothing and is left out.
fn of<'a>(evidence: &'a Evidence, scenario: &ScenarioRun, before_s: f64) -> Vec<Reading<'a>> {
    let span = -before_s..=scenario.duration.as_secs_f64();
    let begun_s = scenario.started_unix_ms as f64 / 1e3;
    let mut readings: Vec<(f64, Reading<'a>)> = Vec::new();
    for source in &evidence.sources {
        for resource in &source.resources {
            let at = |&(unix_ms, value): &(u64, f64)| (unix_ms as f64 / 1e3 - begun_s, value);
            let seen =
                resource.points.iter().map(at).filter(|(at, value)| span.contains(at) && value.is_finite());
            let points: Vec<(f64, f64)> = seen.collect();
            let changes = points.windows(2).any(|pair| pair[0].1.total_cmp(&pair[1].1).is_ne());
            if points.len() < 2 || !(changes || resource.capacity.is_some()) {
                continue;
            }
            let highest = points.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
            let full = resource.capacity.filter(|most| *most > 0.0).map_or(-1.0, |most| highest / most);
            let points = thinned(resource, &points);
            let (name, unit, capacity) = (resource.name.as_str(), resource.unit, resource.capacity);
            readings.push((full, Reading { source: &source.name, name, unit, capacity, points }));
        }
    }
    readings.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    readings.into_iter().map(|(_, reading)| reading).collect()
}

/// Of points that would stand too close, the worst of each few: the highest, of what a cache answers the lowest.
fn thinned(resource: &Resource, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let worse = |a: f64, b: f64| if resource.kind == ResourceKind::CacheHit { a < b } else { a > b };
    let rounded = |(at, value): (f64, f64)| ((at * 10.0).round() / 10.0, value);
    let few = points.chunks(points.len().div_ceil(POINTS).max(1));
    few.filter_map(|few| few.iter().copied().reduce(|a, b| if worse(b.1, a.1) { b } else { a }))
        .map(rounded)
        .collect()
}
