//! Pools whose places were all taken.

use engine::run::ScenarioRun;

use super::{
    super::level::amount,
    Advice, Facts,
    facts::{during, most},
};
use crate::{
    run::{Resource, ResourceKind, Source, Unit},
    words::{count, number, percent},
};

/// From this share on a pool counts as full.
const FULL: f64 = 0.98;
/// A pool that is full in fewer of its readings has only met a burst.
const OFTEN: f64 = 0.1;

pub(super) fn observe(facts: &Facts<'_>) -> Vec<Advice> {
    facts.resources(ResourceKind::Pool).filter_map(|(source, pool)| of(facts, source, pool)).collect()
}

fn of(facts: &Facts<'_>, source: &Source, pool: &Resource) -> Option<Advice> {
    let (mut evidence, mut prove_with) = facts.moved(source, pool);
    let waiting = waiting(facts, source, pool);
    let mut wanted: Option<f64> = None;
    for scenario in facts.scenarios() {
        let Some(seen) = Seen::of(scenario, pool, waiting) else { continue };
        evidence.extend(seen.sentences(scenario, pool, waiting));
        prove_with.push(scenario.name.clone());
        wanted = most(wanted.into_iter().chain(seen.wanted));
    }
    if evidence.is_empty() {
        return None;
    }
    evidence.extend(database_work(source));
    let places = wanted.map(|wanted| {
        format!(
            "At least {} places, by the most that were taken and waited for at once.",
            number(wanted.ceil() as u64)
        )
    });
    Some(Advice {
        title: format!("Enlarge {}, or hold its places for less time", pool.name),
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
    /// Places taken on average while it was full.
    taken: f64,
    /// The most that waited.
    waited: Option<f64>,
    /// The most that were taken and waited for at once.
    wanted: Option<f64>,
}

impl Seen {
    fn of(scenario: &ScenarioRun, pool: &Resource, waiting: Option<&Resource>) -> Option<Self> {
        let capacity = pool.capacity.filter(|capacity| *capacity > 0.0)?;
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
            taken: full.iter().map(|(_, taken)| taken).sum::<f64>() / full.len() as f64,
            waited: most(waits.iter().map(|(_, waited)| *waited)).filter(|waited| *waited > 0.0),
            wanted: most(full.iter().filter_map(together)),
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
        let (requests, seconds) = (scenario.requests().0, scenario.duration.as_secs_f64());
        if requests > 0 && seconds > 0.0 {
            let rate = requests as f64 / seconds;
            told.push(format!(
                "Little's law: {rate:.1} requests a second with {} places taken is {:.1} ms of a place for each \
                 request",
                amount(self.taken, Unit::Count),
                self.taken / rate * 1e3
            ));
        }
        told
    }
}

/// How many statements the database worked on at once, by Little's law: rate x time.
fn database_work(source: &Source) -> Option<String> {
    let statements = source.database.as_ref()?.statements.as_ref()?;
    let seconds = (source.reads.checked_sub(1)? * source.every_ms) as f64 / 1e3;
    let (calls, busy_ms) =
        statements.iter().fold((0, 0.0), |(calls, ms), it| (calls + it.calls, ms + it.total_ms));
    let busy = busy_ms / 1e3 / seconds;
    (calls > 0 && seconds > 0.0).then(|| {
        format!(
            "Little's law: the {} statements of {} took {:.1} s of {seconds:.0} s: {busy:.2} at work at once on \
             average ({} of one connection)",
            number(calls),
            source.name,
            busy_ms / 1e3,
            percent(busy)
        )
    })
}
