//! A window somebody marks, and another run laid over this one.

use std::path::Path;

use engine::record::Column;
use loadgen::{
    preset::Preset,
    run::Run,
    words::{duration, number},
};
use serde_json::json;

use super::{super::made, measured, opened, run, within};
use crate::browser::Browser;

/// The same scenarios by another day: quicker, of another preset and time scale, with one more.
fn another() -> Run {
    let mut run = made::good();
    run.meta.id = "run_20270202_000000".into();
    run.meta.preset = Preset::Quick;
    run.meta.time_scale = 0.5;
    let mut more = run.scenarios[0].clone();
    more.run.name = "webhooks-load".into();
    run.scenarios.push(more);
    run
}

/// Drags across the first chart of a scenario, from one part of its width to another.
async fn drag(browser: &mut Browser, scenario: &str, from: f64, to: f64) {
    let over = format!("document.querySelector('#{scenario} [data-chart=percentiles] .u-over')");
    browser.value(&format!("{over}.scrollIntoView({{ behavior: 'instant', block: 'center' }})")).await;
    let at = browser
        .value(&format!(
            "(({{ left, top, width, height }}) => [left, top, width, height])({over}.getBoundingClientRect())"
        ))
        .await;
    let side = |place: usize| at[place].as_f64().expect("a length");
    let y = side(1) + side(3) / 2.0;
    let steps = [("mouseMoved", from), ("mousePressed", from), ("mouseMoved", to), ("mouseReleased", to)];
    for (kind, part) in steps {
        let event = json!({
            "type": kind, "x": side(0) + part * side(2), "y": y, "button": "left", "buttons": 1, "clickCount": 1,
        });
        browser.call("Input.dispatchMouseEvent", event).await;
    }
}

/// The rows of a scenario's window: the text of each one's cells.
async fn window(browser: &mut Browser, scenario: &str) -> Vec<Vec<String>> {
    let rows = format!(
        "[...document.querySelectorAll('#{scenario} [data-role=figures] tr')]
            .map((row) => [...row.cells].map((cell) => cell.textContent))"
    );
    serde_json::from_value(browser.value(&rows).await).expect("rows of text")
}

#[tokio::test]
async fn a_window_that_is_marked_has_the_percentiles_of_its_seconds() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = run();
    let Some(mut browser) = opened(&run, dir.path()).await else { return };
    let scenario = &run.scenarios[0].run;
    drag(&mut browser, &scenario.name, 0.4, 0.7).await;
    browser
        .until(&format!("document.querySelector('#{}').dataset.counted !== undefined", scenario.name))
        .await;
    let counted =
        browser.value(&format!("document.querySelector('#{}').dataset.counted", scenario.name)).await;
    let (from, to) = counted.as_str().and_then(|text| text.split_once('-')).expect("a window");
    let (from, to): (i64, i64) = (from.parse().expect("a second"), to.parse().expect("a second"));
    assert!(from > 0 && from < to && to < 12, "a part of the run: {from} to {to}");
    let rows = window(&mut browser, &scenario.name).await;
    assert_eq!(rows.len(), measured(scenario).count());
    for (timing, row) in measured(scenario).zip(rows) {
        let all = within(timing, from, to);
        let seconds = timing.outcomes.iter().filter(|outcome| (from..to).contains(&outcome.second));
        let failed = seconds.map(|outcome| outcome.failed).sum();
        let at = |percent| all.percentile(percent).value.map_or_else(|| "no answer".to_owned(), duration);
        let max = all.max().map(duration).expect("there were answers");
        let wanted = [
            timing.name.clone(),
            number(all.count() + all.unanswered()),
            number(failed),
            at(50.0),
            at(95.0),
            at(99.0),
            max,
        ];
        assert_eq!(row, wanted);
    }
    let said = browser
        .value(&format!("document.querySelector('#{} [data-role=selected]').textContent", scenario.name))
        .await;
    assert_eq!(said, json!(format!("Selected {from} s to {to} s")));
    assert_eq!(browser.end().await, Vec::<String>::new());
}

/// Picks a file, as somebody would with the page's button.
async fn pick(browser: &mut Browser, file: &Path) {
    let asked = json!({ "expression": "document.getElementById('overlay')" });
    let found = browser.call("Runtime.evaluate", asked).await;
    let files = json!({ "files": [file], "objectId": found["result"]["objectId"] });
    browser.call("DOM.setFileInputFiles", files).await;
}

#[tokio::test]
async fn another_run_is_laid_over_from_its_data_or_from_its_page() {
    let (dir, there) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let (run, other) = (run(), another());
    let Some(mut browser) = opened(&run, dir.path()).await else { return };
    made::there_and_back(&other, there.path());
    let name = &run.scenarios[0].run.name;
    for from in ["run.json", "report.html"] {
        pick(&mut browser, &there.path().join(from)).await;
        let rows = "document.querySelectorAll('#search-load tr.other').length > 0";
        browser.until(&format!("document.body.dataset.overlay === {} && {rows}", json!(other.meta.id))).await;
        let rows = window(&mut browser, name).await;
        let theirs: Vec<_> = rows.iter().filter(|row| row[0] == other.meta.id).collect();
        let timings: Vec<_> = measured(&other.scenarios[0].run).collect();
        assert_eq!(theirs.len(), timings.len());
        for (row, timing) in theirs.iter().zip(timings) {
            let p95 = timing.distribution(Column::SinceDue).percentile(95.0).value.map(duration);
            assert_eq!(Some(&row[4]), p95.as_ref(), "{}", timing.name);
        }
        let said = browser.value("document.getElementById('overlaid').textContent").await;
        let said = said.as_str().expect("a sentence");
        assert!(said.contains(&run.meta.id) && said.contains(&other.meta.id), "{said}");
        assert!(said.contains("another preset: smoke here, quick there"), "{said}");
        for part in [
            "another time scale: 1 here, 0.5 there",
            "not in the other run: page-load, rtc-load",
            "only in the other run: webhooks-load",
            "without its warm-up",
        ] {
            assert!(said.contains(part), "no `{part}` in {said}");
        }
        browser.value("document.getElementById('alone').click()").await;
        browser.until("document.body.dataset.overlay === ''").await;
    }
    let broken = there.path().join("broken.json");
    std::fs::write(&broken, "{\"format\": 7}").expect("a file");
    pick(&mut browser, &broken).await;
    browser
        .until("document.getElementById('overlaid').textContent.includes('broken.json cannot be laid over')")
        .await;
    assert_eq!(browser.end().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_run_is_called_alike_only_if_it_is() {
    let (dir, there) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let run = run();
    let Some(mut browser) = opened(&run, dir.path()).await else { return };
    let mut other = run.clone();
    other.meta.id = "run_20270303_000000".into();
    made::there_and_back(&other, there.path());
    pick(&mut browser, &there.path().join("run.json")).await;
    browser.until(&format!("document.body.dataset.overlay === {}", json!(other.meta.id))).await;
    let said = browser.value("document.getElementById('overlaid').textContent").await;
    let alike = "Same preset, time scale, seeds, target and load.";
    assert!(said.as_str().is_some_and(|said| said.contains(alike)), "{said}");
    other.meta.id = "run_20270404_000000".into();
    other.meta.world_seed = 7;
    made::there_and_back(&other, there.path());
    pick(&mut browser, &there.path().join("report.html")).await;
    browser.until(&format!("document.body.dataset.overlay === {}", json!(other.meta.id))).await;
    let said = browser.value("document.getElementById('overlaid').textContent").await;
    let differs = "another seed of the world: 42 here, 7 there";
    assert!(said.as_str().is_some_and(|said| said.contains(differs)), "{said}");
    assert_eq!(browser.end().await, Vec::<String>::new());
}
