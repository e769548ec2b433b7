//! The tables for other programs.

use std::collections::BTreeMap;

use expect_test::expect_file;

use super::{
    formats,
    made::{self, file},
};

/// A table's rows by the names of its columns.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let row = |record: csv::StringRecord| {
        header.iter().zip(&record).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    reader.records().map(|record| row(record.expect("as many fields as the header has"))).collect()
}

#[test]
fn every_series_and_column_is_a_row_with_its_goals() {
    expect_file!["metrics.csv"].assert_eq(&file(&made::good(), "metrics.csv"));
}

#[test]
fn a_verdict_in_the_table_is_the_reports() {
    let bad = rows(&file(&made::bad(), "metrics.csv"));
    let due = |scenario: &str| {
        let of = |row: &&BTreeMap<String, String>| {
            row["scenario"] == scenario && row["series"] == "GET /api/search" && row["column"] == "since_due"
        };
        bad.iter().find(of).expect("its row")
    };
    let missed = due("search-load");
    assert_eq!((missed["p95_limit_ms"].as_str(), missed["p95_verdict"].as_str()), ("1200.000", "FAIL"));
    assert_eq!((missed["failed_below"].as_str(), missed["failed_verdict"].as_str()), ("0.001", "FAIL"));
    assert_eq!((missed["n"].as_str(), missed["failed"].as_str()), ("600", "12"));
    assert_eq!(missed["p99_limit_ms"], "");
    // A generator that fell short decides nothing.
    assert_eq!(due("page-load")["p95_verdict"], "INVALID");
}

#[test]
fn the_seconds_add_up_to_the_run() {
    for run in formats::runs() {
        let seconds = rows(&file(&run, "timeline.csv"));
        for measured in &run.scenarios {
            for timing in &measured.run.timings {
                let of = |row: &&BTreeMap<String, String>| {
                    row["scenario"] == measured.run.name && row["series"] == timing.name
                };
                let sum = |column: &str| -> u64 {
                    seconds.iter().filter(of).map(|row| row[column].parse::<u64>().expect("a count")).sum()
                };
                let (ok, failed) = timing.counts();
                if ok + failed > 0 {
                    assert_eq!(sum("n"), ok + failed, "{}: {}", measured.run.name, timing.name);
                }
                assert_eq!(sum("failed"), failed, "{}: {}", measured.run.name, timing.name);
            }
        }
    }
    let good = rows(&file(&made::good(), "timeline.csv"));
    let first = good.iter().find(|row| row["series"] == "GET /api/search").expect("a row");
    assert_eq!(
        (first["second"].as_str(), first["n"].as_str(), first["p50_ms"].as_str()),
        ("0", "50", "44.016")
    );
}

#[test]
fn a_run_without_a_scenario_has_tables_without_rows() {
    let empty = made::run(Vec::new());
    assert_eq!(file(&empty, "metrics.csv").lines().count(), 1);
    assert_eq!(file(&empty, "timeline.csv"), "scenario,series,second,n,failed,p50_ms,p95_ms,p99_ms\n");
}
