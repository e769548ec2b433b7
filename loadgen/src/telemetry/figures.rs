//! A run as families of metrics: a pure fold of what happens, the same for whoever reads it.
//!
//! Counters never go down while a run lasts, and what a scenario came to stays when it is over.

mod family;
mod machine;
mod scenario;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::run::ScenarioRun;

pub use family::{Family, Kind, Member, Value};
pub use machine::Usage;
use scenario::Scenario;

use crate::watch::stream::{Entry, Event, RunBegan};

/// A run, so far.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    run: RunBegan,
    scenarios: Vec<Scenario>,
    over: bool,
}

impl Figures {
    /// Of a run that sets out to do this.
    pub fn new(run: &RunBegan) -> Self {
        Self { run: run.clone(), ..Self::default() }
    }

    /// Takes what happened.
    pub fn apply(&mut self, entry: &Entry) {
        match &entry.event {
            Event::RunBegan(run) => *self = Self::new(run),
            Event::ScenarioBegan(card) => self.scenarios.push(Scenario::new(card)),
            Event::RunEnded(_) => self.over = true,
            Event::Said { .. } => {}
            Event::LoadBegan => self.newest(Scenario::begin),
            Event::Second { live } => self.newest(|scenario| scenario.second(live)),
            Event::ScenarioEnded(ended) => self.newest(|scenario| scenario.end(ended)),
        }
    }

    /// Takes what the scenario that runs came to, answers that came last among it.
    pub fn settle(&mut self, run: &ScenarioRun) {
        self.newest(|scenario| scenario.settle(run));
    }

    fn newest(&mut self, change: impl FnOnce(&mut Scenario)) {
        if let Some(scenario) = self.scenarios.last_mut() {
            change(scenario);
        }
    }

    /// All there is to know, families without members left out.
    pub fn families(&self, usage: &Usage) -> Vec<Family> {
        let mut families = vec![
            Family::of("loadgen_run_info", Kind::Gauge, "Always 1: which run this is.", [self.info()]),
            Family::of(
                "loadgen_run_over",
                Kind::Gauge,
                "1 once nothing more comes.",
                [Member::bare(f64::from(u8::from(self.over)))],
            ),
        ];
        families.extend(scenario::families(&self.scenarios));
        families.extend(self.machine(usage));
        families.retain(|family| !family.members.is_empty());
        families
    }

    fn info(&self) -> Member {
        let RunBegan { run, preset, target, .. } = &self.run;
        let labels = [
            ("run", run.clone()),
            ("preset", preset.clone()),
            ("target", target.clone()),
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        Member::number(labels.into(), 1.0)
    }

    /// The generator itself.
    fn machine(&self, usage: &Usage) -> Vec<Family> {
        let gauge =
            |name, help, value: Option<f64>| Family::of(name, Kind::Gauge, help, value.map(Member::bare));
        let busy = self.scenarios.last().and_then(Scenario::cores);
        let cores = (self.run.cores > 0.0).then_some(self.run.cores);
        let cpu = usage.cpu_seconds.map(Member::bare);
        vec![
            gauge("loadgen_cores_busy", "Cores that the load's processes keep busy.", busy),
            gauge("loadgen_cores_allowed", "Cores the machine allows.", cores),
            gauge(
                "loadgen_memory_allowed_bytes",
                "Memory the machine or its control group allows.",
                usage.allowed_bytes,
            ),
            gauge("process_resident_memory_bytes", "Memory in RAM (of this process).", usage.resident_bytes),
            Family::of("process_cpu_seconds", Kind::Counter, "User and system time.", cpu),
            gauge("process_open_fds", "Files and sockets open.", usage.open_files),
        ]
    }
}

/// The figures of a run, told by the suite and read by others.
#[derive(Debug, Clone, Default)]
pub struct Feed(Arc<Mutex<Figures>>);

impl Feed {
    /// A run begins.
    pub fn begin(&self, run: &RunBegan) {
        *self.figures() = Figures::new(run);
    }

    /// See [`Figures::apply`].
    pub fn apply(&self, entry: &Entry) {
        self.figures().apply(entry);
    }

    /// See [`Figures::settle`].
    pub fn settle(&self, run: &ScenarioRun) {
        self.figures().settle(run);
    }

    /// As it is now.
    pub fn families(&self) -> Vec<Family> {
        // Made of a copy: whoever tells does not wait for whoever reads.
        let figures = self.figures().clone();
        figures.families(&Usage::now())
    }

    fn figures(&self) -> MutexGuard<'_, Figures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
