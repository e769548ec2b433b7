//! What is shown now: a pure fold of the stream.

use std::collections::VecDeque;

use engine::record::{Live, Newest};

use super::{
    gauge::{Gauge, Health},
    stream::{Entry, Event, Planned, RunBegan, RunEnded, ScenarioBegan, ScenarioEnded},
};

/// Seconds of a scenario that are looked back on.
pub const TRAIL_S: usize = 120;
/// Sentences that are remembered.
const SAID: usize = 200;

/// A run as it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// What it sets out to do.
    pub run: RunBegan,
    /// Its scenarios, in their order.
    pub scenarios: Vec<Row>,
    /// The one that runs, or ran last.
    pub current: Option<Current>,
    /// What was said, newest last.
    pub said: VecDeque<String>,
    /// Set when nothing more comes.
    pub over: Option<RunEnded>,
}

/// A scenario in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is.
    pub planned: Planned,
    /// How far it is.
    pub state: State,
}

/// How far a scenario is.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It is to come.
    Pending,
    /// It runs.
    Running,
    /// It is over.
    Done(ScenarioEnded),
}

/// The scenario that runs, or ran last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Current {
    /// What it is and what it promises.
    pub card: ScenarioBegan,
    /// When its load began, milliseconds of the run; none while it warms up.
    pub load_began_ms: Option<u64>,
    /// How it stood when its newest second was over.
    pub live: Live,
    /// Its last two minutes, oldest first.
    pub trail: VecDeque<Point>,
    /// When it was over, milliseconds of the run.
    pub ended_ms: Option<u64>,
}

/// A second of the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Requests.
    pub rate: u64,
    /// Their p95, microseconds; none where there was no answer.
    pub p95_us: Option<u64>,
}

impl Model {
    /// Takes what happened.
    pub fn apply(&mut self, entry: &Entry) {
        match &entry.event {
            Event::RunBegan(run) => self.begin_run(run),
            Event::Said { text } => {
                if self.said.len() == SAID {
                    self.said.pop_front();
                }
                self.said.push_back(text.clone());
            }
            Event::ScenarioBegan(card) => self.begin(card),
            Event::LoadBegan => {
                if let Some(current) = &mut self.current {
                    current.load_began_ms = Some(entry.at_ms);
                }
            }
            Event::Second { live } => {
                if let Some(current) = &mut self.current {
                    current.second(live);
                }
            }
            Event::ScenarioEnded(ended) => self.end(ended, entry.at_ms),
            Event::RunEnded(ended) => self.over = Some(ended.clone()),
        }
    }

    fn begin_run(&mut self, run: &RunBegan) {
        let row = |planned: &Planned| Row { planned: planned.clone(), state: State::Pending };
        *self =
            Self { run: run.clone(), scenarios: run.scenarios.iter().map(row).collect(), ..Self::default() };
    }

    fn begin(&mut self, card: &ScenarioBegan) {
        self.current = Some(Current { card: card.clone(), ..Current::default() });
        // A baseline is another thing than the scenario of its name.
        if !card.goals.is_empty()
            && let Some(row) = self.row(&card.planned.name)
        {
            row.state = State::Running;
        }
    }

    fn end(&mut self, ended: &ScenarioEnded, at_ms: u64) {
        if let Some(current) = &mut self.current {
            current.ended_ms = Some(at_ms);
        }
        if let Some(row) = self.row(&ended.name).filter(|row| row.state == State::Running) {
            row.state = State::Done(ended.clone());
        }
    }

    fn row(&mut self, name: &str) -> Option<&mut Row> {
        self.scenarios.iter_mut().find(|row| row.planned.name == name)
    }

    /// Seconds until the last scenario is over by plan.
    pub fn left_s(&self, now_ms: u64) -> f64 {
        let current = self.current.as_ref().map_or(0.0, |current| current.left_s(now_ms));
        let pending = self.scenarios.iter().filter(|row| row.state == State::Pending);
        current + pending.map(|row| row.planned.length_s + self.run.settling_s).sum::<f64>()
    }

    /// How the generator fares.
    pub fn health(&self) -> Health {
        match &self.current {
            Some(current) => Health::new(&current.live, current.card.tightest_ms, self.run.cores),
            None => Health { cores_allowed: self.run.cores, ..Health::default() },
        }
    }
}

impl Current {
    fn second(&mut self, live: &Live) {
        let Newest { rate, p95, .. } = live.newest;
        // Figures come two seconds late: the first ones are of nothing.
        if rate > 0 || !self.trail.is_empty() {
            if self.trail.len() == TRAIL_S {
                self.trail.pop_front();
            }
            self.trail.push_back(Point { rate, p95_us: p95.map(|p95| p95.as_micros() as u64) });
        }
        self.live = live.clone();
    }

    /// Whether it is one user alone, whom the crowd is compared with.
    pub fn baseline(&self) -> bool {
        self.card.goals.is_empty()
    }

    /// Seconds of its load that are gone.
    pub fn gone_s(&self, now_ms: u64) -> f64 {
        let until = self.ended_ms.unwrap_or(now_ms);
        self.load_began_ms.map_or(0.0, |began| until.saturating_sub(began) as f64 / 1e3)
    }

    /// Seconds of its load that are to come by plan.
    pub fn left_s(&self, now_ms: u64) -> f64 {
        let left = self.card.planned.length_s - self.gone_s(now_ms);
        if self.ended_ms.is_some() { 0.0 } else { left.max(0.0) }
    }

    /// Its goals as gauges, in the order of the plan.
    pub fn gauges(&self) -> Vec<Gauge> {
        let seen =
            self.live.goals.iter().copied().chain(std::iter::repeat(engine::record::Standing::default()));
        self.card.goals.iter().zip(seen).map(|(card, seen)| Gauge::new(card, seen)).collect()
    }
}
