//! What a comparison says, of runs that were written and read.

use std::{fmt::Write as _, fs, path::Path};

use engine::{
    compare::{Draws, Verdict},
    exit::Exit,
};
use loadgen::{
    baseline::Baseline,
    compare::{self, Comparison, LeftOut, Noise, Recording, Rules},
    preset::Preset,
    run::Run,
};

use super::made::{ROUTES, run};

fn rules() -> Rules {
    Rules { draws: Draws { count: 399, seed: 42 }, ..Rules::default() }
}

fn compared(a: &Run, b: &Run) -> Comparison {
    compare::compare(&Recording::of(a), &Recording::of(b), None, rules())
}

fn kept(run: &Run, dir: &Path) -> Run {
    fs::create_dir_all(dir).expect("a folder");
    fs::write(dir.join("run.json"), run.to_json()).expect("it can be written");
    match Baseline::read(dir).expect("it was written") {
        Baseline::Run(run) => *run,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_held_against_itself_has_not_changed() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = kept(&run(1, None, 0), dir.path());
    let comparison = compared(&run, &run);
    assert_eq!(comparison.findings().count(), ROUTES.len());
    for of in comparison.findings() {
        assert_eq!(of.figure.estimate.difference().to_bits(), 0.0_f64.to_bits());
        assert_eq!(of.figure.verdict, Verdict::NoChangeShown);
    }
    assert_eq!(compare::sentence(&comparison), "No change shown in any of 5 figures.");
    assert_eq!(comparison.exit(true), Exit::Ok);
}

#[test]
fn the_biggest_change_is_named_first_and_everything_is_told() {
    let comparison = compared(&run(1, None, 0), &run(2, Some((0, 1.5)), 2));
    let sentence = compare::sentence(&comparison);
    assert!(sentence.starts_with("Worse: "), "{sentence}");
    assert!(sentence.contains("GET /api/search in api-load, p95 "), "{sentence}");
    assert!(sentence.contains("GET /api/events in api-load, errors 0 % → 16.7 %"), "{sentence}");
    assert_eq!((comparison.exit(false), comparison.exit(true)), (Exit::Ok, Exit::Failed));
    let text = compare::text(&comparison);
    assert!(text.starts_with(&sentence) && text.contains("REGRESSION") && text.contains("seed 42"), "{text}");
    let wide: Vec<usize> =
        text.lines().filter(|line| line.starts_with("  GET /api/")).map(column_of_arrow).collect();
    assert!(wide.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
    assert!(compare::markdown(&comparison).contains("| GET /api/search | "));
    let back: Comparison = serde_json::from_str(&comparison.to_json()).expect("its JSON can be read");
    assert_eq!(back, comparison);
    assert_eq!(text, compare::text(&compared(&run(1, None, 0), &run(2, Some((0, 1.5)), 2))));
}

/// Where the second column begins.
fn column_of_arrow(line: &str) -> usize {
    let name = line.trim_start().split("  ").next().unwrap_or_default();
    line.len() - line.trim_start()[name.len()..].trim_start().len()
}

#[test]
fn the_other_way_round_it_is_better() {
    let (a, b) = (run(1, None, 0), run(2, Some((3, 1.4)), 0));
    let (there, back) = (compared(&a, &b), compared(&b, &a));
    let named = |comparison: &Comparison, verdict| {
        let all = comparison.changed(verdict).into_iter();
        all.filter_map(|of| of.series.map(|series| series.name.clone())).collect::<Vec<_>>()
    };
    assert_eq!(named(&there, Verdict::Regression), [ROUTES[3].name]);
    assert_eq!(named(&back, Verdict::Improvement), [ROUTES[3].name]);
    assert_eq!(back.exit(true), Exit::Ok);
}

#[test]
fn what_is_not_alike_is_not_compared_unless_anyway() {
    let (a, mut b) = (run(1, None, 0), run(2, None, 0));
    b.meta.preset = Preset::Full;
    b.meta.load = 2.0;
    let comparison = compared(&a, &b);
    assert_eq!(comparison.exit(false), Exit::Usage);
    let text = compare::text(&comparison);
    assert!(text.contains("preset: smoke against full") && text.contains("--anyway"), "{text}");
    let anyway = Rules { anyway: true, ..rules() };
    let comparison = compare::compare(&Recording::of(&a), &Recording::of(&b), None, anyway);
    assert_eq!(comparison.exit(false), Exit::Ok);
    assert!(compare::text(&comparison).contains("compared anyway"));
}

#[test]
fn what_fell_short_or_is_missing_makes_no_claim() {
    let (a, mut b) = (run(1, None, 0), run(2, Some((0, 2.0)), 0));
    b.scenarios[0].run.flows[0].tally.dropped = 7;
    let comparison = compared(&a, &b);
    assert!(matches!(comparison.scenarios[0].left_out, Some(LeftOut::Invalid(_))), "{comparison:?}");
    assert_eq!((comparison.exit(false), comparison.exit(true)), (Exit::Usage, Exit::Invalid));
    assert!(compare::text(&comparison).contains("not compared: INVALID"));
    b.scenarios.clear();
    let comparison = compared(&a, &b);
    assert!(matches!(comparison.scenarios[0].left_out, Some(LeftOut::Missing(_))), "{comparison:?}");
    assert_eq!(comparison.exit(false), Exit::Usage);
}

#[test]
fn too_short_and_too_few_say_so() {
    let (mut a, mut b) = (run(1, None, 0), run(2, None, 0));
    for run in [&mut a, &mut b] {
        run.scenarios[0].run.timings[0].columns[0].cells.truncate(4);
        run.scenarios[0].run.timings[1].columns[0].cells.truncate(5);
    }
    let text = compare::text(&compared(&a, &b));
    assert!(
        text.contains("not compared: too short to compare: samples in 5 s of the run, 40 s needed"),
        "{text}"
    );
    a.scenarios[0].run.timings[0].columns[0].cells.truncate(3);
    let text = compare::text(&compared(&a, &b));
    assert!(text.contains("not compared: too few samples: 51 of 59 needed"), "{text}");
}

#[test]
fn a_noise_floor_is_kept_and_passes_over_what_is_noise() {
    let (a, again, b) = (run(1, None, 0), run(2, Some((0, 1.3)), 0), run(3, Some((0, 1.25)), 0));
    let mut noise = Noise::new();
    noise.take_in(&compared(&a, &again));
    noise.take_in(&compared(&a, &again));
    assert_eq!(noise.pairs.len(), 1, "a pair counts once");
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("noise.json");
    assert_eq!(Noise::read(&file).expect("there is none"), None);
    fs::write(&file, noise.to_json()).expect("it can be written");
    let noise = Noise::read(&file).expect("it is one").expect("it is there");
    let with = compare::compare(&Recording::of(&a), &Recording::of(&b), Some(&noise), rules());
    let without = compared(&a, &b);
    let search = |of: &Comparison| of.scenarios[0].series[0].p95.expect("compared");
    assert_eq!(search(&without).verdict, Verdict::Regression);
    assert_ne!(search(&with).verdict, Verdict::Regression, "an A/A pair was as far apart");
    assert!(compare::text(&with).contains("noise floor (1 A/A pair)"));
    fs::write(&file, "{}").expect("it can be written");
    let said = Noise::read(&file).expect_err("it is none").to_string();
    assert!(said.contains("--as-noise-floor"), "{said}");
}

#[test]
fn k6s_points_and_figures_can_be_the_baseline() {
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
    assert_eq!((series.n[0], series.why_not.as_deref()), (900, None), "{comparison:?}");
    assert!(series.p95.is_some() && compare::text(&comparison).contains("k6's"), "{comparison:?}");

    let summary = "{\"metrics\":{\"http_req_duration\":{\"avg\":120.5,\"min\":80,\"med\":118,\"max\":400,\"p(90)\":180,\
                   \"p(95)\":190}},\"root_group\":{}}";
    let Baseline::Summary(figures) = Baseline::of(summary.as_bytes(), "summary.json").expect("k6's form")
    else {
        panic!("figures")
    };
    let a = Recording::of_figures(&figures, "summary.json", "api-load");
    let comparison = compare::compare(&a, &b, None, rules());
    let series = &comparison.scenarios[0].series[0];
    assert_eq!((series.seen[1][0], series.p95), (Some(190.0), None));
    assert!(series.seen[1][1].is_some() && compare::text(&comparison).contains("percentiles only"));
}
