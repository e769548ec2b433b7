//! What a scenario has come to so far, as counts that only grow: for whoever keeps them over time and takes the
//! difference, as Prometheus does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    histogram::Distribution,
    load::{Flow, Load},
    record::{Column, FaultKind, Role, values::Values},
    run::{ColumnRun, FlowRun, ScenarioRun, TimingRun},
};

/// Upper bounds of what is counted in a [`Spread`], microseconds. Limits of the launch suite's response times are
/// among them, so that a share read off them is a goal's.
pub const BOUNDS_US: [u32; 19] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 200_000, 300_000, 500_000, 800_000, 1_000_000,
    1_200_000, 1_500_000, 2_000_000, 2_500_000, 3_000_000, 5_000_000, 10_000_000,
];

/// Values of a column between [`BOUNDS_US`], so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// How many lie above the bound before and not above their own; empty before the first value.
    within: Vec<u64>,
    /// How many lie above all, those without an answer among them.
    pub beyond: u64,
    /// Of the values there are, nanoseconds.
    pub sum_ns: u64,
}

/// A timing series, so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesTotals {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub role: Role,
    /// Samples that failed.
    pub failed: u64,
    /// From when they were due.
    pub since_due: Spread,
    /// From when they were sent; empty where they are no requests.
    pub since_sent: Spread,
    /// Failures by kind.
    pub faults: BTreeMap<String, u64>,
}

/// A scenario, so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Its timing series, in the order they were declared.
    pub series: Vec<SeriesTotals>,
    /// The generator's own delay of starts.
    pub lateness: Spread,
    /// Starts that were due by plan; none where users make their own pace.
    pub planned: Option<u64>,
    /// Arrivals that were given up.
    pub dropped: u64,
}

impl Spread {
    /// How many values there are, those without an answer among them.
    pub fn count(&self) -> u64 {
        self.within.iter().sum::<u64>() + self.beyond
    }

    /// How many are not above each bound, in the order of [`BOUNDS_US`].
    pub fn up_to(&self) -> [u64; BOUNDS_US.len()] {
        let mut sum = 0;
        std::array::from_fn(|place| {
            sum += self.within.get(place).copied().unwrap_or(0);
            sum
        })
    }

    pub(super) fn enter(&mut self, values: &Values) {
        self.within.resize(BOUNDS_US.len(), 0);
        for us in &values.us {
            let place = BOUNDS_US.partition_point(|bound| bound < us);
            *self.within.get_mut(place).unwrap_or(&mut self.beyond) += 1;
        }
        self.beyond += values.unanswered;
        self.sum_ns = self.sum_ns.wrapping_add(values.sum_ns);
    }

    /// Adds another part's.
    pub(crate) fn add(&mut self, part: &Self) {
        self.within.resize(self.within.len().max(part.within.len()), 0);
        for (count, more) in self.within.iter_mut().zip(&part.within) {
            *count += more;
        }
        self.beyond += part.beyond;
        self.sum_ns = self.sum_ns.wrapping_add(part.sum_ns);
    }

    /// Of a finished column: exact but for the histogram's three digits, and nowhere less than it was `before`.
    fn of(run: &ColumnRun, before: &Self) -> Self {
        let all = Distribution::of(&run.cells);
        let n = all.count() + all.unanswered();
        let mut counted = 0;
        let within = BOUNDS_US.iter().zip(before.up_to()).map(|(bound, before)| {
            let below = all.histogram().map_or(0, |all| all.count_between(0, u64::from(*bound)));
            let up_to = below.max(before).max(counted).min(n.max(counted));
            let own = up_to - counted;
            counted = up_to;
            own
        });
        let within: Vec<u64> = within.collect();
        let sum_ns = run.cells.iter().fold(0_u64, |sum, cell| sum.wrapping_add(cell.sum_ns));
        Self { within, beyond: n.saturating_sub(counted), sum_ns }
    }
}

impl Totals {
    /// Of a finished scenario: nothing is less than it was `before`.
    pub fn of(run: &ScenarioRun, before: &Self) -> Self {
        let series = run.timings.iter().map(|timing| {
            let known = before.series.iter().find(|known| known.name == timing.name);
            SeriesTotals::of(timing, known)
        });
        let tallies = || run.flows.iter().map(|flow| flow.tally);
        Self {
            series: series.collect(),
            lateness: Spread::of(&run.health.starts, &before.lateness),
            planned: planned(&run.flows),
            dropped: tallies().map(|tally| tally.dropped).sum(),
        }
    }

    /// Adds another part's. Parts have one plan: it is not added up.
    pub(crate) fn add(&mut self, part: &Self) {
        for (place, theirs) in part.series.iter().enumerate() {
            match self.series.get_mut(place) {
                Some(ours) => ours.add(theirs),
                None => self.series.push(theirs.clone()),
            }
        }
        self.lateness.add(&part.lateness);
        self.planned = self.planned.max(part.planned);
        self.dropped += part.dropped;
    }
}

impl SeriesTotals {
    fn of(timing: &TimingRun, before: Option<&Self>) -> Self {
        let none = Spread::default();
        let spread = |column, before: Option<&Spread>| {
            timing.column(column).map_or_else(Spread::default, |run| Spread::of(run, before.unwrap_or(&none)))
        };
        Self {
            name: timing.name.clone(),
            role: timing.role,
            failed: timing.counts().1,
            since_due: spread(Column::SinceDue, before.map(|before| &before.since_due)),
            since_sent: spread(Column::SinceSent, before.map(|before| &before.since_sent)),
            faults: by_name(timing.faults.iter().map(|fault| (&fault.kind, fault.count))),
        }
    }

    fn add(&mut self, part: &Self) {
        self.failed += part.failed;
        self.since_due.add(&part.since_due);
        self.since_sent.add(&part.since_sent);
        for (kind, count) in &part.faults {
            *self.faults.entry(kind.clone()).or_default() += count;
        }
    }
}

/// Failures under the names that people read.
pub(super) fn by_name<'a>(faults: impl Iterator<Item = (&'a FaultKind, u64)>) -> BTreeMap<String, u64> {
    let mut named = BTreeMap::new();
    for (kind, count) in faults {
        *named.entry(kind.to_string()).or_default() += count;
    }
    named
}

/// Starts that came due in a finished scenario.
fn planned(flows: &[FlowRun]) -> Option<u64> {
    let paces = |flow: &FlowRun| matches!(flow.flow.load, Load::Visitors(_));
    let due = |flow: &FlowRun| flow.tally.planned.saturating_sub(flow.tally.cut_short);
    (!flows.iter().any(paces)).then(|| flows.iter().map(due).sum())
}

/// Starts due in the first `seconds` of a scenario by plan; none where users make their own pace.
pub(super) fn planned_by(flows: &[Flow], seconds: f64) -> Option<u64> {
    flows.iter().map(|flow| flow.load.planned_by(seconds - flow.starts_at.as_secs_f64())).sum()
}

#[cfg(test)]
mod tests;
