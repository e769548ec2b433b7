//! The suite graded by planted defects: a race, and a defect that needs a fault.
//! `dry-run --defects` without names does it with all of them.

use std::fs;

use crate::command::{folder, results, run};

#[track_caller]
fn caught(defect: &str, by: &str) {
    let out = results();
    let ran = run(&out, &["--defects", defect]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stderr, ran.stdout);
    assert!(ran.stdout.contains("mutation score: 1 of 1 (100 %)"), "{}", ran.stdout);
    let folder = folder(&out);
    let page = fs::read_to_string(folder.join("MUTATION_SCORE.md")).expect("a table");
    let line = page.lines().find(|line| line.starts_with(&format!("| `{defect}`"))).expect("its line");
    assert!(line.contains("| caught |") && line.contains(by), "{line}");
    assert!(folder.join(defect).is_dir() && folder.join("controls").is_dir());
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn seats_that_are_sold_twice_turn_the_registration_red() {
    caught("oversell-race", "seats sold never exceed capacity");
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn a_store_that_fails_open_turns_the_webhooks_red() {
    caught("dedup-fails-open", "webhooks_applied_exactly_once");
}
