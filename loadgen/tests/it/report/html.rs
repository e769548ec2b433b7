//! The page: what it holds, and in a real browser what it shows and computes.

use std::path::Path;

use engine::{
    histogram::Distribution,
    record::Column,
    run::{ScenarioRun, TimingRun},
};
use loadgen::{
    run::{Headroom, Run},
    words::duration,
};
use serde_json::{Value, json};

use super::{
    made::{self, file},
    session::WELL,
};
use crate::browser::Browser;

mod overlay;
mod time;

/// A run with hostile text in it, a live session, and a fault that struck in its midst.
fn run() -> Run {
    let mut run = made::bad();
    run.scenarios.extend(WELL.run().scenarios);
    run
}

/// What the page's script reads.
fn held(page: &str) -> Value {
    let (_, rest) = page.split_once("<script id=\"data\" type=\"application/json\">").expect("its data");
    let (data, _) = rest.split_once("</script>").expect("their end");
    assert!(!data.contains(['<', '>', '&']), "nothing in them ends or opens an element");
    serde_json::from_str(data).expect("JSON")
}

/// The series that were measured.
fn measured(scenario: &ScenarioRun) -> impl Iterator<Item = &TimingRun> {
    scenario
        .timings
        .iter()
        .filter(|timing| timing.column(Column::SinceDue).is_some_and(|felt| !felt.cells.is_empty()))
}

/// What a series measured in seconds from `from` up to `to`.
fn within(timing: &TimingRun, from: i64, to: i64) -> Distribution {
    let felt = timing.column(Column::SinceDue).expect("it was measured");
    Distribution::of(felt.cells.iter().filter(|cell| (from..to).contains(&cell.second)))
}

#[test]
fn the_page_holds_the_seconds_of_the_run_as_they_are() {
    let run = run();
    let data = held(&file(&run, "report.html"));
    assert_eq!((&data["id"], &data["step_s"]), (&json!(run.meta.id), &json!(1)));
    for (scenario, held) in run.scenarios.iter().zip(data["scenarios"].as_array().expect("scenarios")) {
        let series = held["series"].as_array().expect("series");
        assert_eq!(series.len(), measured(&scenario.run).count());
        for (timing, held) in measured(&scenario.run).zip(series) {
            let cells = &timing.column(Column::SinceDue).expect("it was measured").cells;
            let wanted: Vec<Value> = cells
                .iter()
                .map(|cell| {
                    json!([cell.second, cell.count, cell.unanswered, cell.min_ns, cell.max_ns, cell.hdr])
                })
                .collect();
            assert_eq!(held["cells"], json!(wanted), "{}", timing.name);
            let warm_up = scenario.run.warm_up.iter().find(|before| before.name == timing.name);
            let before = warm_up.and_then(|before| before.column(Column::SinceDue));
            let drawn = held["warm_up"].as_array().expect("cells").len();
            assert_eq!(drawn, before.map_or(0, |before| before.cells.len()), "{}", timing.name);
        }
    }
}

#[test]
fn the_same_run_makes_the_same_page() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = run();
    let again = made::there_and_back(&run, dir.path());
    assert!(file(&run, "report.html") == file(&again, "report.html"), "it differs");
}

#[test]
fn the_launch_page_says_what_would_break_first_and_what_was_not_measured() {
    let page = file(&made::good(), "report.html");
    let answer = "This run does not prove that anybody can launch: it was preset smoke against mock";
    assert!(page.replace('\u{a0}', " ").contains(answer), "a rehearsal is taken for launch day");
    assert!(page.contains("<b>First goal to break: </b>search-load, p95 of "), "no goal is named");
    assert!(page.contains("0:00\u{a0}to") || page.contains("0:00 to 0:12: p95 of"), "no worst minute");
    assert!(page.contains("not measured: loadgen limit --scenario search-load"));
    let mut run = made::good();
    run.headroom = vec![Headroom {
        scenario: "search-load".into(),
        holds: 3.0,
        fails: None,
        found_in: "limit_20270101_000000".into(),
    }];
    let page = file(&run, "report.html");
    assert!(page.contains("launch day holds, nothing higher failed (limit_20270101_000000)"));
    let page = file(&made::bad(), "report.html");
    assert!(page.contains("already missed, "), "a missed goal comes first");
}

/// A browser that has the page of a run open, every chart drawn.
async fn opened(run: &Run, dir: &Path) -> Option<Browser> {
    let mut browser = Browser::start().await?;
    made::there_and_back(run, dir);
    browser.open(&format!("file://{}", dir.join("report.html").display())).await;
    browser.until("document.body.dataset.drawn === 'yes'").await;
    Some(browser)
}

#[tokio::test]
async fn a_browser_computes_what_the_engine_does() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = run();
    let Some(mut browser) = opened(&run, dir.path()).await else { return };
    for scenario in &run.scenarios {
        for timing in measured(&scenario.run) {
            let (scene, series) = (json!(scenario.run.name), json!(timing.name));
            for (from, to) in [(i64::MIN, i64::MAX), (2, 7), (0, 1), (500, 600)] {
                let all = within(timing, from, to);
                let script = format!(
                    "(async () => {{
                        const scene = data.scenarios.find(({{ name }}) => name === {scene});
                        const all = await measuredIn(scene.series.find(({{ name }}) => name === {series}), {from}, {to});
                        const said = (ms) => ms === Infinity ? 'none' : ms;
                        return [all.n, ...[1, 50, 95, 99, 99.9, 100].map((percent) => said(all.percentile(percent)))];
                    }})()"
                );
                let n = all.count() + all.unanswered();
                let at = |percent| match all.percentile(percent).value {
                    _ if n == 0 => Value::Null,
                    Some(value) => json!(value.as_secs_f64() * 1e3),
                    None => json!("none"),
                };
                let wanted: Vec<Value> = [1.0, 50.0, 95.0, 99.0, 99.9, 100.0].map(at).to_vec();
                let seen = browser.value(&script).await;
                assert_eq!(seen[0], json!(n), "{scene} {series} {from}..{to}");
                for (place, wanted) in wanted.iter().enumerate() {
                    let seen = &seen[place + 1];
                    let same = seen == wanted
                        || seen.as_f64().zip(wanted.as_f64()).is_some_and(|(a, b)| (a - b).abs() <= 1e-9 * b);
                    assert!(same, "{scene} {series} {from}..{to}: {seen} is not {wanted}");
                }
            }
        }
    }
    assert_eq!(browser.end().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_figures_of_the_page_are_those_of_the_run_and_nothing_is_fetched() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = run();
    let Some(mut browser) = opened(&run, dir.path()).await else { return };
    for scenario in &run.scenarios {
        for timing in measured(&scenario.run) {
            let row = format!(
                "[...document.getElementById({}).querySelectorAll('.latencies tbody tr')]
                    .find((row) => row.dataset.series === {}).cells[4].textContent",
                json!(scenario.run.name),
                json!(timing.name)
            );
            let p95 = timing.distribution(Column::SinceDue).percentile(95.0);
            let wanted = p95.value.map_or_else(|| "no answer".to_owned(), duration);
            let seen = browser.value(&row).await;
            assert!(seen.as_str().is_some_and(|seen| seen.starts_with(&wanted)), "{seen}: {wanted}");
        }
    }
    assert_eq!(browser.value("performance.getEntriesByType('resource').length").await, json!(0));
    assert_eq!(browser.value("document.scripts.length").await, json!(3), "hostile text runs nothing");
    assert_eq!(browser.end().await, Vec::<String>::new());
}

#[tokio::test]
async fn whichever_way_a_column_is_sorted_what_has_no_figure_comes_last() {
    let dir = tempfile::tempdir().expect("a directory");
    let Some(mut browser) = opened(&run(), dir.path()).await else { return };
    let sorted = |rising: bool| {
        let cells = json!(["–", "12 ms", "no answer", "1 500 ms", "3.0 s"]);
        format!("{cells}.sort((a, b) => compare(a, b, true, {rising}))")
    };
    let rising = json!(["12 ms", "1 500 ms", "3.0 s", "no answer", "–"]);
    assert_eq!(browser.value(&sorted(true)).await, rising);
    let falling = json!(["no answer", "3.0 s", "1 500 ms", "12 ms", "–"]);
    assert_eq!(browser.value(&sorted(false)).await, falling);
    assert_eq!(browser.end().await, Vec::<String>::new());
}

#[tokio::test]
async fn it_fits_a_phone_and_can_be_dark() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = run();
    let Some(mut browser) = Browser::start().await else { return };
    let phone = json!({ "width": 375, "height": 800, "deviceScaleFactor": 2, "mobile": true });
    browser.call("Emulation.setDeviceMetricsOverride", phone).await;
    made::there_and_back(&run, dir.path());
    browser.open(&format!("file://{}", dir.path().join("report.html").display())).await;
    browser.until("document.body.dataset.drawn === 'yes'").await;
    let widths = "[document.documentElement.scrollWidth, document.body.scrollWidth <= 375]";
    assert_eq!(browser.value(widths).await, json!([375, true]), "it is no wider than the phone");
    let charts = browser.value("document.querySelectorAll('canvas').length").await;
    let dark = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    browser.call("Emulation.setEmulatedMedia", dark).await;
    let background = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(browser.value(background).await, json!("rgb(13, 17, 23)"), "as the system wants it");
    browser.value("document.getElementById('theme').click()").await;
    assert_eq!(browser.value(background).await, json!("rgb(255, 255, 255)"), "as somebody wants it");
    assert_eq!(browser.value("document.querySelectorAll('canvas').length").await, charts, "redrawn");
    assert_eq!(browser.end().await, Vec::<String>::new());
}
