//! The pages as a browser shows and measures them, on a desktop and on a phone.
//! Sources: <https://w3c.github.io/largest-contentful-paint/>, <https://wicg.github.io/layout-instability/>.

use contract::pages::TOKEN_COOKIE;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::rig::{ADMIN_TOKEN, Rig};

const HERO: &str = "/static/images/hero.png";

/// A sum of layout shifts that is good (web.dev's threshold is 0.1). What is left below it comes of a slow browser that
/// paints a header before it has read all of it.
const STILL: f64 = 0.05;

/// Width, height, whether it is a phone.
const SCREENS: [(u32, u32, bool); 2] = [(1350, 940, false), (412, 823, true)];

/// All candidates for the largest contentful paint, and the sum of layout shifts, once the hero was painted or given
/// up, and two frames were drawn after that.
const MEASURED: &str = "new Promise((done) => {
    const seen = { paints: [], shifts: 0 };
    const take = (entries) => entries.forEach((entry) => {
        if (entry.entryType === 'layout-shift') seen.shifts += entry.value;
        else seen.paints.push({ tag: entry.element?.tagName, url: entry.url, size: entry.size, at: entry.renderTime });
    });
    const observers = ['largest-contentful-paint', 'layout-shift'].map((type) => {
        const observer = new PerformanceObserver((list) => { take(list.getEntries()); look(); });
        observer.observe({ type, buffered: true });
        return observer;
    });
    let ended = false;
    function look() {
        const hero = document.querySelector('.hero img');
        const settled = hero.naturalWidth === 0 ? seen.paints.length > 0 : seen.paints.some((paint) => paint.url === hero.src);
        if (ended || !hero.complete || !settled) return;
        ended = true;
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
            observers.forEach((observer) => take(observer.takeRecords()));
            done(seen);
        })));
    }
    look();
})";

/// A browser whose cache stays cold, with this screen.
async fn browser(screen: (u32, u32, bool)) -> Option<Browser> {
    let mut browser = Browser::start().await?;
    let (width, height, mobile) = screen;
    let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": if mobile { 1.75 } else { 1.0 }, "mobile": mobile });
    browser.call("Emulation.setDeviceMetricsOverride", metrics).await;
    browser.call("Network.enable", json!({})).await;
    browser.call("Network.setCacheDisabled", json!({ "cacheDisabled": true })).await;
    Some(browser)
}

/// What was measured of a page once its list is filled, if it has one.
async fn measured(browser: &mut Browser, rig: &Rig, path: &str) -> Value {
    browser.open(&format!("{}{path}", rig.base)).await;
    if path != "/login" {
        browser.until("document.querySelectorAll('[data-list] > .card').length > 0").await;
    }
    browser.value(MEASURED).await
}

async fn planned(rig: &Rig, plan: String) {
    let answer = rig.admin("PUT", "/__admin/faults").body(plan).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn the_largest_content_is_the_hero_and_nothing_moves() {
    for screen in SCREENS {
        let Some(mut browser) = browser(screen).await else { return };
        let rig = Rig::start().await;
        let token = rig.token("loadtest_user_0@wwmaa.com").await;
        let cookie = json!({ "name": TOKEN_COOKIE, "value": token, "url": rig.base });
        browser.call("Network.setCookie", cookie).await;
        for path in ["/", "/events", "/instructors", "/search?q=karate", "/dashboard", "/login"] {
            let seen = measured(&mut browser, &rig, path).await;
            let largest = seen["paints"].as_array().and_then(|paints| paints.last()).expect("a paint");
            assert_eq!(largest["url"], format!("{}{HERO}", rig.base), "{path} on {screen:?}: {seen}");
            assert_eq!(largest["tag"], "IMG");
            let shifts = seen["shifts"].as_f64().expect("a sum");
            assert!(shifts < STILL, "{path} on {screen:?}: {seen}");
        }
        assert_eq!(browser.end().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_hero_is_the_largest_content_at_every_weight() {
    for weight in ["0.1", "5"] {
        for screen in SCREENS {
            let Some(mut browser) = browser(screen).await else { return };
            let rig = Rig::with(|config| config.page_weight = weight.parse().expect("a weight")).await;
            let seen = measured(&mut browser, &rig, "/").await;
            let largest = seen["paints"].as_array().and_then(|paints| paints.last()).expect("a paint");
            assert_eq!(largest["url"], format!("{}{HERO}", rig.base), "{weight} on {screen:?}: {seen}");
            let width = "fetch('/static/images/hero.png').then((answer) => answer.blob()).then(createImageBitmap)\
                         .then((image) => `${image.width}x${image.height}`)";
            assert_eq!(browser.value(width).await, "1200x480", "{weight}");
            let shifts = seen["shifts"].as_f64().expect("a sum");
            assert!(shifts < STILL, "{weight} on {screen:?}: {seen}");
            assert_eq!(browser.end().await, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn a_slow_hero_is_seen_late() {
    let Some(mut browser) = browser(SCREENS[0]).await else { return };
    let rig = Rig::start().await;
    // The plan that ships takes seconds; what it does can be seen sooner.
    let plan = include_str!("../../faults/slow-hero.toml").replace("ms = 3000", "ms = 700");
    assert!(plan.contains("ms = 700"));
    planned(&rig, plan).await;
    let seen = measured(&mut browser, &rig, "/").await;
    let largest = seen["paints"].as_array().and_then(|paints| paints.last()).expect("a paint");
    assert_eq!(largest["url"], format!("{}{HERO}", rig.base), "{seen}");
    assert!(largest["at"].as_f64() > Some(700.0), "{seen}");
    let (_, report) = rig.sends("GET", "/__admin/faults", None, Some(ADMIN_TOKEN)).await;
    let fault = &report["faults"][0];
    assert_eq!((&fault["met"], &fault["struck"]), (&json!(1), &json!(1)), "the hero alone: {fault}");
    assert_eq!(browser.end().await, Vec::<String>::new());
}

#[tokio::test]
async fn without_a_hero_the_largest_content_is_text() {
    for screen in SCREENS {
        let Some(mut browser) = browser(screen).await else { return };
        let rig = Rig::start().await;
        planned(&rig, include_str!("../../faults/missing-hero.toml").to_owned()).await;
        let seen = measured(&mut browser, &rig, "/").await;
        let paints = seen["paints"].as_array().expect("a list");
        // A slow browser may have painted the header's picture alone before.
        assert_eq!(paints.last().expect("a paint")["url"], "", "{seen}");
        assert!(paints.iter().all(|paint| paint["url"] != format!("{}{HERO}", rig.base)), "{seen}");
        let complaints = browser.end().await;
        assert!(complaints.iter().all(|complaint| complaint.contains("hero.png")), "{complaints:#?}");
        assert_eq!(complaints.len(), 1);
    }
}
