//! `junit.xml`: a test suite per scenario, a test case per goal.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::view::{GoalRow, View};

pub(super) fn render(view: &View<'_>) -> String {
    let mut report = Report::new(format!("WWMAA launch rehearsal {}", view.run.meta.id));
    for scenario in &view.scenarios {
        let mut suite = TestSuite::new(scenario.measured.run.name.clone());
        suite.set_time(Duration::from_millis(scenario.measured.run.duration.as_millis() as u64));
        let invalid = (scenario.verdict == "INVALID").then(|| scenario.invalid.join("; "));
        suite.add_test_cases(scenario.goals.iter().map(|goal| case(goal, invalid.as_deref())));
        report.add_test_suite(suite);
    }
    let mut suite = TestSuite::new("suite");
    suite.add_test_cases(view.overall.iter().map(|goal| case(goal, None)));
    let checks = view.run.audit.iter().flat_map(|audit| &audit.checks);
    suite.add_test_cases(checks.map(|check| {
        let status = if check.ok {
            TestCaseStatus::success()
        } else {
            failed(NonSuccessKind::Failure, &check.offenders.join(", "))
        };
        TestCase::new(format!("audit: {}", check.name), status)
    }));
    report.add_test_suite(suite);
    report.to_string().expect("strings without control characters make a document")
}

/// A goal as a test case; in an invalid scenario only what was missed all the same is told from an error.
fn case(goal: &GoalRow, invalid: Option<&str>) -> TestCase {
    let told = format!("{}: {} ({}) {}", goal.claim, goal.observed, goal.basis, goal.reason);
    let status = match (goal.word, invalid) {
        ("FAIL", None) => failed(NonSuccessKind::Failure, &told),
        ("PASS" | "FAIL", Some(why)) => failed(NonSuccessKind::Error, &format!("INVALID: {why}")),
        ("PASS", None) => TestCaseStatus::success(),
        ("INCONCLUSIVE", _) => failed(NonSuccessKind::Error, &format!("INCONCLUSIVE: {told}")),
        (word, _) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("{word}: {}", goal.reason));
            status
        }
    };
    TestCase::new(goal.name.clone(), status)
}

fn failed(kind: NonSuccessKind, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    status
}
