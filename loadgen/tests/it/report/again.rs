//! `loadgen report`: every file again, or one format alone.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
};

use expect_test::expect;
use loadgen::{
    limit::{
        self, Limit,
        knee::Knee,
        search::{End, Rules},
    },
    preset::Preset,
    report::{self, Format},
    run::{self, Run},
};

use super::{formats, made};

/// The program, in a step of a workflow on GitHub or not.
fn loadgen(args: &[&str], dir: &Path, step_summary: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    for name in ["GITHUB_ACTIONS", "GITHUB_SHA", "GITHUB_STEP_SUMMARY"] {
        command.env_remove(name);
    }
    if let Some(path) = step_summary {
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_SHA", "1f0c2d3").env("GITHUB_STEP_SUMMARY", path);
    }
    command.arg("report").arg(dir).args(args).output().expect("the binary runs")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

/// What lies in a directory.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| {
            (entry.file_name().into_string().expect("text"), fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

#[test]
fn a_copied_run_makes_every_file_again_byte_for_byte_wherever_that_is_done() {
    for run in formats::runs() {
        let (first, copy) =
            (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        report::write_all(&run, first.path()).expect("written");
        fs::copy(first.path().join(run::FILE), copy.path().join(run::FILE)).expect("copied");
        let summary = first.path().parent().expect("a parent").join("none");
        loadgen(&[], copy.path(), Some(&summary));
        assert!(!summary.exists(), "only --format github adds to the step's summary");
        let (first, copy) = (contents(first.path()), contents(copy.path()));
        assert_eq!(first.keys().collect::<Vec<_>>(), copy.keys().collect::<Vec<_>>());
        for (name, bytes) in first {
            assert!(bytes == copy[&name], "{name} differs");
        }
    }
}

#[test]
fn a_file_that_cannot_be_written_leaves_every_older_one_as_it_was() {
    let dir = tempfile::tempdir().expect("a directory");
    report::write_all(&made::good(), dir.path()).expect("written");
    let before = contents(dir.path());
    let mut run = made::bad();
    // The folder such a file would be in is not there: it fails after others were written.
    run.scenarios[0].run.name = "search/load".into();
    report::write_all(&run, dir.path()).expect_err("there is no such folder");
    assert!(before == contents(dir.path()), "nothing was changed, and nothing is left over");
}

#[test]
fn a_run_that_says_the_same_is_not_written_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut run = made::there_and_back(&made::good(), dir.path());
    let path = dir.path().join(run::FILE);
    // The same run in another spelling, as an older version may have written it.
    let kept = format!("\n{}", run.to_json());
    fs::write(&path, &kept).expect("written");
    report::write_all(&run, dir.path()).expect("written");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), kept);
    run.notes.push("Another run.".into());
    report::write_all(&run, dir.path()).expect("written");
    assert_eq!(Run::read(dir.path()).expect("a run"), run);
}

#[test]
fn each_format_is_printed_alone_and_nothing_is_written() {
    let dir = tempfile::tempdir().expect("a directory");
    report::write_all(&made::good(), dir.path()).expect("written");
    let before = contents(dir.path());
    let cases = [
        ("md", "LOAD_TEST_REPORT.md"),
        ("summary", "SUMMARY_REPORT.md"),
        ("html", "report.html"),
        ("json", "run.json"),
        ("junit", "junit.xml"),
        ("k6", "search-load.json"),
        ("csv", "metrics.csv"),
        ("timeline", "timeline.csv"),
    ];
    for (format, file) in cases {
        let output = loadgen(&["--format", format], dir.path(), None);
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert!(output.stdout == before[file], "{format} is not {file}");
    }
    let run = Run::read(dir.path()).expect("it was written");
    for (format, printed) in [
        ("text", report::closing(&run)),
        ("github", report::one(&run, &Format::Github).expect("it needs no name")),
        ("otava", report::history::row(&run, None).document()),
    ] {
        assert_eq!(text(loadgen(&["--format", format], dir.path(), None).stdout), printed);
    }
    let one = loadgen(&["--format", "text", "--scenario", "search-load"], dir.path(), None);
    assert!(one.stdout == before["search-load_summary.txt"]);
    assert_eq!(contents(dir.path()), before);
}

#[test]
fn a_missed_goal_is_no_failure_of_printing() {
    let dir = tempfile::tempdir().expect("a directory");
    report::write_all(&made::bad(), dir.path()).expect("written");
    assert_eq!(loadgen(&["--format", "csv"], dir.path(), None).status.code(), Some(0));
    assert_ne!(loadgen(&[], dir.path(), None).status.code(), Some(0));
}

#[test]
fn of_several_scenarios_k6_prints_the_one_that_was_named() {
    let dir = tempfile::tempdir().expect("a directory");
    report::write_all(&made::bad(), dir.path()).expect("written");
    let named = loadgen(&["--format", "k6", "--scenario", "page-load"], dir.path(), None);
    assert_eq!(text(named.stdout), made::file(&made::bad(), "page-load.json"));
    let refused = |args: &[&str]| {
        let output = loadgen(args, dir.path(), None);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
        text(output.stderr)
    };
    expect![[r"
        error: k6's shape holds one scenario: add --scenario with one of search-load, page-load
        error: the run has no scenario `rtc-load`: it has search-load, page-load
        error: --scenario goes with --format k6 and --format text
    "]]
    .assert_eq(
        &[
            refused(&["--format", "k6"]),
            refused(&["--format", "k6", "--scenario", "rtc-load"]),
            refused(&["--format", "csv", "--scenario", "page-load"]),
        ]
        .concat(),
    );
    assert!(refused(&["--format", "pdf"]).contains("md, summary, html, json, junit, k6, csv, timeline"));
    let empty = tempfile::tempdir().expect("a directory");
    report::write_all(&made::run(Vec::new()), empty.path()).expect("written");
    let none = loadgen(&["--format", "k6"], empty.path(), None);
    assert_eq!(text(none.stderr), "error: the run has no scenario: none was begun\n");
}

#[test]
fn the_steps_summary_grows_by_the_one_page() {
    let dir = tempfile::tempdir().expect("a directory");
    let beside = tempfile::tempdir().expect("a directory");
    report::write_all(&made::good(), dir.path()).expect("written");
    let summary = beside.path().join("summary.md");
    fs::write(&summary, "# Of the step before\n").expect("written");
    loadgen(&["--format", "github"], dir.path(), Some(&summary));
    let page = made::file(&made::good(), "SUMMARY_REPORT.md");
    assert_eq!(fs::read_to_string(&summary).expect("it is there"), format!("# Of the step before\n{page}"));
}

/// What a search for the limit of `search-load` at this target left.
fn limit(origin: &str) -> Limit {
    Limit {
        format: limit::FORMAT,
        id: "limit_20270101_000000".into(),
        started: "2027-01-01T00:00:00Z".into(),
        scenario: "search-load".into(),
        preset: Preset::Full,
        trial_s: 60.0,
        seed: 42,
        origin: origin.into(),
        rules: Rules::default(),
        not_judged: Vec::new(),
        series: "GET /api/search".into(),
        trials: Vec::new(),
        holds: Some(2.25),
        breaks: Some(2.5),
        end: End::Found,
        contradictions: Vec::new(),
        knee: Knee::Flat,
        notes: Vec::new(),
    }
}

#[test]
fn a_limit_that_was_found_later_is_added_to_a_run_and_stays() {
    let (dir, found) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let run = made::there_and_back(&made::good(), dir.path());
    let keep = |limit: &Limit| fs::write(found.path().join(limit::FILE), limit.to_json()).expect("written");
    keep(&limit(&run.meta.origin));
    let headroom = found.path().to_str().expect("text");
    loadgen(&["--headroom", headroom], dir.path(), None);
    let kept = &Run::read(dir.path()).expect("a run").headroom;
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].scenario.as_str(), kept[0].holds, kept[0].fails), ("search-load", 2.25, Some(2.5)));
    let page = fs::read_to_string(dir.path().join("report.html")).expect("a page");
    assert!(page.contains("limit_20270101_000000"), "the page tells of it");
    loadgen(&["--headroom", headroom], dir.path(), None);
    assert_eq!(Run::read(dir.path()).expect("a run").headroom.len(), 1, "once is enough");

    let before = contents(dir.path());
    keep(&limit("http://127.0.0.1:9"));
    let output = loadgen(&["--headroom", headroom], dir.path(), None);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(output.stderr).contains("headroom is one target's"));
    assert!(before == contents(dir.path()), "nothing was written");
}

#[test]
fn a_run_that_was_cut_off_says_so() {
    let dir = tempfile::tempdir().expect("a directory");
    made::there_and_back(&made::good(), dir.path());
    let file = dir.path().join(run::FILE);
    let whole = fs::read(&file).expect("a run");
    for half in [&whole[..whole.len() / 2], &[]] {
        fs::write(&file, half).expect("written");
        let output = loadgen(&[], dir.path(), None);
        assert_eq!(output.status.code(), Some(2));
        let said = text(output.stderr);
        assert!(said.contains("run.json: it ends in the middle"), "{said}");
    }
}
