use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::*;
use crate::limit::{
    knee::Knee,
    search::{End, Rules},
};

const ORIGIN: &str = "http://127.0.0.1:8089";

fn found() -> Limit {
    Limit {
        format: FORMAT,
        id: "limit_20270101_000000".to_owned(),
        started: "2027-01-01T00:00:00Z".to_owned(),
        scenario: "search-load".to_owned(),
        preset: Preset::Full,
        trial_s: 60.0,
        seed: 42,
        origin: ORIGIN.to_owned(),
        rules: Rules::default(),
        not_judged: Vec::new(),
        series: "GET /api/search".to_owned(),
        trials: Vec::new(),
        holds: Some(2.25),
        breaks: Some(2.5),
        end: End::Found,
        contradictions: Vec::new(),
        knee: Knee::Flat,
        notes: Vec::new(),
    }
}

/// The limit in a directory of its own.
fn kept(limit: &Limit) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join(FILE), limit.to_json()).expect("it can be written to");
    let path = dir.path().to_owned();
    (dir, path)
}

/// What is said of this limit.
fn refused(limit: &Limit) -> String {
    let (_dir, path) = kept(limit);
    read([path.as_path()], ORIGIN).expect_err("it says nothing of this run").to_string()
}

#[test]
fn a_limit_of_launch_day_on_this_target_is_headroom() {
    let (_dir, path) = kept(&found());
    let headroom = read([path.as_path()], ORIGIN).expect("it fits");
    let wanted = Headroom {
        scenario: "search-load".to_owned(),
        holds: 2.25,
        fails: Some(2.5),
        found_in: "limit_20270101_000000".to_owned(),
    };
    assert_eq!(headroom, [wanted]);
    assert_eq!(read([], ORIGIN).expect("none is fine"), []);
}

#[test]
fn what_says_nothing_of_this_run_is_refused_in_words() {
    let other = Limit { origin: "http://127.0.0.1:9000".to_owned(), ..found() };
    assert!(refused(&other).contains("is the limit of http://127.0.0.1:9000"), "{}", refused(&other));
    let smoke = Limit { preset: Preset::Smoke, ..found() };
    assert!(refused(&smoke).contains("search with --preset full"), "{}", refused(&smoke));
    let nothing = Limit { holds: None, ..found() };
    assert!(refused(&nothing).contains("found no load at which search-load holds"), "{}", refused(&nothing));
    let old = Limit { format: 0, ..found() };
    assert!(refused(&old).contains("format 0; this version reads 1"), "{}", refused(&old));
}

#[test]
fn a_scenario_has_one_limit_and_a_directory_without_one_says_what_to_name() {
    let (_dir, path) = kept(&found());
    let twice = read([path.as_path(), path.as_path()], ORIGIN).expect_err("two of one scenario").to_string();
    assert!(twice.contains("both limits of search-load"), "{twice}");
    let empty = tempfile::tempdir().expect("a directory");
    let said = read([empty.path()], ORIGIN).expect_err("no limit there").to_string();
    assert!(said.contains("name a directory that `loadgen limit` left"), "{said}");
}
