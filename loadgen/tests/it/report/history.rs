//! The history of runs, as Apache Otava reads it.

use std::{collections::BTreeMap, fs, path::Path, thread};

use expect_test::expect_file;
use loadgen::{
    report::history::{self, AppendError},
    run::Run,
    stops::{Cause, EndedEarly},
};

use super::made;

/// The file's rows by the names of its columns.
fn rows(dir: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(dir.join(history::FILE)).expect("a history");
    let header = reader.headers().expect("a header").clone();
    let row = |record: csv::StringRecord| {
        header.iter().zip(&record).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    reader.records().map(|record| row(record.expect("as many fields as the header has"))).collect()
}

fn named(id: &str) -> Run {
    let mut run = made::good();
    id.clone_into(&mut run.meta.id);
    run
}

const P95: &str = "search-load.GET /api/search.p95_ms";

#[test]
fn a_run_is_a_header_and_a_row() {
    expect_file!["history.csv"].assert_eq(&history::row(&made::good(), Some("1f0c2d3")).document());
}

#[test]
fn what_a_generator_that_fell_short_measured_is_no_point_of_a_history() {
    let dir = tempfile::tempdir().expect("a directory");
    history::append(dir.path(), &history::row(&made::bad(), None)).expect("appended");
    let row = &rows(dir.path())[0];
    // To three digits, as histograms keep them.
    assert_eq!(row[P95], "1499.648");
    assert_eq!((row["page-load.GET /api/search.p95_ms"].as_str(), row["commit"].as_str()), ("nan", ""));
    // Otava refuses a metric that is empty.
    assert!(row.iter().all(|(name, value)| name == "commit" || !value.is_empty()), "{row:?}");
}

#[test]
fn what_was_cut_short_is_no_point_of_a_history() {
    let cut = |cause| {
        let mut run = made::good();
        run.scenarios[0].run.interrupted = true;
        run.scenarios[0].ended_early =
            Some(EndedEarly { second: 7, cause, why: "aborted in second 7".to_owned() });
        run
    };
    for cause in [Cause::Target, Cause::GoalLost] {
        let dir = tempfile::tempdir().expect("a directory");
        history::append(dir.path(), &history::row(&cut(cause), None)).expect("appended");
        let row = &rows(dir.path())[0];
        assert!(row.contains_key(P95), "{row:?}");
        let figures = row.iter().filter(|(name, _)| !history::ATTRIBUTES.contains(&name.as_str()));
        for (name, value) in figures {
            assert_eq!(value, "nan", "{name} of {cause:?}");
        }
    }
}

#[test]
fn a_row_says_how_much_was_rehearsed() {
    let dir = tempfile::tempdir().expect("a directory");
    let old = "time,run,commit,target,preset\n2026-12-31T00:00:00Z,run_0,,mock,smoke\n";
    fs::write(dir.path().join(history::FILE), old).expect("written");
    let mut run = named("run_1");
    (run.meta.time_scale, run.meta.load) = (0.1, 2.0);
    history::append(dir.path(), &history::row(&run, None)).expect("appended");
    let rows = rows(dir.path());
    let of = |column: &str| rows.iter().map(|row| row[column].clone()).collect::<Vec<_>>();
    assert_eq!(
        (of("time_scale"), of("load")),
        (vec![String::new(), "0.1".into()], vec![String::new(), "2".into()])
    );
}

#[test]
fn runs_of_other_scenarios_bring_their_columns_and_nobody_loses_any() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut other = named("run_2");
    other.scenarios[0].run.name = "api-load".to_owned();
    for run in [named("run_1"), other, named("run_3")] {
        history::append(dir.path(), &history::row(&run, Some("c, \"1\""))).expect("appended");
    }
    let rows = rows(dir.path());
    let ids: Vec<&str> = rows.iter().map(|row| row["run"].as_str()).collect();
    assert_eq!(ids, ["run_1", "run_2", "run_3"]);
    let of = |column: &str| rows.iter().map(|row| row[column].clone()).collect::<Vec<_>>();
    let p95 = made::good().scenarios[0]
        .run
        .timing_named("GET /api/search")
        .expect("it is there")
        .distribution(engine::record::Column::SinceDue);
    let p95 = format!("{:.3}", p95.percentile(95.0).value.expect("one").as_secs_f64() * 1e3);
    assert_eq!(of(P95), [p95.as_str(), "nan", p95.as_str()]);
    assert_eq!(of("api-load.GET /api/search.p95_ms"), ["nan", p95.as_str(), "nan"]);
    assert!(of("commit").iter().all(|commit| commit == "c, \"1\""));
    assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 1, "nothing else is left");
}

#[test]
fn a_run_that_is_there_is_replaced() {
    let dir = tempfile::tempdir().expect("a directory");
    for commit in ["a", "b"] {
        history::append(dir.path(), &history::row(&named("run_1"), Some(commit))).expect("appended");
    }
    let rows = rows(dir.path());
    assert_eq!((rows.len(), rows[0]["commit"].as_str()), (1, "b"));
}

#[test]
fn runs_that_end_together_are_all_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let one = |n: u32| history::row(&named(&format!("run_{n}")), None);
    thread::scope(|scope| {
        for n in 0..8 {
            let (dir, row) = (dir.path(), one(n));
            scope.spawn(move || history::append(dir, &row).expect("appended"));
        }
    });
    let mut ids: Vec<String> = rows(dir.path()).into_iter().map(|row| row["run"].clone()).collect();
    ids.sort();
    assert_eq!(ids, (0..8).map(|n| format!("run_{n}")).collect::<Vec<_>>());
}

#[test]
fn a_file_of_somebody_elses_is_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join(history::FILE);
    for text in ["name,age\nkoji,61\n", "time,run\n1\n", "\u{0}\u{1}"] {
        fs::write(&path, text).expect("written");
        let refused = history::append(dir.path(), &history::row(&made::good(), None)).expect_err("refused");
        assert!(matches!(refused, AppendError::Form { .. }), "{refused}");
        assert!(refused.to_string().contains("move it away"), "{refused}");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), text);
    }
}

#[test]
fn rehearsals_at_mocks_are_one_line_whatever_port_each_of_them_got() {
    let at = |environment: &str| {
        let mut run = made::good();
        "http://127.0.0.1:34819".clone_into(&mut run.meta.target);
        environment.clone_into(&mut run.meta.environment);
        let dir = tempfile::tempdir().expect("a directory");
        history::append(dir.path(), &history::row(&run, None)).expect("appended");
        rows(dir.path())[0]["target"].clone()
    };
    assert_eq!(at("mock (wwmaa-mock 0.1.0)"), "mock");
    assert_eq!(at("staging (wwmaa-backend 1.0.0)"), "http://127.0.0.1:34819");
}
