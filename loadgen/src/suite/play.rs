//! One scenario: prepared, warmed up, played on its workers, settled.

use std::{rc::Rc, sync::Arc, thread, time::Duration};

use engine::{
    clock,
    driver::{self, Tally, Turn, VirtualUser},
    ends::Ends,
    load::Flow,
    record::{self, Collector, Ending, Recorder, Registry, Role, Tap},
    run::{FlowRun, TimingRun},
    workers::{self, Worker, WorkerLost},
};

use super::{
    Prepared, SuiteError, faults,
    setup::{Control, patience},
    warm_up,
};
use crate::{
    books::RouteTruth,
    context::{Context, Surroundings},
    http::Connector,
    live::Screen,
    run::Measured,
    scenario::{Local, Plan, Script, Settling, User},
    truth,
};

/// From the moment workers are started to the scenario's own start: they need some time to get up.
const LEAD: Duration = Duration::from_millis(100);
/// Between two looks at how it stands.
const LOOK: Duration = Duration::from_millis(100);
/// How long a scenario may take to prepare itself.
const PREPARE: Duration = Duration::from_mins(2);

/// Plays a scenario to its end, natural or not.
pub(super) fn play(
    control: &Control,
    prepared: Prepared,
    ends: &Ends,
    screen: &Screen,
) -> Result<Measured, SuiteError> {
    let Prepared { scenario, plan, digest } = prepared;
    let length = plan.length();
    let Plan { flows, registry, goals, needs, script } = plan;
    let name = scenario.name();
    let shared = Arc::new(registry.clone());
    prepare(control, name, &shared, script.as_ref(), ends)?;

    let collector = Collector::start(record::Plan::new(name, registry, goals, flows.clone()));
    let tap = collector.tap();
    screen.begin(name, length);
    warm(control, name, &shared, script.as_ref(), &tap, ends);
    let mut notes = reset_truth(control, ends);
    let begun = faults::begin(control, ends);

    let (started, epoch) = (clock::wall(), clock::now() + LEAD);
    let crew = Crew {
        scenario: name,
        flows: flows.clone(),
        script: script.clone(),
        registry: shared.clone(),
        tap: tap.clone(),
        ends: ends.clone(),
        connector: Box::new(control.connectors()),
        seed: control.options.seed,
        world: control.options.world,
        nonce: control.nonce.clone(),
        epoch,
    };
    let workers = control.options.workers;
    let done = thread::scope(|scope| {
        let playing = scope.spawn(|| workers::run(workers, |worker| crew.work(worker)));
        while !playing.is_finished() {
            screen.update(&collector.live());
            thread::sleep(LOOK);
        }
        playing.join()
    });
    let (tallies, lost) = sort(done, workers);
    let ended = clock::now();
    control.block_on(faults::rest(control, patience(ends)));

    let truth = read_truth(control, ends, &mut notes);
    notes.extend(begun.note);
    settle(control, name, &shared, script.as_ref(), &tap.recorder(epoch), ends, &mut notes);
    let flow_run = |(place, flow): (usize, &Flow)| {
        FlowRun::new(flow, tallies.iter().filter_map(|worker| worker.get(place).copied()))
    };
    let run = collector.finish(Ending {
        started,
        epoch,
        ended,
        interrupted: ends.interrupted(),
        workers,
        flows: flows.iter().enumerate().map(flow_run).collect(),
        lost,
    });
    screen.end(&run);
    let endpoints = run.warm_up.iter().filter(|timing| timing.role == Role::Endpoint);
    let warm_up_requests = endpoints.map(TimingRun::counts).map(|(ok, failed)| ok + failed).sum();
    let mut truth = truth.map(|truth| truth::score(&run, &truth));
    if let Some((score, plan)) = truth.as_mut().zip(faults::read(control, ends)) {
        let struck_now = begun.before.as_ref().map_or(plan.clone(), |before| plan.since(before));
        faults::excuse(score, &struck_now, &mut notes);
    }
    Ok(Measured {
        title: scenario.title().to_owned(),
        description: scenario.description().to_owned(),
        planned_requests: needs.requests,
        planned_digest: digest,
        truth,
        run,
        warm_up_requests,
        notes,
    })
}

fn prepare(
    control: &Control,
    scenario: &'static str,
    registry: &Arc<Registry>,
    script: &dyn Script,
    ends: &Ends,
) -> Result<(), SuiteError> {
    let mut context = control.context(scenario, registry.clone(), None);
    let prepared = control.block_on(async {
        tokio::select! {
            biased;
            () = ends.reached(engine::ends::Stage::Leaving) => Ok(Ok(())),
            prepared = tokio::time::timeout(PREPARE, script.prepare(&mut context)) => prepared,
        }
    });
    let failed = |why: String| SuiteError::NotPrepared { scenario, why };
    match prepared {
        Ok(Ok(())) => Ok(()),
        Ok(Err(e)) => Err(failed(format!("{e:#}"))),
        Err(_) => Err(failed(format!("not within {} s", PREPARE.as_secs()))),
    }
}

fn warm(
    control: &Control,
    scenario: &'static str,
    registry: &Arc<Registry>,
    script: &dyn Script,
    tap: &Tap,
    ends: &Ends,
) {
    let recorder = tap.warm_up(clock::now());
    let mut context = control.context(scenario, registry.clone(), Some(recorder.clone()));
    control.block_on(warm_up::warm_up(script, &mut context, control.options.preset.warm_up(), ends));
    recorder.flush();
}

/// What is scored begins here.
fn reset_truth(control: &Control, ends: &Ends) -> Vec<String> {
    let Some(books) = control.books() else { return Vec::new() };
    let reset = async { tokio::time::timeout(patience(ends), books.reset_truth()).await };
    match control.block_on(reset) {
        Ok(Ok(())) => Vec::new(),
        Ok(Err(e)) => vec![format!("The mock's latency books could not be reset: {e:#}.")],
        Err(_) => vec!["The mock's latency books could not be reset in time.".into()],
    }
}

fn read_truth(control: &Control, ends: &Ends, notes: &mut Vec<String>) -> Option<Vec<RouteTruth>> {
    let books = control.books().filter(|_| notes.is_empty())?;
    let read = async { tokio::time::timeout(patience(ends), books.truth()).await };
    match control.block_on(read) {
        Ok(Ok(truth)) => Some(truth),
        Ok(Err(e)) => {
            notes.push(format!("The mock's latency books could not be read: {e:#}."));
            None
        }
        Err(_) => {
            notes.push("The mock's latency books could not be read in time.".into());
            None
        }
    }
}

fn settle(
    control: &Control,
    scenario: &'static str,
    registry: &Arc<Registry>,
    script: &dyn Script,
    recorder: &Recorder,
    ends: &Ends,
    notes: &mut Vec<String>,
) {
    let mut context = control.context(scenario, registry.clone(), None);
    let settled = control.block_on(async {
        let settling = Settling { context: &mut context, recorder, books: control.books() };
        tokio::time::timeout(patience(ends), script.settle(settling)).await
    });
    if settled.is_err() {
        notes.push("What can be judged only after the run could not be settled in time.".into());
    }
    recorder.flush();
}

/// What the workers of a scenario share.
struct Crew {
    scenario: &'static str,
    flows: Vec<Flow>,
    script: Arc<dyn Script>,
    registry: Arc<Registry>,
    tap: Tap,
    ends: Ends,
    connector: Box<dyn Fn() -> Connector + Send + Sync>,
    seed: u64,
    world: fixtures::World,
    nonce: Arc<str>,
    epoch: clock::Instant,
}

impl Crew {
    /// One worker's share: all flows at once, each sharded.
    fn work(&self, worker: Worker) -> Local<'_, Vec<Tally>> {
        Box::pin(async move {
            let recorder = self.tap.recorder(self.epoch);
            let around = Rc::new(Surroundings {
                scenario: self.scenario,
                seed: self.seed,
                world: self.world,
                nonce: self.nonce.clone(),
                connector: (self.connector)(),
                recorder: Some(recorder.clone()),
                registry: self.registry.clone(),
            });
            let flows = self.flows.iter().enumerate().map(|(place, flow)| {
                let make = seats(place, self.script.clone(), around.clone());
                driver::drive(flow, worker.shard(), self.epoch, &self.ends, &recorder, make)
            });
            let tallies = futures_util::future::join_all(flows).await;
            recorder.flush();
            tallies
        })
    }
}

/// Makes the users of one flow.
fn seats(
    place: usize,
    script: Arc<dyn Script>,
    around: Rc<Surroundings>,
) -> impl FnMut(u64) -> Seat + 'static {
    let pooled = script.pooled(place);
    move |number| {
        let context = if pooled { Context::pooled(around.clone()) } else { Context::new(around.clone()) };
        Seat(script.user(place, number, context))
    }
}

/// A user behind a pointer, as the driver takes it.
struct Seat(Box<dyn User>);

impl VirtualUser for Seat {
    async fn turn(&mut self, turn: Turn) {
        self.0.turn(turn).await;
    }
}

type Worked = Vec<Result<Vec<Tally>, WorkerLost>>;

/// Tallies of the workers that came to their end, and the others.
fn sort(done: thread::Result<Worked>, workers: u64) -> (Vec<Vec<Tally>>, Vec<WorkerLost>) {
    let all_lost =
        || (0..workers).map(|worker| Err(WorkerLost { worker, message: "panicked".into() })).collect();
    let (tallies, lost): (Vec<_>, Vec<_>) =
        done.unwrap_or_else(|_| all_lost()).into_iter().partition(Result::is_ok);
    (tallies.into_iter().filter_map(Result::ok).collect(), lost.into_iter().filter_map(Result::err).collect())
}
