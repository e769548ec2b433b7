//! The page, in a real browser.

use loadgen::words::{duration, number};
use serde_json::json;

use super::{
    made::{Teller, live, over, under_way},
    web::server,
};
use crate::browser::Browser;

/// The text of an element.
fn text(selector: &str) -> String {
    format!("document.querySelector({}).textContent", json!(selector))
}

fn figure(name: &str) -> String {
    text(&format!("[data-figure=\"{name}\"]"))
}

/// Five seconds are told; those that follow, up to this one.
fn go_on(teller: &mut Teller, to: i64) {
    for second in 5..=to {
        teller.second(15_400 + 1_000 * second as u64, live(second));
    }
}

#[tokio::test]
async fn it_shows_what_the_stream_says_and_keeps_it() {
    let Some(mut browser) = Browser::start().await else { return };
    let (server, url) = server();
    let mut teller = under_way();
    for entry in &teller.entries {
        server.tell(entry);
    }
    browser.open(&url).await;
    browser.until("document.querySelector('#status').dataset.state === 'live'").await;
    browser.until(&format!("{} === {}", figure("requests"), json!(number(live(4).requests)))).await;

    let told = teller.entries.len();
    go_on(&mut teller, 9);
    for entry in &teller.entries[told..] {
        server.tell(entry);
    }
    let shown = live(9);
    browser.until(&format!("{} === {}", figure("requests"), json!(number(shown.requests)))).await;
    let time = |time: Option<_>| duration(time.expect("it was measured"));
    for (name, wanted) in [
        ("rate", number(shown.newest.rate)),
        ("users", number(shown.users)),
        ("p50", time(shown.newest.p50)),
        ("p95", time(shown.newest.p95)),
        ("p99", time(shown.newest.p99)),
        ("failed", number(shown.failed)),
        ("lateness", time(shown.lateness_p99)),
        ("lateness-allowed", "of 80.0 ms allowed".into()),
        ("cores", "0.80".into()),
    ] {
        assert_eq!(browser.value(&figure(name)).await, wanted, "{name}");
    }
    let words = "[...document.querySelectorAll('#goals .word')].map((word) => word.textContent)";
    let wanted = [
        "20 % fine",
        "80 % near",
        "120 % over",
        "too few planned",
        "100 % over",
        "0 % fine",
        "ok",
        "broken (1)",
        "not applicable",
    ];
    assert_eq!(browser.value(words).await, json!(wanted));
    let rows = "[...document.querySelectorAll('#series tbody tr')].map((row) => row.cells[6].textContent)";
    assert_eq!(browser.value(rows).await, json!(["0", "0", "0", "4", "0"]));
    let states =
        "[...document.querySelectorAll('#scenarios tbody tr')].map((row) => row.cells[1].textContent)";
    let states = browser.value(states).await;
    assert_eq!((&states[0], &states[2]), (&json!("PASS"), &json!("10 s to come")));
    browser.until("document.querySelectorAll('canvas').length === 4").await;

    let told = teller.entries.len();
    teller.tell(40_000, over());
    for entry in &teller.entries[told..] {
        server.tell(entry);
    }
    drop(server);
    browser.until("document.querySelector('#status').dataset.state === 'over'").await;
    let end = browser.value(&text("#status")).await;
    assert!(end.as_str().is_some_and(|end| end.contains("FAIL: goals were missed")), "{end}");
    assert_eq!(browser.value(&figure("requests")).await, number(shown.requests), "what it has it keeps");
    let complaints = browser.end().await;
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[tokio::test]
async fn it_is_usable_on_a_phone() {
    let Some(mut browser) = Browser::start().await else { return };
    let (server, url) = server();
    for entry in &under_way().entries {
        server.tell(entry);
    }
    let phone = json!({ "width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": true });
    browser.call("Emulation.setDeviceMetricsOverride", phone).await;
    browser.open(&url).await;
    browser.until("document.querySelectorAll('canvas').length === 4").await;
    assert_eq!(
        browser.value("document.documentElement.scrollWidth").await,
        360,
        "nothing makes the page wider than the screen"
    );
    drop(server);
    // The run broke off for the page: nothing said that it was over.
    drop(browser.end().await);
}
