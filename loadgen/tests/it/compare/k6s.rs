//! What a comparison says of what k6 wrote.

use std::fmt::Write as _;

use engine::{
    compare::{Draws, Verdict},
    exit::Exit,
};
use loadgen::{
    baseline::Baseline,
    compare::{self, Recording, Rules},
};

use super::made::run;

fn rules() -> Rules {
    Rules { draws: Draws { count: 399, seed: 42 }, ..Rules::default() }
}

#[test]
fn k6s_points_can_be_the_baseline() {
    let mut points = String::from(
        "{\"type\":\"Metric\",\"metric\":\"http_req_duration\",\"data\":{\"name\":\"http_req_duration\",\"type\":\
         \"trend\",\"contains\":\"time\",\"thresholds\":[],\"submetrics\":null}}\n",
    );
    for n in 0..900_u64 {
        let (second, ms) = (n / 20, 100 + n * 37 % 90);
        let _ = writeln!(
            points,
            "{{\"type\":\"Point\",\"metric\":\"http_req_duration\",\"data\":{{\"time\":\"2027-01-01T09:00:{second:02}Z\",\
             \"value\":{ms},\"tags\":{{}}}}}}"
        );
    }
    let Baseline::Points(points) = Baseline::of(points.as_bytes(), "points.json").expect("k6's form") else {
        panic!("points")
    };
    let run = run(1, None, 0);
    let a = Recording::of_points(&points, "points.json", "api-load");
    let b =
        Recording::under_k6_names(&run, "api-load", &["http_req_duration".to_owned()]).expect("it has it");
    let comparison = compare::compare(&a, &b, None, rules());
    let series = &comparison.scenarios[0].series[0];
    assert_eq!((series.n[0], series.why_not), (900, None), "{comparison:?}");
    assert!(series.p95.is_some() && compare::text(&comparison).contains("k6's"), "{comparison:?}");
}

/// What k6's `--summary-export` says, `more` after the times of requests.
fn of_summary(more: &str) -> Recording {
    let text = format!(
        "{{\"metrics\":{{\"http_req_duration\":{{\"avg\":120.5,\"min\":80,\"med\":118,\"max\":400,\"p(90)\":180,\"p(95)\":190}}\
         {more}}},\"root_group\":{{}}}}"
    );
    match Baseline::of(text.as_bytes(), "summary.json").expect("k6's form") {
        Baseline::Summary(figures) => Recording::of_figures(&figures, "summary.json", "api-load"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn percentiles_of_k6s_are_shown_and_its_failures_judged() {
    let ours = Recording::under_k6_names(&run(1, None, 0), "api-load", &["http_req_duration".to_owned()]);
    let ours = ours.expect("it has it");
    let shown = compare::compare(&of_summary(",\"my_times\":{\"avg\":1,\"p(95)\":2}"), &ours, None, rules());
    let series = &shown.scenarios[0].series[0];
    assert_eq!((series.seen[1][0], series.p95, series.errors), (Some(190.0), None, None));
    assert!(series.seen[1][1].is_some() && shown.scenarios[0].series.len() == 1, "{shown:?}");
    assert_eq!(
        compare::sentence(&shown),
        "Nothing here can be judged. Percentiles of 1 series are shown, not judged: no interval can be had of them."
    );
    assert_eq!((shown.exit(false), shown.exit(true)), (Exit::Ok, Exit::Invalid));
    let markdown = compare::markdown(&shown);
    assert!(compare::text(&shown).contains("only k6's side has them: my_times."), "{markdown}");
    assert!(markdown.contains("| not known and "), "{markdown}");

    let failures = of_summary(",\"http_req_failed\":{\"value\":0.1,\"passes\":90,\"fails\":810}");
    let better = compare::compare(&failures, &ours, None, rules());
    let errors = better.scenarios[0].series[0].errors.expect("both are counted");
    assert_eq!((errors.estimate.a.to_bits(), errors.verdict), (0.1_f64.to_bits(), Verdict::Improvement));
    assert_eq!((better.exit(false), better.exit(true)), (Exit::Ok, Exit::Invalid));
    let worse = compare::compare(&ours, &failures, None, rules());
    assert!(compare::sentence(&worse).starts_with("Worse: http_req_duration in api-load, errors 0 % → 10 %"));
    assert_eq!(worse.exit(true), Exit::Failed);
    // Two of k6's are counts against counts.
    let same = compare::compare(&failures, &failures, None, rules());
    let errors = same.scenarios[0].series[0].errors.expect("both are counted");
    assert_eq!(errors.estimate.difference().to_bits(), 0.0_f64.to_bits());
    assert!(compare::text(&same).contains("Both sides are k6's"));
}
