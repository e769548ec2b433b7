//! What real browsers saw, as each format tells it.

use std::time::Duration;

use engine::exit::{Exit, Inconclusive};
use expect_test::{expect, expect_file};
use loadgen::{judgement, report, run::Run};
use quick_junit::{NonSuccessKind, Report, TestCaseStatus};
use serde_json::Value;

use super::{
    browsed,
    made::{self, file},
};

/// The part of a text from the line `from` to before the line `to`.
fn part(text: &str, from: &str, to: &str) -> String {
    let lines = text.lines().skip_while(|line| *line != from).take_while(|line| *line != to);
    lines.fold(String::new(), |text, line| text + line + "\n")
}

const LATENCY: &str = "latency since due (since sent): p50, p95, p99, max";

#[test]
fn browsers_that_are_well() {
    let run = browsed::run(false);
    let text = file(&run, "page-load_summary.txt");
    expect_file!["pages_well.txt"].assert_eq(&part(&text, "what real browsers saw", LATENCY));
    let full = file(&run, "LOAD_TEST_REPORT.md");
    expect_file!["pages_well.md"].assert_eq(&part(&full, "### What did real browsers see?", "### Latency"));
    let summary = file(&run, "SUMMARY_REPORT.md");
    expect_file!["pages_brief.md"].assert_eq(&part(&summary, "## Real browsers", "## Baseline"));
}

#[test]
fn the_panel_has_the_same_p95_as_the_goal() {
    let run = browsed::run(false);
    let report = file(&run, "LOAD_TEST_REPORT.md");
    let goal = report.lines().find(|line| line.contains("| p95 of lcp_metric |")).expect("the goal's row");
    let seen = goal.split(" | ").nth(4).expect("what was observed");
    assert!(seen.contains(" ms ("), "{seen}");
    for name in ["SUMMARY_REPORT.md", "LOAD_TEST_REPORT.md", "page-load_summary.txt"] {
        assert!(file(&run, name).contains(&format!("p95 {seen}")), "{name}: {seen}");
    }
}

/// A text without its code spans: all are of one backtick on each side, and end in the line they begin in.
fn outside_code(text: &str) -> String {
    let outside = |line: &str| {
        let parts: Vec<&str> = line.split('`').collect();
        assert!(parts.len() % 2 == 1 && !line.contains("``"), "a code span does not end: {line}");
        parts.into_iter().step_by(2).collect::<String>()
    };
    text.lines().map(outside).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_a_target_sent_works_nowhere() {
    let run = browsed::run(false);
    let page = made::markup(&file(&run, "report.html"));
    assert!(!page.contains("<script") && !page.contains("<b>stats"));
    assert!(page.contains("&lt;b&gt;stats&lt;/b&gt;.example"));
    for name in ["SUMMARY_REPORT.md", "LOAD_TEST_REPORT.md"] {
        let text = file(&run, name);
        let outside = outside_code(&text);
        assert!(
            !outside.contains("<script") && !outside.contains("![") && !outside.contains("<b>"),
            "{name}"
        );
    }
}

#[test]
fn no_markdown_of_a_target_s_fetches_a_picture() {
    let remote = "`![](//e.vil/p.png)``<script>|";
    let mut run = browsed::run(false);
    let account = run.scenarios[0].browsers.as_mut().expect("an account");
    for lcp in account.visits.iter_mut().filter_map(|seen| seen.view.lcp.as_mut()) {
        remote.clone_into(&mut lcp.element);
    }
    let view = &mut account.visits[0].view;
    (view.console, view.failed, view.kept_in) =
        (vec![remote.into()], vec![remote.into()], vec![remote.into()]);
    account.troubles.push(remote.into());
    let report = file(&run, "LOAD_TEST_REPORT.md");
    // Nine groups, five films, four lists.
    assert_eq!(report.matches("![](//e.vil/p.png)").count(), 9 + 5 + 4);
    for text in [report, file(&run, "SUMMARY_REPORT.md")] {
        let outside = outside_code(&text);
        assert!(!outside.contains("![") && !outside.contains("<script"), "{outside}");
    }
    // A reason is no code: there it is a picture's text, not a picture.
    let why = format!("the target said {remote}");
    let goal = &mut run.scenarios[0].run.goals[1];
    *goal = goal.clone().invalid(why);
    for name in ["LOAD_TEST_REPORT.md", "SUMMARY_REPORT.md"] {
        let text = file(&run, name);
        let said = text.lines().filter(|line| line.contains("the target said"));
        assert!(said.into_iter().all(|line| !line.contains("![") && !line.contains("<script")), "{name}");
    }
}

#[test]
fn the_page_draws_every_visit_and_films_the_slowest() {
    let page = file(&browsed::run(false), "report.html");
    assert_eq!(page.matches("<circle class=\"dot").count() as u64, browsed::SETTLED);
    assert_eq!(page.matches(" capped\"").count(), 2, "visits that were not done in time");
    assert_eq!(page.matches("<article class=\"film\">").count(), 5);
    let pictures = format!("<img src=\"data:image/jpeg;base64,{}\" alt=\"the page after", browsed::JPEG);
    assert_eq!(page.matches(&pictures).count(), 15);
    assert_eq!(page.matches("<g class=\"fetch broken\">").count(), 5);
    assert_eq!(page.matches("<g class=\"fetch cached\">").count(), 5);
    assert_eq!(page.matches("<g class=\"fetch pending\">").count(), 1);
    assert_eq!(page.matches("<line class=\"mark lcp\"").count(), 5);
}

#[test]
fn a_picture_that_is_none_is_not_shown() {
    let mut run = browsed::run(false);
    let account = run.scenarios[0].browsers.as_mut().expect("an account");
    account.films[0].1.frames[0].jpeg = "\"><script>".into();
    let page = made::markup(&file(&run, "report.html"));
    assert!(page.contains("<p>no picture</p>") && !page.contains("<script"));
}

#[test]
fn a_visit_whose_row_was_not_kept_still_has_its_film() {
    let mut run = browsed::run(false);
    let account = run.scenarios[0].browsers.as_mut().expect("an account");
    account.films[0].0 = 9_000;
    account.further = 40;
    let page = file(&run, "report.html");
    assert!(page.contains("Visit 9000, whose row was not kept"));
    assert!(page.contains("Rows of the first 75 of 115 visits were kept"));
}

#[test]
fn starved_browsers_make_the_goal_invalid_in_every_format() {
    let run = browsed::run(true);
    let judgement = judgement::judge(&run);
    assert_eq!(judgement.exit(Inconclusive::Own), Exit::Invalid);
    let closing = report::closing(&run);
    let said = "invalid: page-load: p95 of lcp_metric < 2 500 ms (";
    assert!(closing.contains(said) && closing.contains("[the canary's p95 drifted by 45 %]"), "{closing}");
    assert!(closing.contains("1 invalid") && closing.contains("1 INVALID"), "{closing}");
    let title = "Goals that are INVALID: what measured them fell short";
    for name in ["SUMMARY_REPORT.md", "LOAD_TEST_REPORT.md", "report.html"] {
        let text = file(&run, name);
        assert!(
            text.contains(title) && text.contains("starved by this machine, and LCP is INVALID"),
            "{name}"
        );
        assert!(!file(&browsed::run(false), name).contains(title), "{name}");
    }
    let junit = Report::deserialize_from_str(&file(&run, "junit.xml")).expect("JUnit");
    let mut cases = junit.test_suites.iter().flat_map(|suite| &suite.test_cases);
    let case = cases.find(|case| case.name.as_str() == "LCP p95").expect("the goal's case");
    let TestCaseStatus::NonSuccess { kind: NonSuccessKind::Error, message: Some(message), .. } = &case.status
    else {
        panic!("neither held nor missed: {:?}", case.status)
    };
    assert!(message.as_str().starts_with("INVALID: the canary's p95 drifted by 45 %"), "{message:?}");
}

#[test]
fn k6_s_shape_has_lcp_and_a_threshold_only_where_it_was_judged() {
    let metrics = |run: &Run| -> Value {
        let summary: Value = serde_json::from_str(&file(run, "page-load.json")).expect("JSON");
        summary["metrics"].clone()
    };
    let well = metrics(&browsed::run(false));
    assert_eq!(well["lcp_metric"]["values"]["count"], browsed::SETTLED + 2);
    assert_eq!(well["lcp_metric"]["values"]["max"], 15_000.0);
    assert_eq!(well["lcp_metric"]["thresholds"]["p(95)<2500"]["ok"], false);
    assert_eq!(well["lcp_reported"]["values"]["fails"], 3);
    assert!(metrics(&browsed::run(true))["lcp_metric"].get("thresholds").is_none());
}

#[test]
fn without_a_browser_the_reason_is_said_and_what_to_do() {
    let mut run = made::search(0, 0, Duration::ZERO);
    run.name = "page-load".into();
    let run = made::run(vec![made::measured(run)]);
    let why =
        "LCP was not measured: no browser. With `--browsers 2` two real browsers visit beside the crowd.";
    for name in ["SUMMARY_REPORT.md", "LOAD_TEST_REPORT.md", "report.html", "page-load_summary.txt"] {
        assert!(file(&run, name).contains(why), "{name}");
    }
    for (name, text) in report::files(&made::good()) {
        assert!(!text.contains("--browsers"), "{name} is of a scenario without pages");
    }
}

#[test]
fn browsers_that_saw_nothing_have_no_figures() {
    let mut run = browsed::run(false);
    let account = run.scenarios[0].browsers.as_mut().expect("an account");
    account.visits.clear();
    account.films.clear();
    account.canary.meanwhile_ms.clear();
    let summary = file(&run, "SUMMARY_REPORT.md");
    let said: Vec<&str> = summary.lines().skip_while(|line| *line != "## Real browsers").skip(2).collect();
    expect![[r"
        - LCP: no visit has one. The goal: FAIL.
        - p75 of the others: FCP –, TTFB –, CLS –.
        - 0 visits: 0 settled, 0 not done within 15 s, 0 answered with an error, 0 led to another page, 0 without a page, 0 settled without an LCP; 0 errors on the console, 0 failed requests.
        - Whether the browsers were starved is not known: the canary page was not seen both before and beside the crowd.
    "]].assert_eq(&said.join("\n"));
    assert!(file(&run, "report.html").contains("No visit has one."));
}

#[test]
fn a_run_of_before_there_were_browsers_still_reads() {
    let mut run = browsed::run(false);
    let mut older: Value = serde_json::from_str(&run.to_json()).expect("JSON");
    older["scenarios"][0].as_object_mut().expect("an object").remove("browsers").expect("it was kept");
    run.scenarios[0].browsers = None;
    assert_eq!(serde_json::from_value::<Run>(older).expect("an older run"), run);
    assert!(!run.to_json().contains("\"browsers\""), "what is not there is not written");
}
