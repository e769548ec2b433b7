//! What a team decides on, in both reports.

use loadgen::run::{Headroom, Kept, Traced};

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
