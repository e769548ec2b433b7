//! One scenario: prepared, warmed up, played on its workers, settled.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use engine::{
    clock::{self, Instant},
    ends::Ends,
    load::{Flow, Shard},
    merge,
    record::{self, Collector, Ending, Live, Recorder, Registry, Role},
    run::{ScenarioRun, TimingRun},
    workers::WorkerLost,
};

use super::{
    Prepared, SuiteError,
    crew::{Crew, Driven, Part},
    faults::{self, Begun},
    prepare::prepare,
    setup::{Control, PATIENCE, patiently},
    stops::Stops,
    warm_up,
};
use crate::{
    books::RouteTruth,
    options::Split,
    run::{Measured, Traced},
    scenario::{Plan, Script, Settling},
    shards::Shards,
    stops::{Cause, EndedEarly},
    telemetry::traces::Tracing,
    truth::{self, TruthScore},
    watch::{Screen, stream::Planned},
};

/// From the moment workers, of whichever process, are started to the scenario's own start: they need some time
/// to get up.
const LEAD: Duration = Duration::from_millis(100);

/// Plays a scenario to its end, natural or not: in this process, or split; `ends` are its own.
pub(super) fn play(
    control: &Control,
    prepared: Prepared,
    split: Option<&Split>,
    ends: &Ends,
    screen: &Screen,
) -> Result<Measured, SuiteError> {
    let Prepared { scenario, plan, digest } = prepared;
    let length_s = plan.length().as_secs_f64();
    let Plan { flows, beside, registry, goals, needs, script } = plan;
    let name = scenario.name();
    let mut playing = Playing::prepared(control, name, &registry, script, ends)?;
    let shards = playing.muster(split)?;

    screen.begin(Planned { name: name.into(), title: scenario.title().into(), length_s }, &goals);
    let stops = Stops::new(&control.options, &goals);
    let collector = Collector::start(record::Plan::new(name, registry, goals, flows.clone()));
    if let Some(shards) = &shards {
        screen.say(&format!("{name}: {}", shards.roll()));
    }
    let warming = clock::now();
    playing.warm(&collector.tap().warm_up(warming));
    let faults = playing.begin_books();
    let played = playing.load(&collector, [flows, beside], shards, stops, screen);
    let truth = playing.close_books(faults.note.as_ref());
    playing.settle(&collector.tap().recorder(played.epoch));

    let Played { started, epoch, ended, driven, beside, ended_early } = played;
    let Driven { flows, workers, lost, mut parts } = driven;
    let traces = playing.gather(&mut parts);
    let interrupted = ends.interrupted() || ended_early.is_some();
    let run = collector.finish(Ending { started, epoch, ended, interrupted, workers, flows, lost });
    let mut run = put_together(run, parts);
    run.flows.extend(beside.flows);
    run.health.lost.extend(beside.lost);
    playing.tracing.conclude(&run, epoch, ended);
    playing.script.review(&mut run.goals);
    screen.end(&run, ended_early.as_ref().is_some_and(|ended| ended.cause == Cause::Target));
    Ok(Measured {
        title: scenario.title().to_owned(),
        description: scenario.description().to_owned(),
        planned_requests: needs.requests,
        planned_digest: digest,
        truth: truth.map(|truth| playing.score(&run, &truth, &faults)),
        warm_up_requests: warm_up_requests(&run),
        warm_up_s: Some((epoch - warming).as_secs_f64()),
        run,
        ended_early,
        live: playing.script.account(),
        traces,
        browsers: playing.script.browsed(),
        notes: playing.notes,
    })
}

/// Load that is over.
struct Played {
    started: SystemTime,
    epoch: Instant,
    ended: Instant,
    driven: Driven,
    /// What went on beside it.
    beside: Driven,
    ended_early: Option<EndedEarly>,
}

/// A scenario, and what everything around its load needs.
struct Playing<'a> {
    control: &'a Control,
    ends: &'a Ends,
    name: &'static str,
    registry: Arc<Registry>,
    script: Arc<dyn Script>,
    tracing: Arc<Tracing>,
    /// The target's latency books hold more than this load.
    unscored: bool,
    /// Whatever a reader should know.
    notes: Vec<String>,
}

impl<'a> Playing<'a> {
    fn prepared(
        control: &'a Control,
        name: &'static str,
        registry: &Registry,
        script: Arc<dyn Script>,
        ends: &'a Ends,
    ) -> Result<Self, SuiteError> {
        let registry = Arc::new(registry.clone());
        prepare(control, name, &registry, script.as_ref(), ends)?;
        let tracing = control.tracing(name);
        Ok(Self { control, ends, name, registry, script, tracing, unscored: false, notes: Vec::new() })
    }

    /// The processes it is split over, ready to start.
    fn muster(&mut self, split: Option<&Split>) -> Result<Option<Shards>, SuiteError> {
        let Some(split) = split else { return Ok(None) };
        if !self.script.splits() {
            self.notes.push("It ran in one process: its users must know of each other.".into());
            return Ok(None);
        }
        Ok(Some(Shards::muster(self.control, split, &self.tracing, self.ends)?))
    }

    fn warm(&self, recorder: &Recorder) {
        let control = self.control;
        let mut context = control.context(self.name, self.registry.clone(), Some(recorder.clone()));
        let longest = control.options.preset.warm_up();
        control.block_on(warm_up::warm_up(self.script.as_ref(), &mut context, longest, self.ends));
        recorder.flush();
    }

    /// What is scored, compared and scheduled begins here.
    fn begin_books(&mut self) -> Begun {
        let (control, ends) = (self.control, self.ends);
        if let Some(books) = control.books() {
            let why = match control.block_on(patiently(ends, books.reset_truth())) {
                Ok(Ok(())) => None,
                Ok(Err(e)) => Some(format!("The mock's latency books could not be reset: {e:#}.")),
                Err(_) => Some("The mock's latency books could not be reset in time.".into()),
            };
            self.unscored |= why.is_some();
            self.notes.extend(why);
            // Whoever cannot be asked has no books to compare with.
            drop(control.block_on(patiently(ends, self.script.read_before(books))));
        }
        faults::begin(control, ends)
    }

    /// Plays it, and with it what goes on beside it.
    fn load(
        &self,
        collector: &Collector,
        [flows, beside]: [Vec<Flow>; 2],
        shards: Option<Shards>,
        mut stops: Stops,
        screen: &Screen,
    ) -> Played {
        let (control, ends) = (self.control, self.ends);
        let (started, epoch) = (clock::wall(), clock::now() + LEAD);
        let crew = Crew {
            scenario: self.name,
            flows,
            first_flow: 0,
            script: self.script.clone(),
            registry: self.registry.clone(),
            tap: collector.tap(),
            tracing: self.tracing.clone(),
            ends: ends.clone(),
            epoch,
            shard: Shard::ALL,
        };
        let mut look = |live: &Live| {
            screen.update(live);
            self.tracing.tick(live.users);
            stops.look(live, ends, screen);
        };
        let mut ended = epoch;
        let (driven, beside) = crew.with_company(control, beside, || {
            let driven = match shards {
                Some(shards) => shards.drive(&crew.flows, epoch, ends, look),
                None => crew.drive(control, || look(&collector.live())),
            };
            // Whoever is beside it may stay longer; how long the scenario was is how long its load was.
            ended = clock::now();
            driven
        });
        Played { started, epoch, ended, driven, beside, ended_early: stops.ended() }
    }

    /// No fault strikes any more, and what the target held is read.
    fn close_books(&mut self, faults: Option<&String>) -> Option<Vec<RouteTruth>> {
        // Whoever cannot be asked has none to rest.
        drop(self.control.block_on(patiently(self.ends, faults::rest(self.control, PATIENCE))));
        let truth = self.read_truth();
        self.notes.extend(faults.cloned());
        self.notes.extend(self.script.notes());
        truth
    }

    fn read_truth(&mut self) -> Option<Vec<RouteTruth>> {
        let books = self.control.books().filter(|_| !self.unscored)?;
        let why = match self.control.block_on(patiently(self.ends, books.truth())) {
            Ok(Ok(truth)) => return Some(truth),
            Ok(Err(e)) => format!("The mock's latency books could not be read: {e:#}."),
            Err(_) => "The mock's latency books could not be read in time.".into(),
        };
        self.notes.push(why);
        None
    }

    fn settle(&mut self, recorder: &Recorder) {
        let control = self.control;
        let mut context = control.context(self.name, self.registry.clone(), None);
        let settled = control.block_on(async {
            let settling = Settling { context: &mut context, recorder, books: control.books() };
            patiently(self.ends, self.script.settle(settling)).await
        });
        if settled.is_err() {
            self.notes.push("What can be judged only after the run could not be settled in time.".into());
        }
        recorder.flush();
    }

    /// What was traced, here and in other processes, and what a reader should know of it.
    fn gather(&mut self, parts: &mut [Part]) -> Vec<Traced> {
        let slowest = self.control.options.telemetry.traces.slowest;
        let others = parts.iter_mut().map(|part| std::mem::take(&mut part.traced));
        let account = self.tracing.finish().merge(others, slowest);
        self.notes.extend(account.note());
        let told = parts.iter_mut().filter_map(|part| part.told.take()).reduce(|mut told, other| {
            told.merge(other);
            told
        });
        self.notes.extend(told.map(|told| format!("Of its processes: {}", told.note())));
        account.traces
    }

    /// What was measured against what the target held, routes left out that faults struck meanwhile.
    fn score(&mut self, run: &ScenarioRun, truth: &[RouteTruth], begun: &Begun) -> TruthScore {
        let mut score = truth::score(run, truth);
        if let Some(plan) = faults::read(self.control, self.ends) {
            let struck_now = begun.before.as_ref().map_or(plan.clone(), |before| plan.since(before));
            faults::excuse(&mut score, &struck_now, &mut self.notes);
        }
        score
    }
}

fn warm_up_requests(run: &ScenarioRun) -> u64 {
    let endpoints = run.warm_up.iter().filter(|timing| timing.role == Role::Endpoint);
    endpoints.map(TimingRun::counts).map(|(ok, failed)| ok + failed).sum()
}

/// A part that does not belong to the run is as good as lost: its program was replaced meanwhile.
fn put_together(mut run: ScenarioRun, parts: Vec<Part>) -> ScenarioRun {
    for Part { first_worker, run: part, .. } in parts {
        if let Err(unlike) = merge::add(&mut run, part) {
            let message = format!("what its process recorded is {unlike}");
            run.health.lost.push(WorkerLost { worker: first_worker, message });
        }
    }
    run
}
