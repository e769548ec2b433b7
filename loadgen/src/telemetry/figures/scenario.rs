//! A scenario as metrics: how it stands, and the members of its families.

mod families;

use std::mem;

use engine::{
    record::{Live, LiveCounter, Role, SeriesTotals, Totals},
    run::ScenarioRun,
};

pub(super) use self::families::families;
use super::Member;
use crate::watch::{
    gauge::{Gauge, Health, Level},
    model::Current,
    stream::{ScenarioBegan, ScenarioEnded},
};

/// A scenario, so far.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    label: String,
    current: Current,
    running: bool,
    verdict: Option<String>,
}

impl Scenario {
    /// One that begins. A baseline is another thing than the scenario of its name.
    pub(super) fn new(card: &ScenarioBegan) -> Self {
        let current = Current { card: card.clone(), ..Current::default() };
        let suffix = if current.baseline() { "-baseline" } else { "" };
        Self { label: format!("{}{suffix}", card.planned.name), current, running: false, verdict: None }
    }

    /// Its load is on.
    pub(super) fn begin(&mut self) {
        self.running = true;
    }

    /// A second of it is over. One that says less than what is known, because a process of the load is gone, is not
    /// taken: nothing that was done is undone.
    pub(super) fn second(&mut self, live: &Live) {
        if live.requests >= self.current.live.requests {
            self.current.live = live.clone();
        }
    }

    /// What it came to.
    pub(super) fn settle(&mut self, run: &ScenarioRun) {
        let live = &mut self.current.live;
        live.totals = Totals::of(run, &live.totals);
        let tallies = run.flows.iter().map(|flow| flow.tally.started + flow.tally.replaced);
        live.started = live.started.max(tallies.sum());
        live.requests = live.requests.max(run.requests().0);
        let known = mem::take(&mut live.counters);
        let known = |name: &str| known.iter().find(|known| known.name == name).map_or(0, |known| known.total);
        let settled = run.counters.iter().map(|settled| LiveCounter {
            name: settled.name.clone(),
            total: settled.total.max(known(&settled.name)),
        });
        live.counters = settled.collect();
    }

    /// It is over.
    pub(super) fn end(&mut self, ended: &ScenarioEnded) {
        self.running = false;
        self.verdict.clone_from(&ended.verdict);
        let live = &mut self.current.live;
        (live.users, live.lateness_p99, live.cores) = (0, None, None);
    }

    /// Cores kept busy while its load is on.
    pub(super) fn cores(&self) -> Option<f64> {
        self.current.live.cores
    }

    fn live(&self) -> &Live {
        &self.current.live
    }

    fn labels(&self) -> Vec<(&'static str, String)> {
        vec![("scenario", self.label.clone())]
    }

    fn labelled(&self, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        self.labels().into_iter().chain(more).collect()
    }

    fn series(&self, role: Role) -> impl Iterator<Item = &SeriesTotals> {
        self.live().totals.series.iter().filter(move |series| series.role == role)
    }

    /// One number of it, where there is one.
    fn number(&self, value: Option<f64>) -> Vec<Member> {
        value.map(|value| Member::number(self.labels(), value)).into_iter().collect()
    }

    fn requests(&self) -> Vec<Member> {
        let of = |series: &SeriesTotals| {
            Member::number(self.labelled(&[("route", &series.name)]), series.since_due.count() as f64)
        };
        self.series(Role::Endpoint).map(of).collect()
    }

    fn failures(&self, role: Role, label: &'static str) -> Vec<Member> {
        let of = |series: &SeriesTotals| {
            let by_kind = series.faults.iter().map(|(kind, count)| {
                let labels = self.labelled(&[(label, &series.name), ("kind", kind)]);
                Member::number(labels, *count as f64)
            });
            by_kind.collect::<Vec<_>>()
        };
        self.series(role).flat_map(of).collect()
    }

    fn durations(&self, role: Role, label: &'static str) -> Vec<Member> {
        let of = |series: &SeriesTotals| {
            [("due", &series.since_due), ("sent", &series.since_sent)].map(|(from, spread)| {
                Member::spread(self.labelled(&[(label, &series.name), ("from", from)]), spread.clone())
            })
        };
        self.series(role).flat_map(of).collect()
    }

    fn values(&self) -> Vec<Member> {
        let of = |series: &SeriesTotals| {
            Member::spread(self.labelled(&[("value", &series.name)]), series.since_due.clone())
        };
        self.series(Role::Value).map(of).collect()
    }

    fn counters(&self) -> Vec<Member> {
        let counters = self.live().counters.iter();
        counters
            .map(|counter| Member::number(self.labelled(&[("counter", &counter.name)]), counter.total as f64))
            .collect()
    }

    fn verdict(&self) -> Vec<Member> {
        let verdict = self.verdict.iter();
        verdict.map(|verdict| Member::number(self.labelled(&[("verdict", verdict)]), 1.0)).collect()
    }

    fn held(&self) -> Vec<Member> {
        let held = |gauge: &Gauge| match gauge.level {
            Level::Aside | Level::Unseen => f64::NAN,
            Level::Fine | Level::Near => 1.0,
            Level::Over => 0.0,
        };
        let of = |gauge: Gauge| {
            let labels = self.labelled(&[("goal", &gauge.name), ("promise", &gauge.limit)]);
            Member::number(labels, held(&gauge))
        };
        self.current.gauges().into_iter().map(of).collect()
    }

    fn used(&self) -> Vec<Member> {
        let of = |gauge: Gauge| {
            let labels = self.labelled(&[("goal", &gauge.name)]);
            gauge.used.map(|used| Member::number(labels, used))
        };
        self.current.gauges().into_iter().filter_map(of).collect()
    }

    fn lateness_allowed(&self) -> Option<f64> {
        let health = Health::new(self.live(), self.current.card.tightest_ms, 0.0);
        health.lateness_allowed.map(|allowed| allowed.as_secs_f64())
    }

    fn lateness(&self) -> Vec<Member> {
        vec![Member::spread(self.labels(), self.live().totals.lateness.clone())]
    }
}
