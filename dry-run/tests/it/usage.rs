//! What was typed wrong is said before anything is started.

use std::fs;

use crate::command::{results, run, temporary, written};

#[track_caller]
fn refused(args: &[&str], words: &[&str]) {
    let out = results();
    let ran = run(&out, args);
    assert_eq!(ran.code, 2, "{ran:#?}");
    for word in words {
        assert!(ran.stderr.contains(word), "`{word}` is not said: {ran:#?}");
    }
    let written = [written(&out), temporary(&out)].concat();
    assert!(written.is_empty(), "something was written: {written:?}");
}

#[test]
fn unknown_names_are_answered_with_the_known_ones() {
    refused(&["--scenario", "checkout-load"], &["checkout-load", "search-load", "rtc-load", "api-load"]);
    refused(&["--preset", "huge"], &["huge", "smoke", "quick", "full"]);
    refused(&["--inconclusive", "maybe"], &["maybe", "pass", "fail", "98"]);
    refused(&["--defects", "slowness"], &["slowness", "oversell-race", "errors-as-200"]);
    for ignored in [
        &["--preset", "full"][..],
        &["--profile", "breach"],
        &["--faults", "plan.toml"],
        &["--scenario", "search-load"],
        &["--time-scale", "2"],
        &["--load", "0.5"],
        &["--inconclusive", "fail"],
        &["--keep"],
        &["--browsers", "2"],
        &["--throttle", "cable"],
    ] {
        refused(&[&["--defects"], ignored].concat(), &["--defects", ignored[0]]);
    }
    refused(&["--time-scale", "0"], &["--time-scale", "0.05 to 100"]);
    refused(&["--load", "2"], &["--load", "0.05 to 1"]);
    refused(&["--page-weight", "heavy"], &["`heavy`", "0.1 to 20"]);
    refused(&["--browsers", "many"], &["`many`", "auto, required, 0 to 16"]);
    refused(&["--browser-at", "http://192.0.2.1:9222"], &["192.0.2.1", "only a browser of this machine"]);
}

#[test]
fn a_profile_that_is_not_there_is_answered_with_those_that_are() {
    refused(&["--profile", "sluggish"], &["sluggish", "off, healthy, borderline, breach"]);
}

#[test]
fn a_broken_profile_is_named_with_file_and_line() {
    let folder = results();
    let file = folder.path().join("broken.toml");
    let healthy = include_str!("../../../fixtures/profiles/healthy.toml");
    let text = healthy.replacen("GET /api/search\"", "GET /api/nowhere\"", 1);
    fs::write(&file, text).expect("a file in a temporary folder");
    let path = file.to_str().expect("a plain path");
    refused(&["--profile", path], &["broken.toml", "line ", "GET /api/nowhere"]);
}

#[test]
fn a_broken_plan_of_faults_is_named_with_file_and_line() {
    let folder = results();
    let file = folder.path().join("faults.toml");
    fs::write(&file, "seed = 1\n[[fault]]\nkind = \"rest\"\n").expect("a file in a temporary folder");
    let path = file.to_str().expect("a plain path");
    refused(&["--faults", path], &["faults.toml", "line 3", "rest", "reset", "chat-lost"]);
    refused(&["--faults", "nowhere.toml"], &["nowhere.toml", "cannot be read"]);
}
