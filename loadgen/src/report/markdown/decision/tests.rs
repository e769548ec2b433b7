use serde_json::json;

use super::{Detail, bottlenecks, launch, readiness};
use crate::{
    bottlenecks::{Bottleneck, Bottlenecks, Recommendation},
    readiness::{Line, Mark},
    report::view::View,
    run::Run,
};

/// A run that was ended before its first scenario.
fn run() -> Run {
    serde_json::from_value(json!({
        "format": 1,
        "meta": {
            "id": "run_20270101_000000", "started": "2027-01-01T00:00:00Z", "seed": 42, "world_seed": 42,
            "preset": "smoke", "time_scale": 1.0, "target": "mock", "origin": "http://127.0.0.1:8089",
            "environment": "mock", "nonce": "n", "planned_digest": "d", "loadgen": "0.1.0",
            "machine": { "system": "linux", "cores": 2, "workers": 2, "open_files": null },
        },
        "interrupted": true,
        "baseline": [], "scenarios": [], "not_run": [], "notes": [], "audit": null,
        "overall": { "errors_below": 0.001, "planned_requests": 0 },
    }))
    .expect("a run")
}

fn told(view: &View<'_>, part: impl Fn(&mut String, &View<'_>)) -> String {
    let mut out = String::new();
    part(&mut out, view);
    out
}

fn bottleneck(resource: &str) -> Bottleneck {
    Bottleneck {
        scenario: "search-load".into(),
        series: "GET /api/search".into(),
        source: "postgres at 127.0.0.1:5432/wwmaa_load".into(),
        resource: resource.into(),
        correlation: 0.93,
        lead_s: 4.0,
        sentence: "10 of 10 taken from second 12 on".into(),
    }
}

fn recommendation() -> Recommendation {
    Recommendation {
        topic: "Database indexes",
        title: "Index public.event_rsvps (event_id, status)".into(),
        evidence: vec!["read from end to end 812 times".into(), "5 of 8 s of all statements".into()],
        change: Some("CREATE INDEX ON public.event_rsvps (event_id, status);".into()),
        proof: "loadgen compare BEFORE AFTER".into(),
    }
}

fn line(section: &'static str, mark: Mark) -> Line {
    Line { section, claim: "p95 is held".into(), mark, because: "31 goals | <b>PASS</b>".into() }
}

#[test]
fn a_run_without_anything_says_so_plainly() {
    let run = run();
    let mut view = View::new(&run);
    (view.bottlenecks, view.readiness) = (Bottlenecks::default(), Vec::new());
    assert!(told(&view, launch).contains("No scenario was begun"));
    let said = told(&view, |out, view| bottlenecks(out, view, Detail::Full));
    for flag in ["--probe-metrics", "--probe-prometheus", "--probe-postgres", "--probe-redis"] {
        assert!(said.contains(flag), "{said}");
    }
    assert!(said.contains("None: they come from what was observed"), "{said}");
    assert!(
        told(&view, |out, view| readiness(out, view, Detail::Full)).contains("Nothing of it was looked at.")
    );
}

#[test]
fn every_bottleneck_has_its_correlation_and_every_recommendation_its_evidence() {
    let run = run();
    let mut view = View::new(&run);
    view.bottlenecks = Bottlenecks {
        summary: "Something moved with latency.".into(),
        found: ["a", "b", "c", "d", "e"].map(bottleneck).to_vec(),
        recommendations: vec![recommendation()],
    };
    let full = told(&view, |out, view| bottlenecks(out, view, Detail::Full));
    for part in [
        "Something moved with latency.",
        "- **e**: 10 of 10 taken from second 12 on (rank correlation +0.93 with p95 of GET /api/search in \
         search-load, 4 s before it)",
        "- **Index public.event_rsvps (event_id, status)** (Database indexes)",
        "  - Evidence: read from end to end 812 times\n  - Evidence: 5 of 8 s of all statements",
        "  - Change: `CREATE INDEX ON public.event_rsvps (event_id, status);`",
        "  - Proof: loadgen compare BEFORE AFTER",
    ] {
        assert!(full.contains(part), "no `{part}` in\n{full}");
    }
    let brief = told(&view, |out, view| bottlenecks(out, view, Detail::Brief));
    assert!(brief.contains("**c**") && !brief.contains("**d**"), "{brief}");
    assert!(brief.contains("2 more are in LOAD_TEST_REPORT.md"), "{brief}");
    assert!(brief.contains("812 times") && !brief.contains("5 of 8 s"), "{brief}");
}

#[test]
fn the_checklist_has_a_mark_and_a_word_for_each_line_and_the_page_what_is_not_met() {
    let run = run();
    let mut view = View::new(&run);
    view.readiness = vec![
        line("Performance", Mark::Met),
        line("Performance", Mark::NotMet),
        line("Cache", Mark::NotMeasurable),
    ];
    let full = told(&view, |out, view| readiness(out, view, Detail::Full));
    expect_test::expect![[r"
        ## Readiness checklist

        1 met, 1 not met, 1 not measurable here, of 3 lines.

        ### Performance

        - [x] p95 is held: **met**: 31 goals | &lt;b>PASS&lt;/b>
        - [ ] p95 is held: **NOT MET**: 31 goals | &lt;b>PASS&lt;/b>

        ### Cache

        - [~] p95 is held: **not measurable here**: 31 goals | &lt;b>PASS&lt;/b>

    "]]
    .assert_eq(&full);
    let brief = told(&view, |out, view| readiness(out, view, Detail::Brief));
    assert!(brief.contains("[ ]") && !brief.contains("[x]") && !brief.contains("[~]"), "{brief}");
    assert!(brief.contains("1 met, 1 not met, 1 not measurable here, of 3 lines."), "{brief}");
}
