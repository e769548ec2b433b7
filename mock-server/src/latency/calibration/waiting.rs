//! What the model adds to requests at given rates, found by simulation on a virtual clock.

use std::time::Duration;

use fixtures::profiles::Profile;

use crate::latency::model::{Arrival, Model, Plan, Queues, RouteId};
use crate::latency::stream::{Lane, Stream};

/// Requests simulated, over all routes.
const ARRIVALS: u64 = 150_000;
/// Of those, not counted: the pools fill up.
const WARM: u64 = ARRIVALS / 10;
/// Samples a route should have. Who has fewer is looked at besides, without being served.
const SAMPLES: u64 = 1_000;
/// When the first request comes: long after whatever a start disturbs.
const START: Duration = Duration::from_mins(1);
/// Requests about events are spread evenly over this many: a crowd has a few in mind.
const EVENTS: usize = 16;

/// What was added to a route's requests.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Waited {
    /// What came on top of a request's own time, in seconds; at least one value.
    pub(super) seconds: Vec<f64>,
    /// Share of requests that were refused.
    pub(super) refused: f64,
}

/// One simulation.
struct Simulation<'a> {
    model: &'a Model,
    queues: Queues,
    keys: Vec<String>,
    tallies: Vec<Tally>,
}

#[derive(Debug, Clone, Default)]
struct Tally {
    seconds: Vec<f64>,
    refused: u64,
}

/// Runs all routes together, each with Poisson arrivals at its rate per second. The merged stream of arrivals is
/// Poisson too, and each belongs to a route with the probability of its share of the rate.
pub(super) fn simulate(profile: &Profile, seed: u64, rates: &[(&str, f64)]) -> Vec<Waited> {
    let model = Model::new(profile, seed, rates.iter().map(|(name, _)| *name));
    let (gaps, picks) = (Stream::new(seed, "calibration gaps"), Stream::new(seed, "calibration routes"));
    let mut up_to = Vec::new();
    let total = rates.iter().fold(0.0, |sum, (_, rate)| {
        up_to.push(sum + rate);
        sum + rate
    });
    let rare: Vec<RouteId> = (0..rates.len())
        .filter(|i| rates[*i].1 * ARRIVALS as f64 <= total * SAMPLES as f64)
        .map(RouteId)
        .collect();
    let mut simulation = Simulation {
        queues: model.queues(),
        model: &model,
        keys: (0..EVENTS).map(|n| n.to_string()).collect(),
        tallies: vec![Tally::default(); rates.len()],
    };
    let mut now = START.as_secs_f64();
    for i in 0..ARRIVALS {
        // Without any load time passes all the same.
        now += -gaps.uniform(Lane::Latency, i).ln() / if total > 0.0 { total } else { 100.0 };
        let moment = Duration::from_secs_f64(now);
        let counted = i >= WARM;
        if counted && i % ((ARRIVALS - WARM) / SAMPLES) == 0 {
            for route in &rare {
                simulation.look(moment, *route);
            }
        }
        if total > 0.0 {
            let pick = picks.uniform(Lane::Latency, i) * total;
            let route = up_to.partition_point(|up_to| *up_to <= pick).min(rates.len() - 1);
            simulation.serve(moment, RouteId(route), counted);
        }
    }
    simulation.tallies.into_iter().map(Tally::finish).collect()
}

impl Simulation<'_> {
    /// Serves one request.
    fn serve(&mut self, now: Duration, route: RouteId, counted: bool) {
        let (plan, alone) = plan(self.model, &mut self.queues, &self.keys, now, route);
        if counted {
            self.tallies[route.0].enter(&plan, alone);
        }
    }

    /// Looks what a request of this route would meet now, without sending it: what comes at random sees what
    /// there is on average (R. Wolff, "Poisson Arrivals See Time Averages", 1982).
    fn look(&mut self, now: Duration, route: RouteId) {
        let mut ghost = self.queues.clone();
        // Counted, so that the next look draws anew.
        self.queues.next_ordinal(route);
        let (plan, alone) = plan(self.model, &mut ghost, &self.keys, now, route);
        self.tallies[route.0].enter(&plan, alone);
    }
}

/// Plans a request; beside it the time it would take alone.
fn plan(
    model: &Model,
    queues: &mut Queues,
    keys: &[String],
    now: Duration,
    route: RouteId,
) -> (Plan, Duration) {
    let ordinal = queues.next_ordinal(route);
    let key = &keys[(ordinal % keys.len() as u64) as usize];
    let plan = model.admit(queues, Arrival { now, route, ordinal, key });
    (plan, model.unloaded(route, ordinal))
}

impl Tally {
    fn enter(&mut self, plan: &Plan, alone: Duration) {
        if plan.refused.is_some() {
            self.refused += 1;
        } else {
            self.seconds.push(plan.total().saturating_sub(alone).as_secs_f64());
        }
    }

    fn finish(mut self) -> Waited {
        let all = self.seconds.len() as u64 + self.refused;
        let refused = if all > 0 { self.refused as f64 / all as f64 } else { 0.0 };
        if self.seconds.is_empty() {
            self.seconds.push(0.0);
        }
        Waited { seconds: self.seconds, refused }
    }
}
