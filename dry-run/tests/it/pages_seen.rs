//! A real browser visits while the crowd is there: what it sees is in the report, and nothing of it stays.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command::{Ran, Running, data, results, run, temporary};

const SLOW_HERO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mock-server/faults/slow-hero.toml");
const MISSING_HERO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mock-server/faults/missing-hero.toml");

/// A crowd and browsers among it.
const VISITED: [&str; 4] = ["--scenario", "page-load", "--browsers", "required"];
/// One browser, among a crowd that leaves it its processor on a machine of two cores; for long enough that it makes five
/// visits and sees the canary.
const UNHURRIED: [&str; 8] =
    ["--scenario", "page-load", "--browsers", "1", "--load", "0.2", "--time-scale", "2"];

/// Whether there is a browser to be had; says so where there is none.
fn a_browser_is_here() -> bool {
    crate::provided::named("TEST_CHROMIUM").is_some()
}

/// A small crowd and a browser, with more arguments: what came of it, and what was measured. Nothing of a browser is left.
fn visited(args: &[&str]) -> (Ran, Value) {
    let out = results();
    let ran = run(&out, &[&UNHURRIED, args].concat());
    nothing_is_left(&out);
    (ran, data(&out)["scenarios"][0].clone())
}

fn visits(scenario: &Value) -> &[Value] {
    scenario["browsers"]["visits"].as_array().expect("visits")
}

/// The goals that take a browser are judged: it was not starved. Whatever is to be shown of them would not be, otherwise.
fn a_browser_fared_well(scenario: &Value) {
    let goals = scenario["run"]["goals"].as_array().expect("goals");
    let of_browsers =
        || goals.iter().filter(|goal| goal["name"].as_str().is_some_and(|it| it.starts_with("LCP")));
    assert_eq!(of_browsers().count(), 2);
    for goal in of_browsers() {
        assert_eq!(goal["standing"], "applies", "this machine is too busy to tell: {goal}");
    }
    let canary = &scenario["browsers"]["canary"];
    for seen in ["idle_ms", "meanwhile_ms"] {
        assert!(canary[seen].as_array().is_some_and(|seen| !seen.is_empty()), "{seen}: {canary}");
    }
}

/// No profile, and no process that was started with one.
fn nothing_is_left(out: &tempfile::TempDir) {
    assert_eq!(temporary(out), Vec::<PathBuf>::new());
    assert_eq!(processes_at(out.path()), Vec::<String>::new());
}

/// Command lines that name this path.
fn processes_at(path: &Path) -> Vec<String> {
    let path = path.to_str().expect("text");
    let entries = fs::read_dir("/proc").expect("processes").filter_map(Result::ok);
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(path))
        .collect()
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn what_a_browser_sees_while_the_crowd_is_there_is_called_lcp() {
    if !a_browser_is_here() {
        return;
    }
    let (ran, scenario) = visited(&[]);
    a_browser_fared_well(&scenario);
    // A machine with two cores may be late itself beside a browser, and a small crowd may be too few to decide about the
    // API; either says so: not what this is about.
    assert!([0, 97, 98].contains(&ran.code), "{}\n{}", ran.stderr, ran.stdout);
    let visits = visits(&scenario);
    assert!(visits.len() >= 5, "{} visits", visits.len());
    for visit in visits {
        let view = &visit["view"];
        assert_eq!(view["ended"], "settled", "{visit}");
        assert!(view["lcp"]["url"].as_str().is_some_and(|url| url.ends_with("/hero.png")), "{visit}");
        assert!(view["lcp"]["at_ms"].as_f64().is_some_and(|ms| ms > 0.0 && ms < 15_000.0), "{visit}");
    }
    assert!(visits.iter().any(|visit| visit["returning"] == true), "nobody came back");
    assert!(ran.stdout.contains("not judged at smoke"), "{}", ran.stdout);
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn a_hero_image_that_comes_late_fails_lcp_and_not_the_html() {
    if !a_browser_is_here() {
        return;
    }
    let (ran, scenario) = visited(&["--faults", SLOW_HERO]);
    a_browser_fared_well(&scenario);
    let first: Vec<&Value> = visits(&scenario).iter().filter(|visit| visit["returning"] == false).collect();
    assert!(!first.is_empty());
    for visit in first {
        let parts = &visit["view"]["lcp"]["parts"];
        assert!(parts["load_time_ms"].as_f64().is_some_and(|ms| ms >= 3_000.0), "it was loading: {visit}");
    }
    assert_eq!(ran.code, 99, "{}\n{}", ran.stderr, ran.stdout);
    assert!(ran.stdout.contains("missed: page-load: p95 of lcp_metric"), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("missed: ").count(), 1, "LCP alone: {}", ran.stdout);
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn without_its_hero_image_the_next_largest_content_is_reported() {
    if !a_browser_is_here() {
        return;
    }
    let (_, scenario) = visited(&["--faults", MISSING_HERO]);
    assert!(!visits(&scenario).is_empty());
    for visit in visits(&scenario) {
        let view = &visit["view"];
        assert!(view["lcp"].is_object() && view["lcp"]["url"].is_null(), "text: {visit}");
        let failed = view["failed"].as_array().expect("failures");
        let of_the_hero = |line: &Value| line.as_str().is_some_and(|line| line.contains("hero.png"));
        assert!(failed.iter().any(of_the_hero), "{visit}");
    }
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn ctrl_c_in_the_midst_of_visits_takes_the_browser_along() {
    if !a_browser_is_here() {
        return;
    }
    let out = results();
    let mut running = Running::start(&out, &[&VISITED[..], &["--time-scale", "5"]].concat());
    running.wait_for("page-load: 10 of ");
    assert!(!temporary(&out).is_empty(), "its browser has a profile");
    running.signal("INT");
    let ran = running.finish();
    assert_eq!(ran.code, 130, "{}\n{}", ran.stderr, ran.stdout);
    nothing_is_left(&out);
}
