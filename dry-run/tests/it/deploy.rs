//! What is under `deploy/` and `docs/RUNBOOK.md` fits together and asks only for what there is. Whether the alerts are
//! right, promtool says (`./test alerts`).

mod alerts;
mod boards;
mod compose;
mod known;
mod promql;
mod scraped;

use std::fs;
use std::path::{Path, PathBuf};

/// A file or folder of the repository.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

/// What is in a file of the repository.
fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A run puts its page there itself, so a step that does it as well shows it twice.
#[test]
fn the_nightly_example_leaves_a_runs_page_to_the_run() {
    let nightly = read("deploy/github/nightly.yml");
    let twice: Vec<&str> = nightly.lines().filter(|line| line.contains("SUMMARY_REPORT.md")).collect();
    assert!(nightly.contains("GITHUB_STEP_SUMMARY") && twice.is_empty(), "{twice:?}");
}
