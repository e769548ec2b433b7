//! `junit.xml`: a test suite per scenario, a test case per goal.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::view::{GoalRow, ScenarioView, View};

pub(super) fn render(view: &View<'_>) -> String {
    let mut report = Report::new(format!("WWMAA launch rehearsal {}", view.run.meta.id));
    report.add_test_suites(view.scenarios.iter().map(scenario));
    for left in &view.run.not_run {
        let mut suite = TestSuite::new(left.name.clone());
        let status = failed(NonSuccessKind::Error, &format!("NOT RUN: {}", left.why));
        suite.add_test_case(TestCase::new("the scenario was run", status));
        report.add_test_suite(suite);
    }
    report.add_test_suite(whole(view));
    report.to_string().expect("a report of strings becomes a document")
}

fn scenario(scenario: &ScenarioView<'_>) -> TestSuite {
    let mut suite = TestSuite::new(scenario.measured.run.name.clone());
    suite.set_time(Duration::from_millis(scenario.measured.run.duration.as_millis() as u64));
    suite.add_test_cases(scenario.goals.iter().map(|goal| case(goal, &scenario.invalid)));
    let words = scenario.truth_words();
    let status = if scenario.truth.is_empty() {
        skipped(&words)
    } else if scenario.truth.iter().any(|row| row.word == "DIFFERS") {
        failed(NonSuccessKind::Error, &words)
    } else {
        TestCaseStatus::success()
    };
    suite.add_test_case(TestCase::new("truth: measured as the target held it", status));
    suite
}

/// What is about the run as a whole.
fn whole(view: &View<'_>) -> TestSuite {
    let mut suite = TestSuite::new("suite");
    let invalid: Vec<String> =
        view.invalid().into_iter().map(|(name, why)| format!("{name}: {why}")).collect();
    suite.add_test_cases(view.overall.iter().map(|goal| case(goal, &invalid)));
    if view.run.interrupted {
        let status = failed(NonSuccessKind::Error, view.answer());
        suite.add_test_case(TestCase::new("the run came to its end", status));
    }
    let checks = view.run.audit.iter().flat_map(|audit| &audit.checks);
    suite.add_test_cases(checks.map(|check| {
        let status = if check.ok {
            TestCaseStatus::success()
        } else {
            failed(NonSuccessKind::Failure, &check.offenders.join(", "))
        };
        TestCase::new(format!("audit: {}", check.name), status)
    }));
    if view.run.audit.is_none() {
        suite.add_test_case(TestCase::new("audit", skipped(&view.books())));
    }
    suite
}

/// A goal as a test case. Where the generator fell short, or what measured this goal did, it is an error: neither held
/// nor missed.
fn case(goal: &GoalRow, invalid: &[String]) -> TestCase {
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
    TestCase::new(goal.name.clone(), status)
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
