//! The verbs as they are typed: what they print, write and say to the shell.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use loadgen::{compare::Comparison, run::Run};

use super::made::run;

/// Exit code, standard output, standard error.
fn loadgen(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    for name in ["LOADGEN_PRESET", "LOADGEN_SEED", "WORLD_SEED", "MOCK_ADMIN_TOKEN", "LOADGEN_OUT"] {
        command.env_remove(name);
    }
    // A target that is set for `run` is none of ab's.
    let output = command.env("LOADGEN_TARGET", "mock").args(args).output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn kept(run: &Run, out: &Path) -> String {
    let dir = out.join(&run.meta.id);
    fs::create_dir(&dir).expect("a folder");
    fs::write(dir.join("run.json"), run.to_json()).expect("it can be written");
    dir.display().to_string()
}

#[test]
fn a_comparison_is_told_and_fails_only_when_asked_to() {
    let out = tempfile::tempdir().expect("a directory");
    let (a, b) = (kept(&run(1, None, 0), out.path()), kept(&run(2, Some((0, 1.6)), 0), out.path()));
    let (code, said, _) = loadgen(&["compare", &a, &b]);
    assert_eq!(code, Some(0));
    assert!(said.starts_with("Worse: GET /api/search in api-load, p95 "), "{said}");
    assert_eq!(loadgen(&["compare", &a, &b, "--fail-on-regression"]).0, Some(99));
    assert_eq!(loadgen(&["compare", &b, &a, "--fail-on-regression"]).0, Some(0));
    let (_, json, _) = loadgen(&["compare", &a, &format!("{b}/run.json"), "--format", "json"]);
    let comparison: Comparison = serde_json::from_str(&json).expect("JSON alone on standard output");
    assert_eq!((comparison.a.name.as_str(), comparison.rules.draws.count), ("run_20270101_000001", 2_000));
    let (code, said, _) = loadgen(&["compare", &a, &b, "--scenario", "api-load", "--format", "md"]);
    assert_eq!(code, Some(0));
    assert!(said.starts_with("# run_20270101_000002 against run_20270101_000001"), "{said}");
    let (code, _, said) = loadgen(&["compare", &a, &b, "--scenario", "rtc-load"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("no scenario `rtc-load`") && said.contains("api-load"), "{said}");
}

#[test]
fn a_noise_floor_lies_beside_its_baseline_and_is_used() {
    let out = tempfile::tempdir().expect("a directory");
    let (a, again) = (kept(&run(1, None, 0), out.path()), kept(&run(2, None, 0), out.path()));
    let (code, _, said) = loadgen(&["compare", &a, &again, "--as-noise-floor"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("noise.json") && !said.contains("are they runs of the same"), "{said}");
    assert!(Path::new(&a).join("noise.json").is_file());
    let b = kept(&run(3, Some((0, 2.0)), 0), out.path());
    let (_, said, _) = loadgen(&["compare", &a, &b]);
    assert!(said.contains("noise floor (1 A/A pair)"), "{said}");
    let (_, _, said) = loadgen(&["compare", &a, &b, "--as-noise-floor"]);
    assert!(said.contains("are they runs of the same"), "{said}");
}

#[test]
fn mistakes_are_named_with_what_to_do() {
    let out = tempfile::tempdir().expect("a directory");
    let nothing = out.path().display().to_string();
    let (code, _, said) = loadgen(&["compare", &nothing, &nothing]);
    assert_eq!(code, Some(2));
    assert!(said.contains("run.json"), "{said}");
    let (code, _, said) = loadgen(&["trend", &nothing]);
    assert_eq!(code, Some(2));
    assert!(said.contains("history.csv"), "{said}");
    let gone =
        ["ab", "--target-a", "http://127.0.0.1:1", "--target-b", "http://127.0.0.1:1", "--out", &nothing];
    let (code, _, said) = loadgen(&[&gone[..], &["--scenario", "search-load"]].concat());
    assert_eq!(code, Some(3), "{said}");
    assert_eq!(fs::read_dir(out.path()).expect("it is there").count(), 0, "nothing is left behind");
    for (args, words) in [(["--time-scale", "2"], "--slice"), (["--target", "mock"], "--target-a")] {
        let (code, _, said) = loadgen(&[&gone[..], &args].concat());
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_trend_is_told() {
    let out = tempfile::tempdir().expect("a directory");
    let mut history = String::from("time,run,commit,target,preset,search-load.GET /api/search.p95_ms\n");
    for day in 1..=20 {
        let p95 = if day < 18 { 200 } else { 260 } + day * 7 % 5;
        let _ = writeln!(history, "2027-01-{day:02}T02:00:00Z,run_{day:02},,mock,smoke,{p95}");
    }
    fs::write(out.path().join("history.csv"), history).expect("it can be written");
    let dir = out.path().display().to_string();
    let (code, said, _) = loadgen(&["trend", &dir, "--plain"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("between run_17 and run_18") && said.is_ascii(), "{said}");
    assert_eq!(loadgen(&["trend", &dir, "--fail-on-regression"]).0, Some(99));
    assert_eq!(loadgen(&["trend", &dir, "--fail-on-regression", "--within", "2"]).0, Some(0));
}

#[test]
fn help_says_what_for_and_what_it_says_to_the_shell() {
    for verb in ["compare", "ab", "trend"] {
        let (code, said, _) = loadgen(&[verb, "--help"]);
        assert_eq!(code, Some(0));
        for words in ["Examples:", "Exit codes", "--fail-on-regression", "--format"] {
            assert!(said.contains(words), "{verb}: {words}");
        }
    }
}
