//! Many runs in a row.

use std::{collections::BTreeMap, fs};

use engine::exit::Exit;
use loadgen::{
    compare::trend::{self, Group, Measure, Point, Rules},
    preset::Preset,
};

use super::made::run;

/// Runs on successive days whose p95 of a route scatters by some per cent, and rises by a fifth from `at` on.
fn points(n: usize, at: usize) -> Vec<Point> {
    let point = |day: usize| {
        let p95 = 200.0 * if day < at { 1.0 } else { 1.2 } + (day * 7 % 5) as f64 * 3.0;
        let figures = BTreeMap::from([
            ("search-load.GET /api/search.p95_ms".to_owned(), p95),
            ("search-load.GET /api/search.p50_ms".to_owned(), 90.0),
            ("search-load.GET /api/search.failed".to_owned(), 0.0),
        ]);
        Point {
            run: format!("run_202701{:02}_020000", day + 1),
            time: format!("2027-01-{:02}T02:00:00Z", day + 1),
            group: Group::new("staging", Preset::Full, 1.0, 1.0),
            figures,
            left_out: 0,
            no_answer: 0,
            interrupted: false,
        }
    };
    (0..n).map(point).collect()
}

#[test]
fn a_step_is_said_with_its_runs_and_figures() {
    let mut points = points(20, 17);
    points.reverse();
    let trend = trend::trend(points, Rules::default());
    let text = trend::text(&trend, false);
    assert!(text.starts_with("Worse since at most 5 runs: p95 of search-load.GET /api/search."), "{text}");
    assert!(
        text.contains(
            "between run_20270117_020000 and run_20270118_020000: p95 of search-load.GET /api/search from"
        ),
        "{text}"
    );
    assert!(text.contains("staging at full: 20 runs") && text.contains('█'), "{text}");
    assert!(!text.contains("failed of"), "shares that were always zero say nothing: {text}");
    assert!(trend::text(&trend, true).is_ascii());
    assert!(trend::markdown(&trend).contains("| p95 of search-load.GET /api/search | "));
    assert_eq!((trend.exit(false), trend.exit(true)), (Exit::Ok, Exit::Failed));
}

#[test]
fn an_old_step_and_one_for_the_better_fail_nothing() {
    let old = trend::trend(points(20, 8), Rules::default());
    assert_eq!(old.exit(true), Exit::Ok);
    assert!(trend::text(&old, false).contains("1 change, no recent one for the worse"));
    let mut better = points(20, 17);
    better.iter_mut().flat_map(|point| point.figures.values_mut()).for_each(|value| *value = 500.0 - *value);
    let better = trend::trend(better, Rules::default());
    assert_eq!(better.lines[0].histories.iter().flat_map(|of| &of.changes).count(), 1);
    assert_eq!(better.exit(true), Exit::Ok);
}

#[test]
fn too_few_runs_and_runs_that_are_not_alike_say_so() {
    let trend = trend::trend(points(9, 5), Rules::default());
    let text = trend::text(&trend, false);
    assert!(text.contains("No history is long enough") && text.contains("10 needed"), "{text}");
    let mut mixed = points(20, 10);
    mixed[10..].iter_mut().for_each(|point| point.group.load = 2.0);
    mixed[3].interrupted = true;
    let trend = trend::trend(mixed, Rules::default());
    assert_eq!((trend.lines.len(), trend.lines[0].runs.len(), trend.lines[1].runs.len()), (2, 10, 9));
    let text = trend::text(&trend, false);
    assert!(text.contains("2 times the load") && text.contains("1 run was left out"), "{text}");
}

#[test]
fn folders_and_rows_are_one_history() {
    let dir = tempfile::tempdir().expect("a directory");
    let empty = trend::read(dir.path()).expect_err("there is nothing").to_string();
    assert!(empty.contains("history.csv"), "{empty}");
    for seed in [1, 2] {
        let run = run(seed, None, 0);
        let folder = dir.path().join(&run.meta.id);
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("run.json"), run.to_json()).expect("it can be written");
    }
    let history = "time,run,commit,target,preset,api-load.GET /.p95_ms,api-load.GET /.failed\n\
                   2026-12-31T00:00:00Z,run_20261231_000000,,mock,smoke,25.5,0.000000\n\
                   2026-12-30T00:00:00Z,run_20261230_000000,,mock,smoke,nan,\n\
                   2027-01-01T00:00:00Z,run_20270101_000002,,mock,smoke,26.5,0.000000\n";
    fs::write(dir.path().join("history.csv"), history).expect("it can be written");
    let points = trend::read(dir.path()).expect("there are runs");
    let trend = trend::trend(points, Rules::default());
    let [lines] = &trend.lines[..] else { panic!("one group: {trend:?}") };
    assert_eq!(lines.runs.len(), 4, "a run with a row counts once");
    assert_eq!(lines.left_out, 2, "what was not measured is counted");
    let home = lines
        .histories
        .iter()
        .find(|history| history.measure == Measure::P95 && history.name == "api-load.GET /")
        .expect("it is there");
    let values: Vec<f64> = home.values.iter().map(|(_, value)| *value).collect();
    assert_eq!((values.len(), values[0], values[2]), (3, 25.5, 26.5));
    assert!((20.0..32.0).contains(&values[1]), "decoded from its run.json: {values:?}");
    fs::write(dir.path().join("history.csv"), "time,run,target,preset,a.b.p95_ms\nt,r,m,s,fast\n")
        .expect("written");
    let said = trend::read(dir.path()).expect_err("no number").to_string();
    assert!(said.contains("line 2") && said.contains("`fast`"), "{said}");
}

#[test]
fn a_run_that_cannot_be_read_is_named_and_the_others_are_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let kept = |name: &str, text: &str| {
        let folder = dir.path().join(name);
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("run.json"), text).expect("it can be written");
    };
    let whole = run(1, None, 0).to_json();
    kept("run_cut", &whole[..whole.len() / 2]);
    kept("run_later", "{\"format\":2,\"when\":\"later\"}");
    let none = trend::read(dir.path()).expect_err("none can be read").to_string();
    assert!(none.contains("none of the runs in"), "{none}");
    assert!(none.contains("run_cut") && none.contains("format 2; this version reads 1"), "{none}");
    kept("run_whole", &whole);
    let found = trend::read(dir.path()).expect("one can be read");
    assert_eq!((found.points.len(), found.unreadable.len()), (1, 2), "{found:?}");
    let trend = trend::trend(found, Rules::default());
    for text in [trend::text(&trend, false), trend::markdown(&trend)] {
        assert!(text.contains("2 runs could not be read: ") && text.contains("format 2"), "{text}");
    }
}

#[test]
fn rows_of_other_scales_and_percentiles_without_an_answer_are_not_in_the_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let history = "time,run,commit,target,preset,time_scale,load,a.b.p95_ms,a.b.failed,a.c.p95_ms,a.c.failed\n\
                   2027-01-01T00:00:00Z,run_1,,mock,smoke,,,25.5,0.000000,1.5,0.000000\n\
                   2027-01-02T00:00:00Z,run_2,,mock,smoke,1,1,nan,0.250000,nan,nan\n\
                   2027-01-03T00:00:00Z,run_3,,mock,smoke,0.1,1,1.5,0.000000,1.5,0.000000\n\
                   2027-01-04T00:00:00Z,run_4,,mock,smoke,1,2,1.5,0.000000,1.5,0.000000\n";
    fs::write(dir.path().join("history.csv"), history).expect("it can be written");
    let trend = trend::trend(trend::read(dir.path()).expect("rows"), Rules::default());
    let groups: Vec<(&[String], f64, f64)> = trend
        .lines
        .iter()
        .map(|lines| (lines.runs.as_slice(), lines.group.time_scale, lines.group.load))
        .collect();
    let named = |id: &str| vec![id.to_owned()];
    assert_eq!(
        groups,
        [
            (&["run_1".to_owned(), "run_2".to_owned()][..], 1.0, 1.0),
            (&named("run_3")[..], 0.1, 1.0),
            (&named("run_4")[..], 1.0, 2.0)
        ]
    );
    assert_eq!((trend.lines[0].no_answer, trend.lines[0].left_out), (1, 2));
    let text = trend::text(&trend, false);
    assert!(text.contains("1 p95 \"no answer\"") && text.contains("time scale 0.1"), "{text}");
    let bad = history.replace(",0.1,1,", ",short,1,");
    fs::write(dir.path().join("history.csv"), bad).expect("it can be written");
    let said = trend::read(dir.path()).expect_err("no number").to_string();
    assert!(said.contains("line 4") && said.contains("`short`"), "{said}");
}

#[test]
fn a_ramp_alone_is_no_point_of_the_line() {
    let dir = tempfile::tempdir().expect("a directory");
    for (seed, cut) in [(1, false), (2, true)] {
        let mut run = run(seed, None, 0);
        run.scenarios[0].run.interrupted = cut;
        let folder = dir.path().join(&run.meta.id);
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("run.json"), run.to_json()).expect("it can be written");
    }
    let trend = trend::trend(trend::read(dir.path()).expect("two runs"), Rules::default());
    let [lines] = &trend.lines[..] else { panic!("one group: {trend:?}") };
    assert_eq!((lines.runs.len(), lines.left_out), (2, 10), "p95 and failed of five routes");
    assert!(lines.histories.iter().all(|history| history.values.len() == 1), "{lines:?}");
}
