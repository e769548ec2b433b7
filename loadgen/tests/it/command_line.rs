//! The binary: what mistakes get.

use std::{
    net::TcpListener,
    process::{Command, Output},
};

use expect_test::expect;

fn loadgen(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    for name in
        ["LOADGEN_TARGET", "LOADGEN_PRESET", "LOADGEN_SEED", "WORLD_SEED", "MOCK_ADMIN_TOKEN", "LOADGEN_OUT"]
    {
        command.env_remove(name);
    }
    command.args(args).output().expect("the binary runs")
}

fn refused(args: &[&str]) -> (Option<i32>, String) {
    let output = loadgen(args);
    assert!(output.stdout.is_empty(), "nothing is said where results go");
    (output.status.code(), String::from_utf8(output.stderr).expect("text"))
}

#[test]
fn an_unknown_scenario_names_those_there_are() {
    let (code, said) = refused(&["run", "--scenario", "serach-load"]);
    assert_eq!(code, Some(2));
    expect![["
        error: unknown scenario `serach-load`: it is one of search-load, rtc-load, webhooks-load, event-rsvp-load, page-load, api-load
    "]]
    .assert_eq(&said);
}

#[test]
fn wrong_values_are_usage_errors_that_name_value_and_choice() {
    let cases: [(&[&str], &str, &str); 12] = [
        (&["preflight", "--target", "moon"], "`moon`", "`mock`"),
        (&["run", "--abort-on", "p90>3s"], "p90", "errors, p50, p95, p99, lateness"),
        (&["limit", "--scenario", "search-load", "--step", "1"], "`1`", "1.05 to 10"),
        (&["limit", "--target", "http://127.0.0.1:1"], "one scenario", "--scenario NAME"),
        (&["plan", "--preset", "huge"], "huge", "smoke, quick, full"),
        (&["plan", "--time-scale", "0"], "`0`", "0.01 to 100"),
        (&["run", "--inconclusive", "maybe"], "maybe", "pass, fail, 98"),
        (&["run", "--target", "moon"], "`moon`", "`mock`"),
        (&["run", "--workers", "0"], "0", "1..=256"),
        (&["run", "--web", "0.0.0.0:8090"], "0.0.0.0:8090", "127.0.0.1:8090"),
        (&["run", "--web", "8090"], "`8090`", "127.0.0.1:8090"),
        (&["plan", "--seed", "x"], "x", "invalid digit"),
    ];
    for (args, value, choice) in cases {
        let (code, said) = refused(args);
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains(value) && said.contains(choice), "{args:?}: {said}");
    }
}

#[test]
fn load_goes_nowhere_but_to_this_machine() {
    for target in
        ["staging", "production", "https://wwmaa.com", "http://10.0.0.1:8080", "http://[2001:db8::1]/"]
    {
        for verb in ["run", "preflight"] {
            let (code, said) = refused(&[verb, "--target", target]);
            assert_eq!(code, Some(3), "{target}: {said}");
            assert!(said.contains(target) && said.contains("refused"), "{said}");
        }
    }
}

#[test]
fn a_target_that_is_not_there_is_named_with_what_was_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let out = tempfile::tempdir().expect("a directory");
    let dir = out.path().join("results");
    let (code, said) = refused(&[
        "run",
        "--target",
        &origin,
        "--scenario",
        "webhooks-load",
        "--out",
        &dir.display().to_string(),
    ]);
    assert_eq!(code, Some(3));
    assert!(said.contains(&format!("GET {origin}/health")) && said.contains("refused"), "{said}");
    assert!(!dir.exists(), "nothing is left behind");
}

#[test]
fn https_wants_to_know_whom_to_trust() {
    let (code, said) = refused(&["run", "--target", "https://localhost:1", "--scenario", "webhooks-load"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("--ca"), "{said}");
}

#[test]
fn a_directory_without_a_run_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let (code, said) = refused(&["report", &dir.path().display().to_string()]);
    assert_eq!(code, Some(2));
    assert!(said.contains("run.json"), "{said}");
    std::fs::write(dir.path().join("run.json"), "{\n\"format\": 1,\n").expect("it can be written");
    let (code, said) = refused(&["report", &dir.path().display().to_string()]);
    assert_eq!(code, Some(2));
    assert!(said.contains("it ends in the middle"), "{said}");
    std::fs::write(dir.path().join("run.json"), "{\n\"format\": one\n}\n").expect("it can be written");
    let (code, said) = refused(&["report", &dir.path().display().to_string()]);
    assert_eq!(code, Some(2));
    assert!(said.contains("line 2"), "{said}");
}

#[test]
fn help_is_the_manual() {
    for (args, phrases) in [
        (vec!["--help"], vec!["Exit codes", "Examples", "97"]),
        (
            vec!["preflight", "--help"],
            vec!["shape differs", "--json", "--scenario", "MOCK_ADMIN_TOKEN", "Examples"],
        ),
        (vec!["run", "--help"], vec!["--allow-partial"]),
        (vec!["run", "--help"], vec!["--preset", "--time-scale", "MOCK_ADMIN_TOKEN", "--inconclusive"]),
    ] {
        let output = loadgen(&args);
        let text = String::from_utf8(output.stdout).expect("text");
        assert_eq!(output.status.code(), Some(0));
        for phrase in phrases {
            assert!(text.contains(phrase), "{args:?} does not say {phrase}");
        }
    }
}

#[test]
fn a_list_has_six_scenarios() {
    let output = loadgen(&["list"]);
    let text = String::from_utf8(output.stdout).expect("text");
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.ends_with("-load"))
        .collect();
    assert_eq!(
        names,
        ["search-load", "rtc-load", "webhooks-load", "event-rsvp-load", "page-load", "api-load"]
    );
}

#[test]
fn equal_seeds_plan_equal_requests_and_other_seeds_others() {
    let digests = |seed: &str| {
        let output = loadgen(&["plan", "--scenario", "webhooks-load,event-rsvp-load", "--seed", seed]);
        let text = String::from_utf8(output.stdout).expect("text");
        let digests: Vec<String> =
            text.lines().filter(|line| line.contains("digest")).map(str::to_owned).collect();
        assert_eq!(digests.len(), 2);
        digests
    };
    assert_eq!(digests("7"), digests("7"));
    assert_ne!(digests("7"), digests("8"));
}
