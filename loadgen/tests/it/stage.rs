//! A stage: one scenario's users against a server a test has written, which may lie.

use std::{
    net::SocketAddr,
    rc::Rc,
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::Router;
use engine::{
    clock,
    driver::{Due, Turn},
    ends::Ends,
    goal::Claim,
    record::{Collector, Ending, FaultKind, Plan as Series},
    run::ScenarioRun,
    verdict::{self, Verdict},
};
use fixtures::{Size, World};
use loadgen::{
    books::Books,
    context::{Context, Surroundings},
    http::{Connector, Limits},
    live::{LiveSession, Media},
    preset::Sizing,
    scenario::{Scope, Script, Settling},
    scenarios,
    target::Target,
};
use tokio::{net::TcpListener, task::LocalSet};

use crate::scopes::smoke;

/// A world small enough to be made in every test.
pub(crate) static WORLD: LazyLock<World> = LazyLock::new(|| {
    World::new(42, Size { members: 60, instructors: 5, events: 12, content: 1_500, ..Size::scaled(1) })
});

/// From one arrival to the next.
const APART: Duration = Duration::from_millis(10);

/// What is played.
pub(crate) enum Play {
    /// These turns `(user, number)` of a flow, with no time to think: whoever would, leaves.
    Turns { flow: usize, turns: Vec<(u64, u64)> },
    /// The same as arrivals, [`APART`] from each other, with time to think, then what is settled when the last has gone, against the
    /// server's own books where it keeps any. `scale` is the preset's time scale.
    Whole { turns: Vec<(u64, u64)>, scale: f64 },
    /// What the scenario does before its start, and so many rounds of its warm-up.
    Rounds(u64),
}

/// Plays a scenario against `server` and gives what was recorded.
pub(crate) async fn play(scenario: &'static str, server: Router, acts: Play) -> ScenarioRun {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    let service = server.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    play_at(scenario, &origin, acts, LiveSession { media: Media::None, ..LiveSession::default() }).await
}

/// Plays a scenario against whoever is at `origin`; a live session has this shape.
pub(crate) async fn play_at(
    scenario: &'static str,
    origin: &str,
    acts: Play,
    live: LiveSession,
) -> ScenarioRun {
    LocalSet::new().run_until(on_stage(scenario, origin, acts, live)).await
}

async fn on_stage(scenario: &'static str, origin: &str, acts: Play, live: LiveSession) -> ScenarioRun {
    let scale = if let Play::Whole { scale, .. } = acts { scale } else { 1.0 };
    let scope = Scope { world: *WORLD, live, ..smoke() };
    let sizing = Sizing::new(scenario, scope.sizing.preset(), scale);
    let plan = scenarios::find(scenario).expect("a scenario of this name").plan(&Scope { sizing, ..scope });
    let series = Series::new(scenario, plan.registry.clone(), plan.goals.clone(), plan.flows.clone());
    let collector = Collector::start(series);
    let (started, epoch) = (clock::wall(), clock::now());
    let recorder = collector.tap().recorder(epoch);
    let target = Arc::new(Target::parse(origin).expect("a loopback origin"));
    let around = Rc::new(Surroundings {
        scenario,
        seed: 42,
        world: *WORLD,
        nonce: "n0".into(),
        connector: Connector::new(target, None, Limits::default()),
        recorder: Some(recorder.clone()),
        registry: Arc::new(plan.registry.clone()),
        tracer: None,
    });
    let books = Books::new(&around.connector, "any");
    // Requests made while settling are not counted.
    let uncounted = Rc::new(Surroundings { recorder: None, ..Surroundings::clone(&around) });
    let settling =
        Settling { context: &mut Context::new(uncounted), recorder: &recorder, books: Some(&books) };
    perform(plan.script.as_ref(), || Context::new(around.clone()), settling, acts).await;
    recorder.flush();
    let ending = Ending {
        started,
        epoch,
        ended: clock::now(),
        interrupted: false,
        workers: 1,
        flows: Vec::new(),
        lost: Vec::new(),
    };
    collector.finish(ending)
}

async fn perform(script: &dyn Script, context: impl Fn() -> Context, settling: Settling<'_>, acts: Play) {
    match acts {
        Play::Whole { turns, .. } => {
            let ends = Ends::new();
            let start = clock::now();
            let all = (0..).zip(turns).map(|(place, (user, number))| {
                let (mut player, ends) = (script.user(0, user, context()), ends.clone());
                async move {
                    let due = ends.until(start + APART * place).await.expect("nobody ends the run");
                    player.turn(Turn { user, number, due, ends }).await;
                }
            });
            futures_util::future::join_all(all).await;
            script.settle(settling).await;
        }
        Play::Turns { flow, turns } => {
            let ends = Ends::new();
            ends.leave();
            for (user, number) in turns {
                let turn = Turn { user, number, due: Due::now(), ends: ends.clone() };
                script.user(flow, user, context()).turn(turn).await;
            }
        }
        Play::Rounds(rounds) => {
            script.prepare(&mut context()).await.expect("the server lets people sign in");
            for round in 0..rounds {
                script.warm_up(&mut context(), round).await;
            }
        }
    }
}

/// The goals that a run missed.
pub(crate) fn red(run: &ScenarioRun) -> Vec<String> {
    let judged = run.goals.iter().map(|goal| verdict::judge_goal(run, goal));
    let failed = judged.filter(|judged| judged.verdict == Verdict::Fail);
    failed.map(|judged| judged.goal.name).collect()
}

/// The same without limits on time: those a slow machine misses as well.
pub(crate) fn red_but_for_time(run: &ScenarioRun) -> Vec<String> {
    let of_time = |name: &str| {
        let goal = run.goals.iter().find(|goal| goal.name == name).expect("it is one of them");
        matches!(goal.claim, Claim::Percentile { .. })
    };
    red(run).into_iter().filter(|name| !of_time(name)).collect()
}

/// Failures of a series by kind.
pub(crate) fn faults(run: &ScenarioRun, series: &str) -> Vec<(FaultKind, u64)> {
    let series = run.timing_named(series).expect("the plan declares it");
    series.faults.iter().map(|fault| (fault.kind.clone(), fault.count)).collect()
}

/// Failures of every series, for a test that expects none.
pub(crate) fn all_faults(run: &ScenarioRun) -> Vec<(&str, &FaultKind, &[String])> {
    run.timings
        .iter()
        .flat_map(|series| {
            series.faults.iter().map(|fault| (&series.name[..], &fault.kind, &fault.evidence[..]))
        })
        .collect()
}

/// Good and bad ones of a share.
pub(crate) fn share(run: &ScenarioRun, name: &str) -> (u64, u64) {
    run.shares.iter().find(|share| share.name == name).expect("the plan declares it").counts()
}

/// Samples of a series.
pub(crate) fn samples(run: &ScenarioRun, series: &str) -> u64 {
    let (ok, failed) = run.timing_named(series).expect("the plan declares it").counts();
    ok + failed
}

/// The kind of a failed check.
pub(crate) fn body(check: &'static str) -> FaultKind {
    FaultKind::Body(check.into())
}
