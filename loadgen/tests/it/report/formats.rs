//! Each format by its own rules.

use std::{path::Path, process::Command, time::Duration};

use loadgen::{
    report,
    run::Run,
    stops::{Cause, EndedEarly},
};
use quick_junit::{NonSuccessKind, Report, TestCaseStatus};
use serde_json::Value;

use super::{
    browsed,
    made::{self, file},
    session::{Session, WELL},
};

/// Runs of every shape.
pub(super) fn runs() -> [Run; 6] {
    let lost = Session { deaf: 7, disturbed: 2, ..WELL };
    let alone = Session { media: false, participants: 1, ..WELL };
    [made::good(), made::bad(), lost.run(), alone.run(), browsed::run(false), browsed::run(true)]
}

#[test]
fn the_same_run_makes_the_same_files_also_when_read_back() {
    for run in runs() {
        let files = report::files(&run);
        assert_eq!(files, report::files(&run));
        let dir = tempfile::tempdir().expect("a directory");
        let back = made::there_and_back(&run, dir.path());
        assert_eq!(files, report::files(&back));
    }
}

#[test]
fn tables_in_markdown_have_as_many_cells_in_every_row() {
    for name in ["SUMMARY_REPORT.md", "LOAD_TEST_REPORT.md"] {
        for run in runs() {
            let text = file(&run, name);
            let lines: Vec<&str> = text.lines().collect();
            let tables = lines.split(|line| !line.starts_with('|')).filter(|table| !table.is_empty());
            for table in tables {
                let cells = |row: &str| row.replace("\\|", "").matches('|').count();
                assert!(table.len() > 1 && table[1].starts_with("|---"), "{name}: no head: {table:?}");
                for row in table {
                    assert_eq!(cells(row), cells(table[0]), "{name}: {row}");
                }
            }
        }
    }
}

/// The tags of a page, in order: `/` first for one that closes.
fn tags(page: &str) -> Vec<String> {
    let inner = page.split('<').skip(1).map(|rest| rest.split_once('>').expect("a tag that ends").0);
    inner.filter(|tag| !tag.starts_with('!')).map(str::to_owned).collect()
}

#[test]
fn the_page_is_well_formed_and_fetches_and_runs_nothing_but_its_own() {
    for run in runs() {
        let page = made::markup(&file(&run, "report.html"));
        let mut open: Vec<String> = Vec::new();
        for tag in tags(&page) {
            let name = tag.split([' ', '/']).find(|part| !part.is_empty()).expect("a name").to_owned();
            if tag.starts_with('/') {
                assert_eq!(open.pop().as_deref(), Some(name.as_str()), "closes what is open");
            } else if !tag.ends_with('/') && !matches!(name.as_str(), "meta" | "br" | "img" | "input") {
                open.push(name.clone());
            }
            assert!(!matches!(name.as_str(), "script" | "link" | "iframe"), "{tag}");
            // A picture is a part of the page.
            let fetches = tag.replace("img src=\"data:image/jpeg;base64,", "").contains("src=");
            assert!(!fetches && !tag.contains("url("), "{tag}");
            assert!(!tag.contains("href=") || tag.contains("href=\"#"), "{tag}");
        }
        assert!(open.is_empty(), "{open:?}");
        assert!(!page.contains("@import") && !page.contains("url("));
    }
    assert!(file(&made::bad(), "report.html").contains("&lt;script&gt;alert(&quot;1 &amp; 2&quot;)"));
}

#[test]
fn every_link_of_the_page_leads_somewhere() {
    let page = file(&made::bad(), "report.html");
    for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split_once('"')) {
        assert!(page.contains(&format!("id=\"{}\"", target.0)), "{}", target.0);
    }
}

fn summary(run: &Run, name: &str) -> Value {
    serde_json::from_str(&file(run, name)).expect("JSON")
}

#[test]
fn a_scenario_has_the_shape_of_a_k6_summary() {
    let summary = summary(&made::good(), "search-load.json");
    for key in ["root_group", "options", "state", "metrics"] {
        assert!(summary[key].is_object(), "{key}");
    }
    for (name, metric) in summary["metrics"].as_object().expect("metrics") {
        let keys: Vec<&str> =
            metric["values"].as_object().expect("values").keys().map(String::as_str).collect();
        let expected: &[&str] = match metric["type"].as_str() {
            Some("trend") => &["avg", "count", "max", "med", "min", "p(90)", "p(95)", "p(99)"],
            Some("rate") => &["fails", "passes", "rate"],
            Some("counter") => &["count", "rate"],
            Some("gauge") => &["max", "min", "value"],
            other => panic!("{name} is a {other:?}"),
        };
        assert_eq!(keys, expected, "{name}");
        assert!(metric["values"].as_object().expect("values").values().all(Value::is_number), "{name}");
        assert!(matches!(metric["contains"].as_str(), Some("time" | "default")), "{name}");
    }
}

#[test]
fn metrics_have_the_names_people_know_and_none_that_was_not_measured() {
    let summary = summary(&made::good(), "search-load.json");
    let metrics = summary["metrics"].as_object().expect("metrics");
    for name in [
        "http_req_duration",
        "http_req_failed",
        "http_req_sending",
        "http_req_waiting",
        "http_reqs",
        "iterations",
        "dropped_iterations",
        "checks",
        "search_latency",
        "semantic_search_latency",
        "search_errors",
        "auth_success",
        "duplicate_bookings",
    ] {
        assert!(metrics.contains_key(name), "{name}");
    }
    for name in ["lcp_metric", "http_req_tls_handshaking", "filtered_search_latency", "ws_connecting", "vus"]
    {
        assert!(!metrics.contains_key(name), "{name}");
    }
}

#[test]
fn goals_that_were_decided_are_thresholds() {
    let held = &summary(&made::good(), "search-load.json")["metrics"];
    assert_eq!(held["search_latency"]["thresholds"]["p(95)<1200"]["ok"], true);
    assert_eq!(held["auth_success"]["thresholds"]["rate>0.95"]["ok"], true);
    assert_eq!(held["duplicate_bookings"]["thresholds"]["count==0"]["ok"], true);
    // Not judged: the plan is too small.
    assert!(held["search_errors"].get("thresholds").is_none());
    let bad = made::bad();
    let missed = &summary(&bad, "search-load.json")["metrics"];
    assert_eq!(missed["search_latency"]["thresholds"]["p(95)<1200"]["ok"], false);
    assert_eq!(missed["search_errors"]["thresholds"]["rate<0.001"]["ok"], false);
    // In an invalid scenario nothing was decided.
    let invalid = summary(&bad, "page-load.json").to_string();
    assert!(!invalid.contains("\"thresholds\""), "{invalid}");
}

/// Test cases that went well, failed, were in error, were skipped.
fn counted(report: &Report) -> [usize; 4] {
    let mut counts = [0; 4];
    for case in report.test_suites.iter().flat_map(|suite| &suite.test_cases) {
        let place = match &case.status {
            TestCaseStatus::Success { .. } => 0,
            TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, .. } => 1,
            TestCaseStatus::NonSuccess { kind: NonSuccessKind::Error, .. } => 2,
            TestCaseStatus::Skipped { .. } => 3,
        };
        counts[place] += 1;
    }
    counts
}

#[test]
fn junit_reads_back_with_the_same_counts() {
    let read = |run: &Run| Report::deserialize_from_str(&file(run, "junit.xml")).expect("JUnit");
    let good = read(&made::good());
    // Held: the planned end, 5 goals and 2 invariants. Skipped: 1 not judged, 1 not applicable, 1 not measured, the
    // truth, and the errors of the whole suite, which plans too few requests.
    assert_eq!(counted(&good), [8, 0, 0, 5]);
    assert_eq!((good.tests, good.failures, good.errors), (13, 0, 0));

    let bad = read(&made::bad());
    let [_, failures, errors, _] = counted(&bad);
    assert_eq!(
        (bad.tests, bad.failures, bad.errors),
        (bad.test_suites.iter().map(|s| s.tests).sum(), failures, errors)
    );
    let names: Vec<&str> = bad.test_suites.iter().map(|suite| suite.name.as_str()).collect();
    assert_eq!(names, ["search-load", "page-load", "api-load", "suite"]);
    // The late generator's goals are errors, not failures.
    assert_eq!(bad.test_suites[1].failures, 0);
    assert!(bad.test_suites[1].errors > 0);
}

#[test]
fn junit_says_that_a_scenario_was_cut_short_and_by_whom() {
    let ended = |cause| {
        let why = "errors > 1 % for 5 s; last seen: 2 %".to_owned();
        let mut measured = made::measured(made::search(0, 0, Duration::ZERO));
        measured.ended_early = Some(EndedEarly { second: 7, cause, why });
        measured.run.interrupted = true;
        measured
    };
    let read = |run: &Run| Report::deserialize_from_str(&file(run, "junit.xml")).expect("JUnit");
    let wrong = |run: &Run| {
        let read = read(run);
        let cases = read.test_suites.iter().flat_map(|suite| &suite.test_cases);
        let told = cases.filter_map(|case| match &case.status {
            TestCaseStatus::NonSuccess { kind, message, .. } => {
                let said = message.as_ref().map_or("", |said| said.as_str());
                Some((*kind, case.name.as_str().to_owned(), said.to_owned()))
            }
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    let (case, said) =
        ("the scenario came to its planned end", "aborted in second 7: errors > 1 % for 5 s; last seen: 2 %");
    // Nothing else in it is red: without that case all of it would be green.
    let target = made::run(vec![ended(Cause::Target)]);
    assert_eq!(wrong(&target), [(NonSuccessKind::Failure, case.to_owned(), said.to_owned())]);
    let lost = made::run(vec![ended(Cause::GoalLost)]);
    assert_eq!(wrong(&lost), [(NonSuccessKind::Error, case.to_owned(), said.to_owned())]);
    let mut baseline = made::good();
    baseline.baseline.push(ended(Cause::Target));
    let case = "the baseline of search-load came to its planned end";
    assert_eq!(wrong(&baseline), [(NonSuccessKind::Failure, case.to_owned(), said.to_owned())]);
}

/// `./test` provides xmllint or says that it could not.
#[test]
fn junit_is_valid_by_jenkins_schema() {
    let Some(xmllint) = crate::provided::named("TEST_XMLLINT") else { return };
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/report/jenkins-junit.xsd");
    let dir = tempfile::tempdir().expect("a directory");
    let said = |text: &str| {
        let path = dir.path().join("junit.xml");
        std::fs::write(&path, text).expect("written");
        let mut command = Command::new(&xmllint);
        command.args(["--noout", "--nonet", "--schema"]).arg(&schema).arg(&path);
        let output = command.output().expect("TEST_XMLLINT starts");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for run in runs() {
        let text = file(&run, "junit.xml");
        let (valid, why) = said(&text);
        assert!(valid, "{why}\n{text}");
    }
    // The schema does refuse: an attribute it does not know.
    let wrong = file(&made::good(), "junit.xml").replacen("<testsuites ", "<testsuites skipped=\"5\" ", 1);
    assert!(!said(&wrong).0, "{wrong}");
}

#[test]
fn test_cases_are_grouped_by_their_suite() {
    let read = Report::deserialize_from_str(&file(&made::bad(), "junit.xml")).expect("JUnit");
    for suite in &read.test_suites {
        let alike = |case: &quick_junit::TestCase| case.classname.as_ref() == Some(&suite.name);
        assert!(
            !suite.test_cases.is_empty() && suite.test_cases.iter().all(alike),
            "{}",
            suite.name.as_str()
        );
    }
}
