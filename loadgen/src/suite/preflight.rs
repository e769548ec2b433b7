//! Before any load: is the target there, is it what it should be, is it in the state it should be in?

use std::{sync::Arc, time::Duration};

use contract::{
    Endpoint as _,
    auth::{Login, LoginInput, SEEDED_PASSWORD},
    events::{EventParams, GetEvent, LOAD_EVENT, LOAD_EVENT_SMALL},
    operations::{Health, HealthOutput},
};
use engine::record::Registry;

use super::{Prepared, SuiteError, setup::Control};
use crate::{
    call::Answer,
    context::Context,
    http::Connector,
    options::{Options, Unfit},
    preflight::{self, Findings, Ink, Kit, Trouble, Wanted},
    run::NotRun,
};

/// How long the target has to answer its health.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// What a target that was reached is like.
#[derive(Debug)]
pub struct Checked {
    /// What it says it is.
    pub health: HealthOutput,
    /// Its endpoints, held against the contract.
    pub findings: Findings,
    /// Whether it holds the world, and no rows of an earlier run.
    pub state: Result<(), SuiteError>,
}

/// Is it there, with all its servers, and is it what it should be? What the first one says of itself.
pub(super) async fn identify(control: &Control) -> Result<HealthOutput, SuiteError> {
    let mut first = None;
    for server in control.connector().each() {
        let health = answers(control, server.clone()).await?;
        server.target().is_genuine(&health.environment).map_err(|e| SuiteError::Refused(e.to_string()))?;
        first.get_or_insert(health);
    }
    token(control).await?;
    Ok(first.expect("a target has at least one server"))
}

/// Looks at a target that was identified, for these plans. Nothing is left behind.
pub(super) async fn look(control: &Control, prepared: &[Prepared], health: HealthOutput) -> Checked {
    let Options { world, stripe_secret, unfit, .. } = &control.options;
    if *unfit == Unfit::Play {
        let findings = Findings::new(&[], Vec::new(), Duration::ZERO);
        let state = state(control, prepared, &health, &findings).await;
        return Checked { health, findings, state };
    }
    let kit = Kit::new(&control.connector(), world, control.nonce.clone(), stripe_secret.clone());
    let target = &control.options.target;
    let lacks = |route| target.missing(route).map(str::to_owned);
    let findings = preflight::ask(&kit, &Wanted::of(prepared), lacks).await;
    let state = state(control, prepared, &health, &findings).await;
    Checked { health, findings, state }
}

/// The world, and whether the load events are empty: as far as the endpoints that tell can be asked.
async fn state(
    control: &Control,
    prepared: &[Prepared],
    health: &HealthOutput,
    findings: &Findings,
) -> Result<(), SuiteError> {
    let login = findings.of(Login::ROUTE).and_then(|probed| probed.trouble.as_ref());
    // Whoever is refused as somebody unknown tells that the world is not there.
    if matches!(login, None | Some(Trouble::Refused { status: 400 | 401, .. })) {
        inhabited(&mut context(control), health).await?;
    }
    let counts = |prepared: &&Prepared| {
        prepared.plan.needs.empty_load_events && findings.why_not(prepared.scenario.name()).is_none()
    };
    if prepared.iter().any(|prepared| counts(&prepared)) {
        empty(&mut context(control), health).await?;
    }
    Ok(())
}

/// The scenarios that can work; whatever cannot ends the run or is left out, as the options have it.
pub(super) fn sort(
    prepared: Vec<Prepared>,
    findings: &Findings,
    options: &Options,
) -> Result<(Vec<Prepared>, Vec<NotRun>), SuiteError> {
    let leaves = match options.unfit {
        Unfit::Play => return Ok((prepared, Vec::new())),
        Unfit::Stop => false,
        Unfit::LeaveOut => true,
    };
    if findings.all_fit() {
        return Ok((prepared, Vec::new()));
    }
    if !leaves || findings.named(true).is_empty() {
        return Err(SuiteError::Unfit(refusal(findings)));
    }
    let (fit, unfit): (Vec<_>, Vec<_>) =
        prepared.into_iter().partition(|prepared| findings.why_not(prepared.scenario.name()).is_none());
    let not_run = unfit.iter().map(|prepared| prepared.scenario.name()).filter_map(|name| {
        let why = findings.why_not(name)?;
        Some(NotRun { name: name.to_owned(), why, left_out: true })
    });
    Ok((fit, not_run.collect()))
}

/// The table, and what to do about it.
fn refusal(findings: &Findings) -> String {
    let (fit, unfit) = (findings.named(true), findings.named(false).join(", "));
    let hint = if fit.is_empty() {
        String::new()
    } else {
        format!("; --allow-partial runs the others ({})", fit.join(", "))
    };
    let table = preflight::text(findings, Ink::Plain);
    format!("this target cannot run {unfit}{hint}\n\n{table}")
}

fn context(control: &Control) -> Context {
    control.context("preflight", Arc::new(Registry::new()), None)
}

/// Asks the target for its health, at whichever of its servers answers.
pub(super) async fn reachable(control: &Control) -> Result<HealthOutput, SuiteError> {
    answers(control, control.connector()).await
}

/// Asks for the health that these connections lead to.
async fn answers(control: &Control, connector: Connector) -> Result<HealthOutput, SuiteError> {
    let tried = format!("GET {}/health", connector.target());
    let mut context = control.context_at(connector, "preflight", Arc::new(Registry::new()), None);
    let asked = context.call::<Health>(&contract::Nothing {}).send();
    match tokio::time::timeout(ANSWER_WITHIN, asked).await {
        Ok(Ok(Answer::Done(health))) => Ok(health),
        Ok(Ok(Answer::Refused(error))) => {
            Err(SuiteError::Unreachable(format!("{tried} was refused: {error}")))
        }
        Ok(Err(fault)) => Err(SuiteError::Unreachable(format!("tried {tried}: {fault}"))),
        Err(_) => {
            let within = ANSWER_WITHIN.as_secs();
            Err(SuiteError::Unreachable(format!("tried {tried}: no answer within {within} s")))
        }
    }
}

/// An admin token that opens nothing would be noticed only when the books are to be read, after the load.
async fn token(control: &Control) -> Result<(), SuiteError> {
    let Some(books) = control.books() else { return Ok(()) };
    let read = tokio::time::timeout(ANSWER_WITHIN, books.can_be_read()).await;
    let read = read.map_err(|_| SuiteError::Unreachable("/__admin/pools: no answer".to_owned()))?;
    read.map(drop)
        .map_err(|why| SuiteError::Refused(format!("the target's own books cannot be read: {why:#}")))
}

/// The world asked for must be the one that is there, or every answer will seem wrong: its first and its last
/// load user sign in and are who they should be.
async fn inhabited(context: &mut Context, health: &HealthOutput) -> Result<(), SuiteError> {
    let world = context.world();
    let members = world.size().members;
    let seed = format!("`cargo seed --environment={}`", health.environment);
    for n in [0, 1, members.saturating_sub(1)].into_iter().filter(|n| *n < members) {
        let wanted = world.load_user(n);
        let input = LoginInput { email: wanted.email.clone(), password: SEEDED_PASSWORD.to_owned() };
        let asked = context.call::<Login>(&contract::Nothing {}).input(&input).or(&[400, 401]).send().await;
        let answer =
            asked.map_err(|fault| SuiteError::Unreachable(format!("POST /api/auth/login: {fault}")))?;
        let refused = |why: &str| Err(SuiteError::Refused(format!("{} {why}", wanted.email)));
        match answer {
            Answer::Refused(error) => {
                return refused(&format!(
                    "cannot sign in ({error}), so launch day's world is not there, or is smaller than asked for: \
                     put it in place with {seed}"
                ));
            }
            Answer::Done(found) => {
                let user = found.user;
                if (&user.first_name, &user.last_name) != (&wanted.first_name, &wanted.last_name) {
                    return refused(&format!(
                        "is not who the world of seed {} has there: name the seed the target was filled with \
                         (--world-seed), or fill it with {seed}",
                        world.seed()
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Rows of an earlier run on the load events would be counted as this run's.
async fn empty(context: &mut Context, health: &HealthOutput) -> Result<(), SuiteError> {
    for event in [LOAD_EVENT, LOAD_EVENT_SMALL] {
        let params = EventParams { event_id: event.to_owned() };
        let asked = context.call::<GetEvent>(&params).or(&[404]).send().await;
        let environment = &health.environment;
        match asked.map_err(|fault| SuiteError::Unreachable(format!("GET /api/events/{event}: {fault}")))? {
            Answer::Done(event) if event.current_registrations == 0 && event.waitlist_count == 0 => {}
            Answer::Done(found) => {
                return Err(SuiteError::Refused(format!(
                    "{event} holds {} registrations and {} waiting from an earlier run: remove them with \
                     `cargo seed reset-load --environment={environment}`",
                    found.current_registrations, found.waitlist_count
                )));
            }
            Answer::Refused(_) => {
                return Err(SuiteError::Refused(format!(
                    "the target has no event {event}: seed it with `cargo seed --environment={environment}`"
                )));
            }
        }
    }
    Ok(())
}
