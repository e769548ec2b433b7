//! One scenario: prepared, warmed up, played on its workers, settled.

use std::{sync::Arc, time::Duration};

use engine::{
    clock,
    ends::Ends,
    load::Shard,
    merge,
    record::{self, Collector, Ending, Live, Recorder, Registry, Role, Tap},
    run::{ScenarioRun, TimingRun},
    workers::WorkerLost,
};

use super::{
    Prepared, SuiteError,
    crew::{Crew, Driven, Part},
    faults,
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
    stops::Cause,
    telemetry::traces::Tracing,
    truth,
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
    let length = plan.length();
    let Plan { flows, beside, registry, goals, needs, script } = plan;
    let name = scenario.name();
    let shared = Arc::new(registry.clone());
    prepare(control, name, &shared, script.as_ref(), ends)?;
    let tracing = control.tracing(name);
    let asked = split.is_some();
    let split = split.filter(|_| script.splits());
    let shards = split.map(|split| Shards::muster(control, split, &tracing, ends)).transpose()?;

    let planned =
        Planned { name: name.into(), title: scenario.title().into(), length_s: length.as_secs_f64() };
    screen.begin(planned, &goals);
    let mut stops = Stops::new(&control.options, &goals);
    let collector = Collector::start(record::Plan::new(name, registry, goals, flows.clone()));
    let tap = collector.tap();
    if let Some(shards) = &shards {
        screen.say(&format!("{name}: {}", shards.roll()));
    }
    warm(control, name, &shared, script.as_ref(), &tap, ends);
    let mut notes = reset_truth(control, ends);
    if let Some(books) = control.books() {
        // Whoever cannot be asked has no books to compare with.
        drop(control.block_on(patiently(ends, script.read_before(books))));
    }
    let begun = faults::begin(control, ends);

    let (started, epoch) = (clock::wall(), clock::now() + LEAD);
    let crew = Crew {
        scenario: name,
        flows,
        first_flow: 0,
        script: script.clone(),
        registry: shared.clone(),
        tap: tap.clone(),
        tracing: tracing.clone(),
        ends: ends.clone(),
        epoch,
        shard: Shard::ALL,
    };
    let mut look = |live: &Live| {
        screen.update(live);
        tracing.tick(live.users);
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
    let ended_early = stops.ended();
    // Whoever cannot be asked has none to rest.
    drop(control.block_on(patiently(ends, faults::rest(control, PATIENCE))));

    let truth = read_truth(control, ends, &mut notes);
    notes.extend(begun.note);
    notes.extend(script.notes());
    if asked && split.is_none() {
        notes.push("It ran in one process: its users must know of each other.".into());
    }
    settle(control, name, &shared, script.as_ref(), &tap.recorder(epoch), ends, &mut notes);
    let Driven { flows, workers, lost, mut parts } = driven;
    let traced = gather(control, &tracing, &mut parts, &mut notes);
    let interrupted = ends.interrupted() || ended_early.is_some();
    let run = collector.finish(Ending { started, epoch, ended, interrupted, workers, flows, lost });
    let mut run = put_together(run, parts);
    run.flows.extend(beside.flows);
    run.health.lost.extend(beside.lost);
    tracing.conclude(&run, epoch, ended);
    script.review(&mut run.goals);
    let stopped = ended_early.as_ref().is_some_and(|ended| ended.cause == Cause::Target);
    screen.end(&run, stopped);
    let endpoints = run.warm_up.iter().filter(|timing| timing.role == Role::Endpoint);
    let warm_up_requests = endpoints.map(TimingRun::counts).map(|(ok, failed)| ok + failed).sum();
    let mut truth = truth.map(|truth| truth::score(&run, &truth));
    if let Some(score) = truth.as_mut()
        && let Some(plan) = faults::read(control, ends)
    {
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
        ended_early,
        live: script.account(),
        traces: traced,
        browsers: script.browsed(),
    })
}

/// What was traced, here and in other processes, and what a reader should know of it.
fn gather(control: &Control, tracing: &Tracing, parts: &mut [Part], notes: &mut Vec<String>) -> Vec<Traced> {
    let slowest = control.options.telemetry.traces.slowest;
    let account =
        tracing.finish().merge(parts.iter_mut().map(|part| std::mem::take(&mut part.traced)), slowest);
    notes.extend(account.note());
    let told = parts.iter_mut().filter_map(|part| part.told.take()).reduce(|mut told, other| {
        told.merge(other);
        told
    });
    notes.extend(told.map(|told| format!("Of its processes: {}", told.note())));
    account.traces
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
    match control.block_on(patiently(ends, books.reset_truth())) {
        Ok(Ok(())) => Vec::new(),
        Ok(Err(e)) => vec![format!("The mock's latency books could not be reset: {e:#}.")],
        Err(_) => vec!["The mock's latency books could not be reset in time.".into()],
    }
}

fn read_truth(control: &Control, ends: &Ends, notes: &mut Vec<String>) -> Option<Vec<RouteTruth>> {
    let books = control.books().filter(|_| notes.is_empty())?;
    match control.block_on(patiently(ends, books.truth())) {
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
        patiently(ends, script.settle(settling)).await
    });
    if settled.is_err() {
        notes.push("What can be judged only after the run could not be settled in time.".into());
    }
    recorder.flush();
}
