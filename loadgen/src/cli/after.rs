//! What is done with a run that is over, beside its reports: a row in the history, and what a workflow on GitHub shows.

use std::{env, fs, io::Write, path::Path};

use super::tell;
use crate::{
    report::{self, Format, history},
    run::Run,
    suite::Outcome,
};

/// Set in a step of a workflow on GitHub.
const ON_GITHUB: &str = "GITHUB_ACTIONS";
const COMMIT: &str = "GITHUB_SHA";
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// What follows a run when its end has been told: a row in the history, and on GitHub annotations and the step's summary.
/// None of it changes the run or its exit code; what did not work is said.
pub fn afterwards(outcome: &Outcome) {
    if !outcome.run.interrupted {
        kept(outcome);
    }
    if env::var(ON_GITHUB).is_ok_and(|set| set == "true") {
        if let Ok(annotations) = report::one(&outcome.run, &Format::Github) {
            tell(&annotations);
        }
        step_summary(&outcome.run);
    }
}

/// A row in `history.csv`, beside the run's directory.
fn kept(outcome: &Outcome) {
    let commit = env::var(COMMIT).ok();
    let row = history::row(&outcome.run, commit.as_deref());
    let beside = outcome.dir.parent().filter(|dir| !dir.as_os_str().is_empty());
    if let Err(e) = history::append(beside.unwrap_or(Path::new(".")), &row) {
        eprintln!("the run is not in the history: {e}");
    }
}

/// Adds the one-page report to the summary of the step, where there is one.
pub(super) fn step_summary(run: &Run) {
    let Some(path) = env::var_os(STEP_SUMMARY).filter(|path| !path.is_empty()) else { return };
    let there = fs::metadata(&path).map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX));
    let text = report::step_summary(run, there);
    let file = fs::OpenOptions::new().create(true).append(true).open(&path);
    if let Err(e) = file.and_then(|mut file| file.write_all(text.as_bytes())) {
        eprintln!("{STEP_SUMMARY} ({}): {e}", Path::new(&path).display());
    }
}
