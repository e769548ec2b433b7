//! The table that a latency profile is made from.

use std::process::Command;
use std::time::Duration;

use expect_test::{expect, expect_file};
use loadgen::{report, run::Run};

use super::made::{self, file};

/// The mock's tests read the same file: what one writes the other understands.
#[test]
fn a_run_leaves_its_percentiles() {
    expect_file!["percentiles.csv"].assert_eq(&file(&made::good(), "percentiles.csv"));
    assert_eq!(report::percentiles(&made::good()), file(&made::good(), "percentiles.csv"));
}

#[test]
fn a_route_is_one_row_whichever_scenarios_ask_and_warm_up_and_baseline_are_not_in_it() {
    let mut run = made::bad();
    for measured in &mut run.scenarios {
        measured.run.duration = Duration::from_secs(12);
    }
    let text = report::percentiles(&run);
    // Twice 600 in twice twelve seconds; the baseline's 600 are not counted, nor is what is no endpoint.
    let row = text.lines().nth(1).expect("a row");
    assert!(row.starts_with("GET /api/search,1200,50.0000,40.000,"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn a_percentile_nobody_lived_to_see_is_empty() {
    let mut run = made::good();
    let cells = run.scenarios[0].run.timings.iter_mut().flat_map(|timing| &mut timing.columns);
    cells.flat_map(|column| &mut column.cells).for_each(|cell| cell.unanswered = cell.count / 20 + 1);
    let text = report::percentiles(&run);
    let row: Vec<&str> = text.lines().nth(1).expect("a row").split(',').collect();
    assert_eq!((row[0], row[1]), ("GET /api/search", "600"));
    assert!(!row[4].is_empty() && row[5..8] == ["", "", ""] && !row[8].is_empty(), "{text}");
}

#[test]
fn the_program_prints_it_or_says_what_to_name() {
    let dir = tempfile::tempdir().expect("a directory");
    report::write_all(&made::good(), dir.path()).expect("a directory to write to");
    let loadgen = |path: &std::path::Path| {
        Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .arg("profile")
            .arg(path)
            .output()
            .expect("the binary runs")
    };
    let output = loadgen(dir.path());
    let run = Run::read(dir.path()).expect("it was just written");
    assert_eq!((output.status.code(), output.stdout), (Some(0), report::percentiles(&run).into_bytes()));
    let refused = loadgen(&dir.path().join("nowhere"));
    assert_eq!(refused.status.code(), Some(2));
    let said =
        String::from_utf8(refused.stderr).expect("text").replace(&dir.path().display().to_string(), "DIR");
    expect![[r"
        error: DIR/nowhere/run.json cannot be read (No such file or directory (os error 2)): name a folder that a run left, such as results/run_20270101_090000
    "]].assert_eq(&said);
}
