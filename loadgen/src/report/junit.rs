//! `junit.xml`: a test suite per scenario, a test case per goal, and one for its coming to its planned end.
//!
//! It is valid by the schema most readers hold to, Jenkins' (`jenkins-junit.xsd`).

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::view::{self, GoalRow, ScenarioView, View};
use crate::{run::Measured, stops::Cause};

pub(super) fn render(view: &View<'_>) -> String {
    let mut report = Report::new(format!("WWMAA launch rehearsal {}", view.run.meta.id));
    report.add_test_suites(view.scenarios.iter().map(scenario));
    for left in &view.run.not_run {
        let mut suite = TestSuite::new(left.name.clone());
        let status = failed(NonSuccessKind::Error, &format!("NOT RUN: {}", left.why));
        suite.add_test_case(test(&left.name, "the scenario was run", status));
        report.add_test_suite(suite);
    }
    report.add_test_suite(whole(view));
    without_skipped(&report.to_string().expect("a report of strings becomes a document"))
}

/// The root counts what was skipped, which the schema does not know of it; the suites do, and keep it.
fn without_skipped(document: &str) -> String {
    let Some((before, root)) = document.split_once("<testsuites ") else { return document.to_owned() };
    let Some((attributes, rest)) = root.split_once('>') else { return document.to_owned() };
    let kept = attributes.split(' ').filter(|attribute| !attribute.starts_with("skipped=\""));
    format!("{before}<testsuites {}>{rest}", kept.collect::<Vec<_>>().join(" "))
}

/// A test case of a suite: readers group by the class, which is the suite.
fn test(suite: &str, name: impl Into<String>, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name.into(), status);
    case.set_classname(suite);
    case
}

fn scenario(scenario: &ScenarioView<'_>) -> TestSuite {
    let name = scenario.measured.run.name.as_str();
    let mut suite = TestSuite::new(name);
    suite.set_time(Duration::from_millis(scenario.measured.run.duration.as_millis() as u64));
    suite.add_test_case(test(name, "the scenario came to its planned end", end(scenario.measured)));
    suite.add_test_cases(scenario.goals.iter().map(|goal| case(name, goal, &scenario.invalid)));
    let words = scenario.truth_words();
    let status = if scenario.truth.is_empty() {
        skipped(&words)
    } else if scenario.truth.iter().any(|row| row.word == "DIFFERS") {
        failed(NonSuccessKind::Error, &words)
    } else {
        TestCaseStatus::success()
    };
    suite.add_test_case(test(name, "truth: measured as the target held it", status));
    suite
}

/// Whether it came to its planned end. A condition that the target met is a promise broken, as a goal is; what else cut it
/// short leaves open what the rest would have said.
fn end(measured: &Measured) -> TestCaseStatus {
    let Some(why) = view::cut_short(measured) else { return TestCaseStatus::success() };
    let kind = match measured.ended_early.as_ref().map(|ended| ended.cause) {
        Some(Cause::Target) => NonSuccessKind::Failure,
        _ => NonSuccessKind::Error,
    };
    failed(kind, &why)
}

/// The suite of what is about the run as a whole.
const WHOLE: &str = "suite";

fn whole(view: &View<'_>) -> TestSuite {
    let mut suite = TestSuite::new(WHOLE);
    let invalid: Vec<String> =
        view.invalid().into_iter().map(|(name, why)| format!("{name}: {why}")).collect();
    suite.add_test_cases(view.overall.iter().map(|goal| case(WHOLE, goal, &invalid)));
    if view.run.interrupted {
        let status = failed(NonSuccessKind::Error, view.answer());
        suite.add_test_case(test(WHOLE, "the run came to its end", status));
    }
    // A baseline has no suite of its own, and is spoken of only where something is wrong.
    let cut = view.run.baseline.iter().filter(|measured| view::cut_short(measured).is_some());
    suite.add_test_cases(cut.map(|measured| {
        let name = format!("the baseline of {} came to its planned end", measured.run.name);
        test(WHOLE, name, end(measured))
    }));
    let checks = view.run.audit.iter().flat_map(|audit| &audit.checks);
    suite.add_test_cases(checks.map(|check| {
        let status = if check.ok {
            TestCaseStatus::success()
        } else {
            failed(NonSuccessKind::Failure, &check.offenders.join(", "))
        };
        test(WHOLE, format!("audit: {}", check.name), status)
    }));
    if view.run.audit.is_none() {
        suite.add_test_case(test(WHOLE, "audit", skipped(&view.books())));
    }
    suite
}

/// A goal as a test case. Where the generator fell short, or what measured this goal did, it is an error: neither held
/// nor missed.
fn case(suite: &str, goal: &GoalRow, invalid: &[String]) -> TestCase {
    let told = || {
        let reason = if goal.reason.is_empty() { String::new() } else { format!("; {}", goal.reason) };
        format!("{}: {}{reason}", goal.claim(), goal.seen())
    };
    let status = match goal.word {
        "PASS" | "FAIL" | "INCONCLUSIVE" if !goal.counts => {
            failed(NonSuccessKind::Error, &format!("INVALID: {}", invalid.join("; ")))
        }
        "PASS" => TestCaseStatus::success(),
        "FAIL" => failed(NonSuccessKind::Failure, &told()),
        "INVALID" => failed(
            NonSuccessKind::Error,
            &format!("INVALID: {}; {}: {}", goal.reason, goal.claim(), goal.seen()),
        ),
        "INCONCLUSIVE" => failed(NonSuccessKind::Error, &format!("INCONCLUSIVE: {}", told())),
        word => skipped(&format!("{word}: {}", goal.reason)),
    };
    test(suite, goal.name.clone(), status)
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}

fn failed(kind: NonSuccessKind, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    status
}
