//! The page for people, in a real browser.

use std::net::SocketAddr;

use mock_server::Config;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::browser::Browser;
use crate::rig::{ADMIN_TOKEN, Rig};

/// A mock and a browser, or nothing where there is no browser.
async fn rig_and_browser() -> Option<(Rig, Browser)> {
    let browser = Browser::start().await?;
    Some((Rig::start().await, browser))
}

/// Opens the page as the mock's greeting says: the token in the address.
async fn open(rig: &Rig, browser: &mut Browser) {
    browser.open(&format!("{}/__admin#token={ADMIN_TOKEN}", rig.base)).await;
    browser.until("document.querySelector('#status').dataset.state === 'live'").await;
}

/// What the admin API answers to a GET.
async fn api(rig: &Rig, path: &str) -> Value {
    let (status, answer) = rig.sends("GET", path, None, Some(ADMIN_TOKEN)).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// That a section said this, under its controls.
fn says(section: &str, words: &str) -> String {
    format!("document.querySelector('#{section} .said').textContent.includes({})", json!(words))
}

async fn click(browser: &mut Browser, selector: &str) {
    browser.value(&format!("document.querySelector({}).click()", json!(selector))).await;
}

/// That the page complained of nothing: no errors, no exceptions, no breach of its policy.
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// That it complained of nothing but answers (or their absence) which the test provokes; a browser notes each.
fn only(complaints: Vec<String>, of: &str) {
    none(&complaints.into_iter().filter(|complaint| !complaint.contains(of)).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_page_needs_no_token_and_loads_nothing_from_elsewhere() {
    let rig = Rig::start().await;
    let page = rig.get("/__admin").send().await.expect("an answer");
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let etag = page.headers()["etag"].clone();
    let html = page.text().await.expect("text");
    let loaded = html.split(['"']).filter(|part| part.starts_with("/__admin/"));
    for path in loaded.clone() {
        let file = rig.get(path).send().await.expect("an answer");
        assert_eq!(file.status(), 200, "{path}");
        let policy = file.headers()["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'self';"), "{path}: {policy}");
        assert_eq!(file.headers()["cache-control"], "no-cache", "{path}");
    }
    assert!(loaded.count() >= 5, "{html}");
    assert!(!html.contains("//"), "an address of somewhere else");
    assert!(!html.contains(ADMIN_TOKEN));
    let known = rig.get("/__admin").header("if-none-match", etag).send().await.expect("an answer");
    assert_eq!(known.status(), 304);
}

#[tokio::test]
async fn it_asks_for_the_token_and_says_when_it_is_wrong() {
    let Some((rig, mut browser)) = rig_and_browser().await else { return };
    browser.open(&format!("{}/__admin", rig.base)).await;
    browser.until("!document.querySelector('#sign-in').hidden").await;
    for (token, then) in [
        ("a-guess", "document.querySelector('#sign-in-said').textContent.includes('not the admin token')"),
        (ADMIN_TOKEN, "document.querySelector('#status').dataset.state === 'live'"),
    ] {
        browser.value("document.querySelector('#token').focus()").await;
        browser.types(token).await;
        browser.presses("Enter", 13, "\r").await;
        browser.until(then).await;
    }
    assert_eq!(browser.value("document.querySelector('#sign-in').hidden").await, true);
    assert_eq!(browser.value("location.hash").await, "", "a typed token is not put into the address");
    click(&mut browser, "#sign-out").await;
    browser.until("document.querySelector('#board').hidden && sessionStorage.length === 0").await;
    only(browser.end().await, "status of 401");
}

#[tokio::test]
async fn it_shows_what_the_mock_answers() {
    let Some((rig, mut browser)) = rig_and_browser().await else { return };
    open(&rig, &mut browser).await;
    assert_eq!(browser.value("location.hash").await, "", "the token does not stay in the address");
    let load = async {
        loop {
            rig.sends("GET", "/api/subscriptions/plans", None, None).await;
        }
    };
    let seen = browser.until("/[1-9]/.test(document.querySelector('[data-figure=rate]').textContent)");
    tokio::select! { () = seen => (), () = load => () }
    browser.until("document.querySelector('#rate-chart canvas').width > 100").await;
    let row = "[...document.querySelectorAll('#latency-rows tr')].find((row) => \
               row.textContent.includes('/api/subscriptions/plans'))";
    browser.until(&format!("/[1-9]/.test({row}.cells[1].textContent)")).await;
    browser.until(&format!("{row}.querySelectorAll('svg circle').length === 6")).await;
    click(&mut browser, "#audit-run").await;
    browser.until(&says("books", "PASS: all")).await;
    let checks = api(&rig, "/__admin/audit").await["checks"].as_array().expect("a list").len();
    assert_eq!(browser.value("document.querySelectorAll('#audit-rows tr').length").await, checks);
    none(&browser.end().await);
}

#[tokio::test]
async fn a_defect_is_switched_with_the_keyboard() {
    let Some((rig, mut browser)) = rig_and_browser().await else { return };
    open(&rig, &mut browser).await;
    browser.until("document.querySelector('#defect-double-booking')").await;
    for (word, on) in [("is on", true), ("is off", false)] {
        browser.value("document.querySelector('#defect-double-booking').focus()").await;
        browser.presses(" ", 32, " ").await;
        browser.until(&says("defects", word)).await;
        let defects = api(&rig, "/__admin/defects").await;
        let mut defects = defects.as_array().expect("a list").iter();
        let switched = defects.find(|defect| defect["name"] == "double-booking").expect("it is listed");
        assert_eq!(switched["on"], on);
    }
    none(&browser.end().await);
}

#[tokio::test]
async fn faults_are_added_applied_refused_by_line_and_cleared() {
    let Some((rig, mut browser)) = rig_and_browser().await else { return };
    open(&rig, &mut browser).await;
    browser.until("document.querySelectorAll('#fault-presets button').length > 3").await;
    click(&mut browser, "#fault-presets button:nth-child(2)").await;
    browser.until(&says("faults", "strikes from now on")).await;
    let plan = api(&rig, "/__admin/faults").await;
    assert_eq!(plan["faults"][0]["kind"], "error");
    assert_eq!(plan["faults"][0]["share"], 0.05);
    browser.until("document.querySelector('#fault-rows').textContent.includes('error')").await;
    browser
        .value("document.querySelector('#fault-plan').value = 'seed = 1\\n[[fault]]\\nkind = \"no\"'")
        .await;
    click(&mut browser, "#faults form button").await;
    browser.until(&says("faults", "Refused: line 3:")).await;
    assert_eq!(api(&rig, "/__admin/faults").await["toml"], plan["toml"], "the plan before stays");
    click(&mut browser, "#fault-clear").await;
    browser.until(&says("faults", "Nothing strikes")).await;
    assert_eq!(api(&rig, "/__admin/faults").await["faults"], json!([]));
    assert_eq!(browser.value("document.querySelector('#fault-plan').value").await, "");
    only(browser.end().await, "status of 400");
}

#[tokio::test]
async fn another_profile_is_chosen() {
    let Some((rig, mut browser)) = rig_and_browser().await else { return };
    open(&rig, &mut browser).await;
    browser.until("document.querySelector('#profile-name').options.length > 2").await;
    browser.value("document.querySelector('#profile-name').value = 'healthy'").await;
    click(&mut browser, "#profile form button").await;
    browser.until(&says("profile", "healthy")).await;
    assert_eq!(api(&rig, "/__admin/profile").await["name"], "healthy");
    browser.until("document.querySelectorAll('#pool-rows tr').length > 2").await;
    none(&browser.end().await);
}

#[tokio::test]
async fn it_rests_unseen_and_finds_a_mock_that_comes_back() {
    let Some((rig, mut browser)) = rig_and_browser().await else { return };
    open(&rig, &mut browser).await;
    for (seen, state) in [("hidden", "paused"), ("visible", "live")] {
        let turn = format!(
            "Object.defineProperty(document, 'visibilityState', {{ value: '{seen}', configurable: true }}); \
             document.dispatchEvent(new Event('visibilitychange'))"
        );
        browser.value(&turn).await;
        browser.until(&format!("document.querySelector('#status').dataset.state === '{state}'")).await;
    }
    let address: SocketAddr = rig.base.trim_start_matches("http://").parse().expect("an address");
    drop(rig);
    browser.until("document.querySelector('#status').dataset.state === 'gone'").await;
    let listener = TcpListener::bind(address).await.expect("its port is free again");
    let config = Config { admin_token: ADMIN_TOKEN.to_owned(), ..Config::default() };
    let again = tokio::spawn(mock_server::serve(listener, config, std::future::pending::<()>()));
    browser.until("document.querySelector('#status').dataset.state === 'live'").await;
    only(browser.end().await, "net::ERR_");
    again.abort();
}
