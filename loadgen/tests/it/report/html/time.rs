//! What is drawn over time beside the seconds that count: the warm-up, and the target's side.

use engine::record::Column;
use loadgen::run::{Evidence, Resource, ResourceKind, Run, Source, SourceKind, Unit};
use serde_json::{Value, json};

use super::{
    super::made::{self, file},
    held, opened, run,
};

#[tokio::test]
async fn warm_up_is_drawn_before_second_0_and_is_in_no_figure() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = run();
    let Some(mut browser) = opened(&run, dir.path()).await else { return };
    let warm_up = &run.scenarios[0].run.warm_up[0];
    let first = format!(
        "scenes[0].choose({}).then(() => scenes[0].picture('percentiles').data[0])",
        json!(warm_up.name)
    );
    let seconds: Vec<f64> = serde_json::from_value(browser.value(&first).await).expect("seconds");
    let before: Vec<f64> = seconds.iter().copied().filter(|at| *at < -0.1).collect();
    assert_eq!(before, [-2.5], "its second, 2.5 s before second 0");
    let range = browser.value("scenes[0].picture('percentiles').x.scale.range()").await;
    assert_eq!(range, json!([-2.5, 12]), "there is a place for it on the axis");
    let said = "document.querySelector('#search-load .key-line').textContent";
    let said = browser.value(said).await;
    assert!(said.as_str().is_some_and(|said| said.contains("7 warm-up requests, in no figure")), "{said}");
    let whole = "measuredIn(scenes[0].series, -Infinity, Infinity).then(({ n }) => n)";
    let counted = browser.value(whole).await;
    let timing = run.scenarios[0].run.timings.iter().find(|timing| timing.name == warm_up.name);
    let all = timing.expect("it was measured").distribution(Column::SinceDue);
    assert_eq!(counted, json!(all.count() + all.unanswered()));
    assert_eq!(browser.end().await, Vec::<String>::new());
}

/// The warm-up of a good run takes 333 ms an answer, and what counts less than 50.
#[tokio::test]
async fn a_cold_start_does_not_set_the_scale() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = made::good();
    let Some(mut browser) = opened(&run, dir.path()).await else { return };
    let name = json!(run.scenarios[0].run.warm_up[0].name);
    let shown = format!(
        "scenes[0].choose({name}).then(() => scenes[0].picture('percentiles')).then(({{ data, y }}) =>
            [data[1][0], y.scale.range()[1]])"
    );
    let shown: [f64; 2] = serde_json::from_value(browser.value(&shown).await).expect("two figures");
    let [warming, top] = shown;
    assert!((330.0..340.0).contains(&warming), "it is told as it was: {warming}");
    assert!((49.0..70.0).contains(&top), "the seconds that count reach to the top: {top}");
    let said = "document.querySelector('#search-load .key-line').textContent";
    let said = browser.value(said).await;
    assert!(said.as_str().is_some_and(|said| said.contains("▲: beyond the scale")), "{said}");
    assert_eq!(browser.end().await, Vec::<String>::new());
}

#[test]
fn of_a_run_that_does_not_say_when_it_warmed_up_no_warm_up_is_drawn() {
    let mut run = run();
    run.scenarios[0].warm_up_s = None;
    let page = file(&run, "report.html");
    assert_eq!(held(&page)["scenarios"][0]["warm_up_s"], Value::Null);
    assert!(page.contains("7 warm-up requests ran before second 0 and are not drawn"));
}

/// What was read of a pool of ten every second from ten seconds before the scenario on, and of something that never changed.
fn read_meanwhile(run: &Run) -> Evidence {
    let begun = run.scenarios[0].run.started_unix_ms;
    let points = |value: fn(u64) -> f64| (0..40).map(|s| (begun + 1_000 * s - 10_000, value(s))).collect();
    let figure = |name: &str, kind, capacity, points| Resource {
        kind,
        name: name.into(),
        unit: Unit::Count,
        capacity,
        points,
    };
    let source = Source {
        name: "metrics at 127.0.0.1:8089".into(),
        kind: SourceKind::Metrics,
        every_ms: 1_000,
        reads: 40,
        failed: 0,
        troubles: Vec::new(),
        clock_ahead_ms: None,
        resources: vec![
            figure("still", ResourceKind::Other, None, points(|_| 3.0)),
            figure("queue", ResourceKind::Waiting, None, points(|s| (s % 5) as f64)),
            figure("db pool", ResourceKind::Pool, Some(10.0), points(|s| (s / 4) as f64)),
        ],
        database: None,
        cache: None,
    };
    Evidence { sources: vec![source] }
}

#[tokio::test]
async fn what_was_read_of_the_target_is_beside_its_latencies() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut run = run();
    run.scenarios[0].run.started_unix_ms = 1_800_000_000_000;
    run.evidence = Some(read_meanwhile(&run));
    let Some(mut browser) = opened(&run, dir.path()).await else { return };
    let shown =
        "[...document.querySelectorAll('#search-load [data-role=reading] option')].map((it) => it.text)";
    assert_eq!(
        browser.value(shown).await,
        json!(["db pool", "queue"]),
        "the fullest first, what stands still not at all"
    );
    let seconds = browser.value("scenes[0].picture('target').data[0]").await;
    let seconds: Vec<f64> = serde_json::from_value(seconds).expect("seconds");
    assert_eq!(
        (seconds.first(), seconds.last()),
        (Some(&-2.0), Some(&12.0)),
        "of this scenario and its warm-up"
    );
    let values = browser.value("scenes[0].picture('target').data[1]").await;
    assert_eq!(values[0], json!(2), "second -2 is the eighth that was read");
    assert_eq!(browser.value("scenes[0].picture('target').goals[0].label").await, json!("no more than 10"));
    let drawn = "document.querySelectorAll('#search-load [data-chart=target] canvas').length";
    assert_eq!(browser.value(drawn).await, json!(1));
    let others = "document.querySelectorAll('#page-load [data-chart=target]').length";
    assert_eq!(browser.value(others).await, json!(0), "nothing was read while it ran");
    assert_eq!(browser.end().await, Vec::<String>::new());
}
