//! What a team decides on, in both reports.

use loadgen::{
    preset::Preset,
    run::{Headroom, Kept, Run, Traced},
};

use super::made::{self, file};

const BOTH: [&str; 2] = ["SUMMARY_REPORT.md", "LOAD_TEST_REPORT.md"];

#[test]
fn both_reports_have_their_parts_in_order() {
    let parts = [
        "## Executive summary",
        "First to break: ",
        "## Verdicts",
        "## Bottlenecks",
        "## Recommendations",
        "## Readiness checklist",
        "## What this run does not say",
    ];
    for name in BOTH {
        for run in [made::good(), made::bad()] {
            let text = file(&run, name);
            let places = parts.map(|part| text.find(part).unwrap_or_else(|| panic!("{name} has no {part}")));
            assert!(places.is_sorted(), "{name}: {places:?}");
        }
    }
}

#[test]
fn the_goal_that_breaks_first_is_named_with_what_was_seen() {
    for name in BOTH {
        let text = file(&made::bad(), name);
        let first = text.lines().find(|line| line.starts_with("First to break: ")).expect("it is said");
        assert!(first.contains("search-load") && first.contains("already missed"), "{first}");
        let row = text.lines().find(|line| line.starts_with("| page-load | **INVALID**")).expect("a row");
        assert!(row.contains("no goal was judged"), "{row}");
        assert!(text.contains("| api-load | **NOT RUN** | – | – | – | – | – | – |"), "{text}");
    }
}

#[test]
fn what_was_not_measured_is_said_until_it_is() {
    let mut run = made::good();
    for part in ["The target's side: nothing was read", "Headroom, how much more", "Traces: none was kept"] {
        assert!(BOTH.iter().all(|name| file(&run, name).contains(part)), "{part}");
    }
    assert!(!file(&run, "SUMMARY_REPORT.md").contains("- The target's own books: not read"));
    run.audit = None;
    assert!(file(&run, "SUMMARY_REPORT.md").contains("- The target's own books: not read"));
    run.headroom.push(Headroom {
        scenario: "search-load".into(),
        holds: 2.25,
        fails: Some(2.5),
        found_in: "limit_20270101_000000".into(),
    });
    let text = file(&run, "SUMMARY_REPORT.md");
    assert!(!text.contains("Headroom, how much more") && text.contains("2.25 × launch day holds"), "{text}");
}

/// Whatever one reads says it.
fn all_say(run: &Run, part: &str) {
    for name in BOTH.into_iter().chain(["report.html"]) {
        assert!(file(run, name).contains(part), "no `{part}` in {name}");
    }
}

#[test]
fn why_a_side_was_not_looked_at_is_what_the_run_tells() {
    let mut run = made::good();
    all_say(&run, "One user alone, to compare the crowd with: not at smoke.");
    run.meta.preset = Preset::Full;
    all_say(&run, "to compare the crowd with: nobody was measured so before this run.");
    run.interrupted = true;
    all_say(&run, "to compare the crowd with: none was measured before the run was interrupted.");

    run.audit = None;
    all_say(&run, "books: not read (the run was interrupted before they answered).");
    run.scenarios[0].truth = None;
    all_say(&run, "books: not read (no admin token, or the run was interrupted before they answered).");
    run.interrupted = false;
    all_say(&run, "books: not read (no admin token, or the target keeps none).");
}

#[test]
fn a_truth_that_faults_disturbed_is_not_called_a_small_sample() {
    let mut run = made::good();
    run.faults = Some(made::plan(vec![made::fault("stall", "GET /api/search", 1, true)]));
    all_say(
        &run,
        "not scored: no route that the scheduled faults left alone has 1 000 samples on both sides",
    );
    run.faults = Some(made::plan(vec![made::fault("stall", "GET /api/events", 1, true)]));
    all_say(&run, "not scored: no route has 1 000 samples on both sides");
}

fn traced(id: &str, took_ms: f64, why: Kept) -> Traced {
    Traced {
        trace_id: id.repeat(32),
        route: "GET /api/search".into(),
        due_unix_ms: 0,
        took_ms,
        fault: None,
        why,
    }
}

#[test]
fn a_failure_names_the_traces_of_its_kind_and_the_slowest_are_listed() {
    let mut run = made::bad();
    let kind = run.scenarios[0].run.timings[0].faults[0].kind.clone();
    let failed = Traced { fault: Some(kind), ..traced("a", 40.0, Kept::Failed) };
    let slow = [traced("b", 1_400.0, Kept::Slowest), traced("c", 1_500.0, Kept::Slowest)];
    run.scenarios[0].traces = [vec![failed, traced("d", 1.0, Kept::Sampled)], slow.to_vec()].concat();
    let text = file(&run, "LOAD_TEST_REPORT.md");
    let failures = text.split("### Failures and counts").nth(1).expect("failures");
    assert!(failures.contains(&format!("  - trace `{}`", "a".repeat(32))), "{failures}");
    let slowest = text.split("### Slowest requests that were traced").nth(1).expect("a table");
    let places = ["c", "b"].map(|id| slowest.find(&id.repeat(32)).expect("it is listed"));
    assert!(places.is_sorted(), "the slowest comes first");
    assert!(!text.contains(&"d".repeat(32)), "a trace that was only drawn is no finding");
    assert!(slowest.contains("| GET /api/search | 1 500 ms | `cccc"), "{slowest}");
}

#[test]
fn the_page_has_the_traces_that_the_report_has() {
    let mut run = made::bad();
    let kind = run.scenarios[0].run.timings[0].faults[0].kind.clone();
    let failed = |n: u32| Traced { fault: Some(kind.clone()), ..traced(&format!("f{n}"), 9.0, Kept::Failed) };
    let slow = |n: u32| traced(&format!("{n:02}"), f64::from(n), Kept::Slowest);
    run.scenarios[0].traces = (0..5).map(failed).chain((10..30).map(slow)).collect();
    let (page, report) = (file(&run, "report.html"), file(&run, "LOAD_TEST_REPORT.md"));
    // Those of these traces that a text names, in its order.
    let named = |text: &str, ids: &[String]| -> Vec<String> {
        let mut found: Vec<_> =
            ids.iter().filter_map(|id| Some((text.find(&id.repeat(32))?, id.clone()))).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    };
    let failed: Vec<String> = (0..5).map(|n| format!("f{n}")).collect();
    let slow: Vec<String> = (10..30).map(|n| n.to_string()).collect();
    let slowest: Vec<String> = (20..30).rev().map(|n| n.to_string()).collect();
    for text in [page, report] {
        assert_eq!(named(&text, &failed), failed[..3], "the first three of a kind");
        assert_eq!(named(&text, &slow), slowest, "ten, slowest first");
    }
}
