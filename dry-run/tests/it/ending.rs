//! However a rehearsal ends, there is a report, and nothing of it keeps running.

use std::net::TcpStream;

use crate::command::{Running, between, data, expect_nobody_at, folder, is_cut, results, run, signal};

/// One short scenario; the full world, as always.
const SHORT: [&str; 2] = ["--scenario", "search-load"];

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn ctrl_c_leaves_a_partial_report() {
    let out = results();
    let mut running = Running::start(&out, &SHORT);
    running.wait_for("search-load: ");
    running.signal("INT");
    let ran = running.finish();
    assert_eq!(ran.code, 130, "{ran:#?}");
    assert_eq!(data(&out)["interrupted"], true);
    assert!(folder(&out).join("SUMMARY_REPORT.md").is_file());
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn a_second_ctrl_c_leaves_at_once() {
    let out = results();
    let mut running = Running::start(&out, &SHORT);
    running.wait_for("search-load: ");
    running.signal("INT");
    running.signal("INT");
    let ran = running.finish();
    assert_eq!(ran.code, 130, "{ran:#?}");
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn ctrl_c_before_the_load_leaves_nothing() {
    let out = results();
    let running = Running::start(&out, &SHORT);
    running.signal("INT");
    running.finish();
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn a_mock_that_dies_is_a_failure_with_a_report() {
    let out = results();
    let mut running = Running::start(&out, &SHORT);
    running.wait_for("search-load: ");
    signal("KILL", &running.mock);
    let ran = running.finish();
    assert_eq!(ran.code, 99, "{ran:#?}");
    assert!(ran.stdout.contains("FAIL"), "{ran:#?}");
    let audit = &data(&out)["audit"];
    assert_eq!((&audit["ok"], &audit["checks"][0]["name"]), (&false.into(), &"books_can_be_read".into()));
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn a_rehearsal_that_is_killed_takes_its_mock_along() {
    for keep in [&[][..], &["--keep"]] {
        let out = results();
        let mut running = Running::start(&out, &[&SHORT, keep].concat());
        running.wait_for("search-load: ");
        running.signal("KILL");
        let ran = running.finish();
        assert_eq!(ran.code, -1, "{ran:#?}");
    }
}

#[test]
#[ignore = "needs the released binary: ./test dry-run"]
fn a_mock_that_is_kept_runs_until_it_is_stopped() {
    let out = results();
    let ran = run(&out, &[&SHORT[..], &["--time-scale=0.3", "--keep"]].concat());
    let address = between(&ran.stdout, "keeps running at http://", " (");
    let process = between(&ran.stdout, "to stop it:  kill ", "\n");
    let mut connection = TcpStream::connect(address).expect("the mock listens");
    signal("TERM", process);
    assert!(is_cut(&mut connection), "the mock is still there");
    expect_nobody_at(address);
}
