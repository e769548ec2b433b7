//! The verbs as they are typed: what they print, write and say to the shell.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use loadgen::{compare::Comparison, preset::Preset, run::Run};

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
    let renamed = out.path().join("baseline.json");
    fs::copy(Path::new(&a).join("run.json"), &renamed).expect("it can be written");
    let (_, again, _) = loadgen(&["compare", &renamed.display().to_string(), &b, "--format", "json"]);
    assert_eq!(again, json, "whatever a run's file is called");
    let (code, said, _) = loadgen(&["compare", &a, &b, "--scenario", "api-load", "--format", "md"]);
    assert_eq!(code, Some(0));
    assert!(said.starts_with("# run_20270101_000002 against run_20270101_000001"), "{said}");
    // What was named is looked for in both, whatever else they have, and what comes after it is no scenario.
    let (code, said, _) = loadgen(&["compare", "--scenario", "api-load", &a, &b]);
    assert_eq!(code, Some(0), "{said}");
    let (code, _, said) = loadgen(&["compare", &a, &b, "--scenario", "api-load,rtc-load"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("no scenario `rtc-load`") && said.contains("api-load"), "{said}");
}

#[test]
fn a_summary_of_k6s_is_shown_and_judged_as_far_as_it_goes() {
    let out = tempfile::tempdir().expect("a directory");
    let b = kept(&run(1, None, 0), out.path());
    let summary = out.path().join("summary.json");
    let text = "{\"metrics\":{\"http_req_duration\":{\"avg\":120.5,\"med\":118,\"p(95)\":190},\
                \"http_req_failed\":{\"value\":0,\"passes\":0,\"fails\":900}}}";
    fs::write(&summary, text).expect("it can be written");
    let k6 = summary.display().to_string();
    let (code, said, _) = loadgen(&["compare", &k6, &b, "--scenario", "api-load"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("no interval can be had") && said.contains("190 ms"), "{said}");
    assert_eq!(loadgen(&["compare", &k6, &b, "--fail-on-regression"]).0, Some(97));
    let (code, _, said) = loadgen(&["compare", &k6, &k6, "--scenario", "api-load"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("leave --scenario out"), "{said}");
}

#[test]
fn a_noise_floor_lies_beside_its_baseline_and_is_used() {
    let out = tempfile::tempdir().expect("a directory");
    let (a, again) = (kept(&run(1, None, 0), out.path()), kept(&run(2, None, 0), out.path()));
    let (code, _, said) = loadgen(&["compare", &a, &a, "--as-noise-floor"]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("A and B are the same run") && !Path::new(&a).join("noise.json").exists(),
        "{said}"
    );
    let (code, _, said) = loadgen(&["compare", &a, &again, "--as-noise-floor"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("noise.json") && !said.contains("are they runs of the same"), "{said}");
    assert!(Path::new(&a).join("noise.json").is_file());
    let b = kept(&run(3, Some((0, 2.0)), 0), out.path());
    let (_, said, _) = loadgen(&["compare", &a, &b]);
    assert!(said.contains("noise floor (1 A/A pair)"), "{said}");
    // Two that differ are hardly runs of the same, and a floor never falls again.
    let floor = || fs::read_to_string(Path::new(&a).join("noise.json")).expect("it is there");
    let before = floor();
    let (code, _, said) = loadgen(&["compare", &a, &b, "--as-noise-floor"]);
    assert_eq!((code, floor()), (Some(2), before.clone()), "{said}");
    assert!(said.contains("are they runs of the same") && said.contains("--anyway"), "{said}");
    let (code, _, said) = loadgen(&["compare", &a, &b, "--as-noise-floor", "--anyway"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(floor() != before && said.contains("as high as that now"), "{said}");
    let mut full = [run(1, None, 0), run(2, None, 0)];
    for (place, run) in full.iter_mut().enumerate() {
        run.meta.preset = Preset::Full;
        run.meta.id = format!("run_20270102_00000{place}");
    }
    let [c, d] = full.map(|run| kept(&run, out.path()));
    let smokes = format!("{a}/noise.json");
    let (code, _, said) = loadgen(&["compare", &c, &d, "--as-noise-floor", "--noise", &smokes]);
    assert_eq!(code, Some(2));
    assert!(said.contains("is the noise floor of another preset"), "{said}");
    let (_, said, _) = loadgen(&["compare", &c, &d, "--noise", &smokes]);
    assert!(said.contains("The noise floor was not used: it is of runs at smoke"), "{said}");
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
    let cases = [
        (["--time-scale", "2"], "--slice"),
        (["--target", "mock"], "--target-a"),
        (["--scenario", "event-rsvp-load"], "seed reset-load"),
        (["--slice", "7200"], "--most MINUTES"),
    ];
    for (args, words) in cases {
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
