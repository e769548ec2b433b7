//! What a comparison says, of runs that were written and read.

use std::{fs, path::Path};

use engine::{
    compare::{Draws, Verdict},
    exit::Exit,
};
use loadgen::{
    baseline::Baseline,
    compare::{self, Comparison, LeftOut, Noise, Recording, Rules, WhyNot},
    preset::Preset,
    run::{NotRun, Run},
};

use super::made::{ROUTES, SECONDS, recording, run};

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
    assert_eq!((comparison.exit(false), comparison.exit(true)), (Exit::Usage, Exit::Invalid));
}

#[test]
fn what_the_baseline_has_and_this_run_has_not_is_no_all_clear() {
    let whole = {
        let mut run = run(1, None, 0);
        let mut second = run.scenarios[0].clone();
        second.run.name = "rtc-load".into();
        run.scenarios.push(second);
        run
    };
    let mut cut = whole.clone();
    cut.scenarios.truncate(1);
    cut.not_run.push(NotRun { name: "rtc-load".into(), why: "the target is gone".into(), left_out: false });
    let comparison = compared(&whole, &cut);
    assert_eq!(
        compare::sentence(&comparison),
        "No change shown in any of 5 figures. 1 scenario of the baseline was not compared: rtc-load."
    );
    assert!(
        compare::text(&comparison).contains("rtc-load (not compared: it was NOT RUN, the target is gone)")
    );
    assert_eq!((comparison.exit(false), comparison.exit(true)), (Exit::Ok, Exit::Invalid));
    // What is new is no promise of the baseline's.
    let back = compared(&cut, &whole);
    assert!(matches!(back.scenarios[1].left_out, Some(LeftOut::New(_))), "{back:?}");
    assert_eq!(compare::sentence(&back), "No change shown in any of 5 figures.");
    assert_eq!(back.exit(true), Exit::Ok);
}

#[test]
fn a_series_nobody_asked_any_more_is_named() {
    let all = run(1, None, 0);
    let (mut without, mut silent) = (all.clone(), all.clone());
    without.scenarios[0].run.timings.truncate(4);
    let timing = &mut silent.scenarios[0].run.timings[4];
    timing.columns.iter_mut().for_each(|column| column.cells.clear());
    timing.outcomes.clear();
    for other in [&without, &silent] {
        let comparison = compared(&all, other);
        let series = &comparison.scenarios[0].series[4];
        assert_eq!(
            (series.name.as_str(), series.n[1], series.why_not),
            (ROUTES[4].name, 0, Some(WhyNot::Gone))
        );
        assert_eq!(
            compare::sentence(&comparison),
            "No change shown in any of 4 figures. B has nothing of what the baseline has of GET / in api-load."
        );
        assert_eq!((comparison.exit(false), comparison.exit(true)), (Exit::Ok, Exit::Invalid));
        let back = compared(other, &all);
        assert_eq!(back.scenarios[0].series[4].why_not, Some(WhyNot::New));
        assert_eq!(back.exit(true), Exit::Ok);
    }
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
fn no_answer_is_no_distance() {
    let (a, b) = (run(1, None, 0), run(3, Some((0, 1.6)), 0));
    let mut silent = run(2, None, 0);
    silent.scenarios[0].run.timings[0].columns[0].cells.iter_mut().for_each(|cell| cell.unanswered = 3);
    let mut noise = Noise::new();
    noise.take_in(&compared(&a, &silent));
    let [median, p95, p99] = noise.series[0].times_ms.expect("both were asked");
    assert!(median.is_some_and(|ms| ms < 100.0), "{median:?}");
    assert_eq!((p95, p99), (None, None));
    let verdict = |noise: &Noise| {
        let comparison = compare::compare(&Recording::of(&a), &Recording::of(&b), Some(noise), rules());
        comparison.scenarios[0].series[0].p95.expect("compared").verdict
    };
    assert_eq!(verdict(&noise), Verdict::Regression);
    // As floors were kept before.
    noise.series[0].times_ms = Some([None, Some(7_199_800.0), None]);
    assert_eq!(verdict(&noise), Verdict::Regression);
}

#[test]
fn a_rate_has_its_noise_floor() {
    let rehearsed = |more: u64| {
        let mut recording = recording(1, None);
        recording.subject.name = format!("run_{more}");
        let scenario = &mut recording.scenarios[0];
        scenario.closed_loop = true;
        for second in 0..SECONDS {
            scenario.series[0].timeline.count(second, more, 0);
        }
        recording
    };
    let mut noise = Noise::new();
    noise.take_in(&compare::compare(&rehearsed(0), &rehearsed(12), None, rules()));
    assert!(noise.of_rate("api-load").is_some_and(|rate| (rate - 12.0).abs() < 1e-9), "{noise:?}");
    let rate = |noise: Option<&Noise>| {
        let comparison = compare::compare(&rehearsed(12), &rehearsed(2), noise, rules());
        comparison.scenarios[0].rate.expect("a closed loop").verdict
    };
    assert_eq!((rate(None), rate(Some(&noise))), (Verdict::Regression, Verdict::NoChangeShown));
}
