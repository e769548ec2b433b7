//! The last words of `./test`: what was left out is neither passed nor unsaid.

use std::fs;
use std::process::Command;

/// What cargo and two steps said: one test, which cargo calls passed, had nothing to test with and asked twice.
const SAID: &str = "\
test written::one ... LEFT OUT: test loadgen::written::one, as TEST_PROMETHEUS names none
LEFT OUT: test loadgen::written::one, as TEST_PROMETHEUS names none
ok
test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 1.00s
LEFT OUT: step alerts, as TEST_PROMTOOL names none, see above
test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
";

/// Whether `./test` would end well after three steps that passed and said this, and its last words.
fn tallied(said: &str, provided: &[(&str, &str)]) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("log");
    fs::write(&log, said).expect("it can be written");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/tally.sh");
    let ran = Command::new("bash")
        .args(["-euo", "pipefail", "-c", r#"source "$1"; tally 3 0 "$2""#, "bash", script])
        .arg(&log)
        .env_remove("TEST_PROMTOOL")
        .env_remove("TEST_PROMETHEUS")
        .envs(provided.iter().copied())
        .output()
        .expect("bash starts");
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "");
    (ran.status.success(), String::from_utf8(ran.stdout).expect("text"))
}

#[test]
fn what_was_left_out_is_counted_as_that() {
    let (well, words) = tallied(SAID, &[]);
    assert!(well, "{words}");
    assert!(words.ends_with("\n19 passed, 0 failed, 2 left out\n"), "{words}");
    assert!(words.contains("\nstep alerts, as TEST_PROMTOOL names none, see above\n"), "{words}");
    assert!(words.contains("\ntest loadgen::written::one, as TEST_PROMETHEUS names none\n"), "{words}");
}

#[test]
fn what_was_provided_and_not_used_fails() {
    let (well, words) = tallied(SAID, &[("TEST_PROMETHEUS", "/usr/bin/prometheus")]);
    assert!(!well && words.ends_with("\n19 passed, 1 failed, 2 left out\n"), "{words}");
}

#[test]
fn where_nothing_was_left_out_nothing_is_said_of_it() {
    let said = "test result: FAILED. 7 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
    let (well, words) = tallied(said, &[]);
    assert!(!well && words.ends_with("\n10 passed, 2 failed\n"), "{words}");
    assert!(!words.contains("left out") && !words.contains("LEFT OUT"), "{words}");
}
