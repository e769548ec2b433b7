use std::{fmt::Write as _, fs, io::Write as _, time::Duration};

use engine::histogram::Distribution;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::{Baseline, BaselineError, Figure, Measure, Points};

const EXPORT: &str = include_str!("samples/export.json");
const SUMMARY: &str = include_str!("samples/summary.json");
const POINTS: &str = include_str!("samples/points.ndjson");

fn read(text: &[u8]) -> Result<Baseline, BaselineError> {
    Baseline::of(text, "k6.json")
}

fn points(text: &str) -> Points {
    match read(text.as_bytes()).expect("points") {
        Baseline::Points(points) => points,
        other => panic!("{other:?}"),
    }
}

fn said(text: &str) -> String {
    read(text.as_bytes()).expect_err("it is refused").to_string()
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text.as_bytes()).expect("memory");
    packer.finish().expect("memory")
}

#[test]
fn an_exported_summary_is_read_metric_by_metric() {
    let Baseline::Summary(figures) = read(EXPORT.as_bytes()).expect("a summary") else {
        panic!("no summary")
    };
    assert_eq!(figures.duration, None);
    assert_eq!(figures.metrics.len(), 7);
    assert_eq!(
        figures.metrics["http_req_duration"],
        Figure::Trend { count: None, percentiles: vec![(50.0, 80.5), (90.0, 140.75), (95.0, 188.5)] }
    );
    assert_eq!(figures.metrics["http_req_failed"], Figure::Rate { passes: Some(30), fails: Some(2_970) });
    assert_eq!(figures.metrics["http_reqs"], Figure::Other);
    assert_eq!(figures.metrics["vus"], Figure::Other);
    assert!(figures.metrics.contains_key("http_req_duration{expected_response:true}"));
}

#[test]
fn what_handle_summary_is_given_is_read_with_its_types() {
    let Baseline::Summary(figures) = read(SUMMARY.as_bytes()).expect("a summary") else {
        panic!("no summary")
    };
    assert_eq!(figures.duration, Some(Duration::from_micros(30_012_500)));
    assert_eq!(
        figures.metrics["http_req_duration"],
        Figure::Trend { count: Some(3_000), percentiles: vec![(50.0, 80.5), (95.0, 188.5), (99.9, 640.0)] }
    );
    assert_eq!(figures.metrics["http_req_failed"], Figure::Rate { passes: Some(30), fails: Some(2_970) });
    assert_eq!(figures.metrics["http_reqs"], Figure::Other);
}

#[test]
fn points_are_kept_second_by_second() {
    let points = points(POINTS);
    assert_eq!(points.started_unix_ms, 1_798_761_600_000);
    let Measure::Trend(cells) = &points.metrics["http_req_duration"] else { panic!("{points:?}") };
    // The one that was told of late is with those of its second.
    let seconds: Vec<(i64, u64, u64, u64)> =
        cells.iter().map(|cell| (cell.second, cell.count, cell.min_ns, cell.max_ns)).collect();
    assert_eq!(seconds, [(0, 2, 10_000_000, 42_500_000), (2, 1, 80_250_000, 80_250_000)]);
    let all = Distribution::of(cells);
    assert_eq!(all.mean(), Some(Duration::from_micros(44_250)));
    let Measure::Rate(seconds) = &points.metrics["http_req_failed"] else { panic!("{points:?}") };
    let counts: Vec<_> = seconds.iter().map(|second| (second.second, second.good, second.bad)).collect();
    assert_eq!(counts, [(0, 0, 1), (2, 1, 0)]);
    // Sums and gauges are not compared, nor is what is less than nothing at times.
    assert_eq!(points.metrics.len(), 2, "{points:?}");
}

#[test]
fn a_packed_file_says_the_same() {
    for text in [EXPORT, SUMMARY, POINTS] {
        assert_eq!(read(&packed(text)).expect("packed"), read(text.as_bytes()).expect("plain"));
    }
}

#[test]
fn a_file_that_was_cut_off_is_refused_with_its_line() {
    let cut = &POINTS[..POINTS.len() - 20];
    assert!(said(cut).starts_with("k6.json, line 15: "), "{}", said(cut));
    let half = &packed(POINTS)[..200];
    assert!(matches!(read(half), Err(BaselineError::Io { .. })), "{:?}", read(half));
}

#[test]
fn what_is_not_k6s_says_what_was_expected() {
    let first = POINTS.lines().next().expect("a line");
    let cases = [
        ("", "line 1", "expected JSON that k6 wrote"),
        ("time,value\n1,2\n", "line 1", "expected JSON that k6 wrote"),
        ("{\n\"metrics\": {}\n}", "line 1", "`metrics` is empty"),
        ("{\"answer\": 42}", "line 1", "no `metrics`"),
        ("{\"metrics\": {\"a\": {\"b\": \"c\"}}}", "line 1", "metrics.a: expected numbers by name"),
        ("{\"metrics\": {\"a\": {\"type\": \"trend\", \"values\": {}}}}", "line 1", "`type` (trend, rate"),
        (first, "line 1", "no points"),
        (&format!("{first}\n{{\"type\":\"Point\"}}"), "line 2", "as k6's --out json writes"),
        (
            &format!(
                "{first}\n{{\"type\":\"Point\",\"metric\":\"x\",\"data\":{{\"time\":\"2027-01-01T00:00:00Z\",\"value\":1}}}}"
            ),
            "line 2",
            "a point of `x` before the line that says what that is",
        ),
        (
            &format!(
                "{first}\n{{\"type\":\"Point\",\"metric\":\"http_reqs\",\"data\":{{\"time\":\"noon\",\"value\":1}}}}"
            ),
            "line 2",
            "`noon` is no time",
        ),
        (
            &format!("{first}\n\n{{\"type\":\"Point\",\"metric\":\"http_reqs\",\"data\":{{\"value\":1}}}}"),
            "line 3",
            "without its time or its value",
        ),
    ];
    for (text, line, expected) in cases {
        let said = said(text);
        assert!(said.contains(line) && said.contains(expected), "{text}: {said}");
    }
}

#[test]
fn a_line_that_never_ends_is_not_read_to_its_end() {
    let endless = format!("{}\n{}", POINTS.lines().next().expect("a line"), "x".repeat(3 << 20));
    assert!(said(&endless).contains("line 2: longer than a point"), "{}", said(&endless));
}

#[test]
fn a_path_is_a_run_of_ours_or_a_file_of_k6s() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("k6.json");
    fs::write(&file, EXPORT).expect("written");
    assert!(matches!(Baseline::read(&file), Ok(Baseline::Summary(_))));
    // A run of ours may have been given another name.
    let run = "{\"format\":2,\"meta\":{}}";
    fs::write(&file, run).expect("written");
    let later = Baseline::read(&file).expect_err("of another version").to_string();
    assert!(later.ends_with("k6.json: format 2; this version reads 1"), "{later}");
    let spread = "{\n\"format\": 1,\n\"meta\": {}, \"scenarios\": []\n}";
    assert!(said(spread).contains("a run of loadgen's: name its folder"), "{}", said(spread));
    // A folder without a run says so, and so does a file that is not there.
    let none = Baseline::read(dir.path()).expect_err("no run").to_string();
    assert!(none.contains("name a folder that a run left"), "{none}");
    let nowhere = Baseline::read(&dir.path().join("nowhere")).expect_err("no file").to_string();
    assert!(nowhere.contains("a file that k6 wrote"), "{nowhere}");
}

/// Points of one trend, as k6 writes them: milliseconds after the start, and times in microseconds.
fn written(points: &[(u32, u32)]) -> String {
    let mut text =
        "{\"type\":\"Metric\",\"data\":{\"type\":\"trend\"},\"metric\":\"http_req_duration\"}\n".to_owned();
    for (at, took) in points {
        let (minute, second, ms) = (at / 60_000, at / 1_000 % 60, at % 1_000);
        let took = f64::from(*took) / 1e3;
        let _ = writeln!(
            text,
            "{{\"metric\":\"http_req_duration\",\"type\":\"Point\",\"data\":{{\"time\":\"2027-01-01T00:{minute:02}:{second:02}.{ms:03}Z\",\"value\":{took},\"tags\":{{}}}}}}"
        );
    }
    text
}

proptest! {
    // A second of points is a histogram to encode: dear without optimisation.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_point_is_lost_whatever_their_order(
        told in prop::collection::vec((0_u32..3_600_000, 1_u32..10_000_000), 1..40)
    ) {
        let points = points(&written(&told));
        let Measure::Trend(cells) = &points.metrics["http_req_duration"] else { panic!("{points:?}") };
        prop_assert_eq!(cells.iter().map(|cell| cell.count).sum::<u64>(), told.len() as u64);
        let sum: u64 = cells.iter().map(|cell| cell.sum_ns).sum();
        prop_assert_eq!(sum, told.iter().map(|(_, took)| u64::from(*took) * 1_000).sum::<u64>());
        prop_assert!(cells.is_sorted_by_key(|cell| cell.second));
        let first = i64::from(told[0].0 / 1_000);
        for cell in cells {
            let there = told.iter().filter(|(at, _)| i64::from(at / 1_000) - first == cell.second).count();
            prop_assert_eq!(cell.count, there as u64);
        }
    }
}
