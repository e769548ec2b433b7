//! The mock's faults strike while a scenario's load is on, and at no other time: not while it is checked, prepared,
//! warmed up or settled. Its plan becomes a part of the run's record.

use std::time::Duration;

use engine::ends::Ends;

use super::setup::{Control, patiently};
use crate::{faults::FaultPlan, truth::TruthScore};

/// Lets no fault strike for now. A target that has no faults has none to rest; whoever is not there is found out
/// elsewhere.
pub(super) async fn rest(control: &Control, patience: Duration) {
    if let Some(books) = control.books() {
        drop(tokio::time::timeout(patience, books.stop_faults()).await);
    }
}

/// What is known of the faults when a scenario begins.
#[derive(Debug, Default)]
pub(super) struct Begun {
    /// The plan and what came of it in earlier scenarios.
    pub(super) before: Option<FaultPlan>,
    /// Why they may not strike, if so.
    pub(super) note: Option<String>,
}

/// Opens the windows of the faults, if there are any: their clock begins with the load.
pub(super) fn begin(control: &Control, ends: &Ends) -> Begun {
    let before = match ask(control, ends) {
        Ok(None) => return Begun::default(),
        Ok(plan) => plan,
        Err(why) => {
            let note =
                format!("Whether faults are scheduled could not be asked, so none were started: {why}.");
            return Begun { before: None, note: Some(note) };
        }
    };
    let Some(books) = control.books() else { return Begun::default() };
    let note = match control.block_on(patiently(ends, books.start_faults())) {
        Ok(Ok(())) => None,
        Ok(Err(e)) => Some(format!("The scheduled faults could not be started: {e:#}.")),
        Err(_) => Some("The scheduled faults could not be started in time.".into()),
    };
    Begun { before, note }
}

/// The plan and what came of it so far; `None` where there is none, or nobody who could be asked.
pub(super) fn read(control: &Control, ends: &Ends) -> Option<FaultPlan> {
    ask(control, ends).ok().flatten()
}

/// The same, telling no plan, or a target that has no such thing, from no answer.
fn ask(control: &Control, ends: &Ends) -> Result<Option<FaultPlan>, String> {
    let Some(books) = control.books() else { return Ok(None) };
    match control.block_on(patiently(ends, books.faults())) {
        Ok(Ok(plan)) => Ok(Some(plan).filter(|plan| plan.toml.is_some())),
        Ok(Err(e)) => Err(format!("{e:#}")),
        Err(_) => Err("there was no answer in time".into()),
    }
}

/// Takes routes out of the score whose latency faults changed in ways that the mock's books do not hold, and says so.
pub(super) fn excuse(score: &mut TruthScore, plan: &FaultPlan, notes: &mut Vec<String>) {
    score.routes.retain(|scored| match plan.unscored(&scored.route) {
        None => true,
        Some(fault) => {
            let (route, kind) = (&scored.route, &fault.kind);
            notes.push(format!(
                "{route} is not held against the target's own latencies: the fault {kind} struck it."
            ));
            false
        }
    });
}
