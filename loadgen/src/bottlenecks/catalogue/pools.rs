//! Pools whose places were all taken.

use engine::run::ScenarioRun;

use super::{
    super::{
        held::{self, OFTEN, during},
        level::amount,
    },
    Advice, Facts,
    facts::most,
};
use crate::{
    run::{Resource, ResourceKind, Source, Unit},
    words::{count, number},
};

/// From this share on a pool counts as full.
const FULL: f64 = 0.98;

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    facts.resources(ResourceKind::Pool).filter_map(|(source, pool)| of(facts, source, pool)).collect()
}

/// Advice only where it is known how many places there are: all of them were taken for more than a burst, or nearly all
/// while latency rose.
fn of(facts: &Facts<'_>, source: &Source, pool: &Resource) -> Option<Advice> {
    let capacity = held::capacity(pool).filter(|_| !held::is_one_place(pool))?;
    let (mut evidence, mut prove_with) = facts.moved(source, pool);
    let waiting = waiting(facts, source, pool);
    let mut wanted: Option<f64> = None;
    for scenario in facts.scenarios() {
        let Some(seen) = Seen::of(scenario, pool, capacity, waiting) else { continue };
        evidence.extend(seen.sentences(scenario, pool, waiting));
        prove_with.push(scenario.name.clone());
        wanted = most(wanted.into_iter().chain(seen.wanted));
    }
    if evidence.is_empty() {
        return None;
    }
    let places = wanted.map(|wanted| {
        format!(
            "At least {} places, by the most that were taken and waited for at once.",
            number(wanted.ceil() as u64)
        )
    });
    Some(Advice {
        title: format!("Enlarge {} of {}, or hold its places for less time", pool.name, source.name),
        evidence,
        change: places,
        prove_with,
    })
}

/// What waits for a place of this pool: of the same source, with the same label where there are labels.
fn waiting<'a>(facts: &Facts<'a>, source: &Source, pool: &Resource) -> Option<&'a Resource> {
    let labels = |resource: &Resource| resource.name.split_once('{').map(|(_, labels)| labels.to_owned());
    let same = facts.resources(ResourceKind::Waiting).filter(|(other, _)| other.name == source.name);
    same.map(|(_, waiting)| waiting).find(|waiting| labels(waiting) == labels(pool))
}

/// A pool that was full while a scenario ran.
struct Seen {
    full: u64,
    readings: u64,
    /// Places taken on average, over the whole scenario; `None` where they were read as a share of all.
    taken: Option<f64>,
    /// The most that waited.
    waited: Option<f64>,
    /// The most that were taken and waited for at once.
    wanted: Option<f64>,
}

impl Seen {
    fn of(
        scenario: &ScenarioRun,
        pool: &Resource,
        capacity: f64,
        waiting: Option<&Resource>,
    ) -> Option<Self> {
        let counted = pool.unit == Unit::Count;
        let readings = during(scenario, pool);
        let full: Vec<_> = readings.iter().filter(|(_, taken)| *taken >= FULL * capacity).collect();
        let waits = waiting.map(|waiting| during(scenario, waiting)).unwrap_or_default();
        let together = |(at, taken): &&(u64, f64)| {
            let waited = waits.iter().find(|(when, _)| when == at)?.1;
            (waited > 0.0).then_some(taken + waited)
        };
        (!full.is_empty() && full.len() as f64 >= OFTEN * readings.len() as f64).then(|| Self {
            full: full.len() as u64,
            readings: readings.len() as u64,
            taken: counted
                .then(|| readings.iter().map(|(_, taken)| taken).sum::<f64>() / readings.len() as f64),
            waited: most(waits.iter().map(|(_, waited)| *waited)).filter(|waited| *waited > 0.0),
            wanted: most(full.iter().filter(|_| counted).filter_map(together)),
        })
    }

    fn sentences(&self, scenario: &ScenarioRun, pool: &Resource, waiting: Option<&Resource>) -> Vec<String> {
        let mut told = vec![format!(
            "{}: all places taken in {} of {} during {}",
            pool.name,
            number(self.full),
            count(self.readings, "reading", "readings"),
            scenario.name
        )];
        if let (Some(waited), Some(waiting)) = (self.waited, waiting) {
            told.push(format!("{}: up to {} at once", waiting.name, amount(waited, Unit::Count)));
        }
        told.extend(self.taken.and_then(|taken| little(scenario, taken)));
        told
    }
}

/// For how long each request held a place, by Little's law: both means are over the same time, the whole scenario.
fn little(scenario: &ScenarioRun, taken: f64) -> Option<String> {
    let (requests, seconds) = (scenario.requests().0, scenario.duration.as_secs_f64());
    let rate = requests as f64 / seconds;
    (requests > 0 && seconds > 0.0).then(|| {
        format!(
            "Little's law over all of {}: {rate:.1} requests a second, whatever their route, with {} places taken on \
             average is {:.1} ms of a place for each request",
            scenario.name,
            amount(taken, Unit::Count),
            taken / rate * 1e3
        )
    })
}
