//! A browser that runs already, and all that can go wrong with one: no Chromium is needed.

use std::time::Duration;

use loadgen::{
    browser::{Done, Fleet, Opened, Order, Source, Throttle, Trouble, attachable},
    run::{Ended, Outcome, Whereabouts},
};
use serde_json::json;
use tokio::net::TcpListener;

use super::{
    fake::{Does, Fake, says},
    nowhere, order, within,
};

const PAGE: &str = "http://staging.example/";

async fn fleet(fake: &Fake) -> Fleet {
    within("the fleet", Fleet::start(&fake.source(), nowhere())).await.expect("it is attached to")
}

/// One visit.
async fn open(fleet: &Fleet, visitor: u64, returning: bool) -> Result<Opened, Trouble> {
    let order = Order { visitor, returning, ..order(PAGE) };
    within("the visit's end", fleet.open(order)).await
}

/// One visit: that there is no page, or the trouble.
async fn visit(fleet: &Fleet, visitor: u64, returning: bool) -> Result<Ended, Trouble> {
    open(fleet, visitor, returning).await.map(|opened| opened.view.ended)
}

fn no_page() -> Ended {
    Ended::NoPage("net::ERR_CONNECTION_REFUSED".to_owned())
}

/// Off the thread that serves the fake.
async fn dropped(fleet: Fleet) {
    let dropping = tokio::task::spawn_blocking(move || drop(fleet));
    within("the fleet's end", dropping).await.expect("it ends");
}

#[tokio::test]
async fn what_a_browser_says_beside_its_answers_changes_nothing() {
    for does in [Does::Answer, Does::Noise] {
        let fake = Fake::start(move |_, _| does).await;
        let fleet = fleet(&fake).await;
        assert_eq!(fleet.product(), "Fake/1.0");
        assert!(fleet.canary_url().starts_with("http://127.0.0.1:"), "{}", fleet.canary_url());
        assert_eq!(visit(&fleet, 0, false).await, Ok(no_page()));
        dropped(fleet).await;
    }
}

#[tokio::test]
async fn localhost_is_this_machine() {
    let fake = Fake::start(|_, _| Does::Answer).await;
    for scheme in ["http", "ws"] {
        let at = format!("{scheme}://localhost:{}", fake.address.port());
        assert_eq!(attachable(&at), Ok(()));
        let fleet = within("the fleet", Fleet::start(&Source::Running(at), nowhere())).await;
        assert_eq!(fleet.expect("it is attached to").product(), "Fake/1.0");
    }
}

#[tokio::test]
async fn a_visitor_that_returns_finds_its_context_and_no_other() {
    let fake = Fake::start(|_, _| Does::Answer).await;
    let fleet = fleet(&fake).await;
    for (visitor, returning, returned, made, disposed) in [
        (0, true, false, 1, 0),
        (0, true, true, 1, 0),
        (1, true, false, 2, 0),
        (0, true, true, 2, 0),
        (0, false, false, 3, 1),
        (1, false, false, 4, 2),
    ] {
        let opened = open(&fleet, visitor, returning).await.expect("it is answered");
        assert_eq!((opened.view.ended, opened.returned), (no_page(), returned), "visitor {visitor}");
        assert_eq!(fake.heard("Target.createBrowserContext").len(), made, "visitor {visitor}");
        assert_eq!(fake.heard("Target.disposeBrowserContext").len(), disposed, "visitor {visitor}");
    }
    let tabs = fake.heard("Target.createTarget").into_iter().map(|tab| tab["browserContextId"].clone());
    let contexts: Vec<_> = tabs.collect();
    assert!(contexts[0] == contexts[1] && contexts[1] == contexts[3], "{contexts:?}");
    assert!(contexts[0] != contexts[2] && contexts[4] != contexts[0], "{contexts:?}");
    // Nothing of ours is left in a browser that is somebody else's.
    dropped(fleet).await;
    assert_eq!(fake.heard("Target.disposeBrowserContext").len(), 4);
    assert!(fake.heard("Browser.close").is_empty());
}

#[tokio::test]
async fn a_tab_that_crashes_ends_its_visit_and_not_the_browser() {
    let fake =
        Fake::start(|_, asked| if asked == "Page.navigate" { Does::Crash } else { Does::Answer }).await;
    let fleet = fleet(&fake).await;
    for times in 1..=2 {
        assert!(matches!(visit(&fleet, 0, false).await, Err(Trouble::TabCrashed(_))));
        fake.hears("Target.disposeBrowserContext", times).await;
    }
    assert_eq!(fake.heard("Browser.getVersion").len(), 1, "it was connected to once");
}

/// What a page tells that has painted its picture, at this path and with this mark.
fn told(path: &str, page: Option<&str>) -> &'static str {
    let lcp = json!({
        "at": 50.5, "size": 1200, "element": "img.hero", "url": "http://staging.example/hero.png", "requested": 12,
        "responded": 40, "earlier": 0,
    });
    let told = json!({
        "origin": 1.5, "hidden": false, "ttfb": 10, "fcp": 50, "load": 60, "drawn": true, "cls": 0, "path": path,
        "page": page, "lcp": lcp,
    });
    told.to_string().leak()
}

#[tokio::test]
async fn a_page_that_is_another_than_it_was_sent_to_has_no_lcp() {
    let there = Outcome::Lcp(Duration::from_micros(50_500));
    let another = |path: &str| Outcome::Missing(format!("another page: {path} is not marked `dashboard`"));
    for (path, page, expected) in [
        ("/dashboard", Some("dashboard"), there),
        // Where a redirect leads, or a script.
        ("/login", Some("login"), another("/login")),
        // A maintenance page that is answered with 200.
        ("/dashboard", Some(""), another("/dashboard")),
        // A picture instead of a page.
        ("/dashboard", None, another("/dashboard")),
    ] {
        let told = told(path, page);
        let shows =
            move |asked: &str| if asked == "Page.navigate" { Does::Shows(told) } else { Does::Answer };
        let fake = Fake::start(move |_, asked| shows(asked)).await;
        let fleet = fleet(&fake).await;
        let order = Order { page: Some("dashboard"), done: Done::Loaded, ..order(PAGE) };
        let view = within("the visit's end", fleet.open(order)).await.expect("a page is there").view;
        let whereabouts = Whereabouts {
            path: path.to_owned(),
            page: page.map(str::to_owned),
            asked: Some("dashboard".to_owned()),
        };
        assert_eq!((view.status, view.at.as_ref()), (Some(200), Some(&whereabouts)));
        assert_eq!(view.outcome(), expected);
        dropped(fleet).await;
    }
}

#[tokio::test]
async fn a_canary_has_the_processor_of_a_visit_and_no_network_that_would_hide_it() {
    for (done, networks) in [(Done::Quiet, 1), (Done::Loaded, 0)] {
        let fake = Fake::start(|_, _| Does::Answer).await;
        let fleet = fleet(&fake).await;
        let order = Order { throttle: Throttle::Slow4g, done, ..order(PAGE) };
        within("the visit's end", fleet.open(order)).await.expect("it is answered");
        assert_eq!(fake.heard("Emulation.setCPUThrottlingRate"), [json!({ "rate": 4.0 })], "{done:?}");
        assert_eq!(fake.heard("Network.emulateNetworkConditions").len(), networks, "{done:?}");
        dropped(fleet).await;
    }
}

#[tokio::test]
async fn what_is_refused_is_said() {
    for refused in
        ["Target.createBrowserContext", "Target.createTarget", "Target.attachToTarget", "Page.enable"]
    {
        let fake =
            Fake::start(move |_, asked| if asked == refused { Does::Refuse } else { Does::Answer }).await;
        let fleet = fleet(&fake).await;
        let expected = Trouble::Refused { method: refused.to_owned(), message: "not today".to_owned() };
        assert_eq!(visit(&fleet, 0, false).await, Err(expected));
    }
    let fake = Fake::start(|_, _| Does::Refuse).await;
    let refused = within("the fleet", Fleet::start(&fake.source(), nowhere())).await;
    assert!(matches!(refused.err(), Some(Trouble::Refused { method, .. }) if method == "Browser.getVersion"));
}

#[tokio::test]
async fn a_browser_that_goes_in_the_midst_of_visits_ends_them_and_the_next_finds_it_again() {
    let fake = Fake::start(|connection, asked| match (connection, asked) {
        (0, "Page.navigate") => Does::Nothing,
        (0, "Target.disposeBrowserContext") => Does::Close,
        _ => Does::Answer,
    })
    .await;
    let fleet = fleet(&fake).await;
    let given_up = async {
        let visiting = visit(&fleet, 2, false);
        tokio::select! {
            seen = visiting => panic!("it was answered: {seen:?}"),
            () = fake.hears("Page.navigate", 3) => {}
        }
        // Dropped with two others under way: its context is disposed of, whereupon the browser goes.
    };
    let (one, two, ()) = tokio::join!(visit(&fleet, 0, false), visit(&fleet, 1, false), given_up);
    assert!(matches!(one, Err(Trouble::Gone(_))), "{one:?}");
    assert_eq!(one, two);
    assert_eq!(fake.heard("Target.disposeBrowserContext").len(), 1, "what was given up is closed");
    let opened = open(&fleet, 0, true).await.expect("it is answered");
    assert_eq!((opened.view.ended, opened.returned), (no_page(), false), "nothing is left of the last");
}

#[tokio::test]
async fn a_browser_that_goes_between_visits_is_found_again() {
    let fake = Fake::start(|connection, asked| match (connection, asked) {
        (0, "Target.closeTarget") => Does::AnswerAndClose,
        _ => Does::Answer,
    })
    .await;
    let fleet = fleet(&fake).await;
    let first = visit(&fleet, 0, false).await;
    // It may go before the visit has been told of.
    assert!(first == Ok(no_page()) || matches!(first, Err(Trouble::Gone(_))), "{first:?}");
    let second = visit(&fleet, 0, false).await;
    assert!(second == Ok(no_page()) || matches!(second, Err(Trouble::Gone(_))), "{second:?}");
    assert_eq!(visit(&fleet, 0, true).await, Ok(no_page()));
}

#[tokio::test]
async fn one_that_goes_again_and_again_is_given_up() {
    let fake =
        Fake::start(|_, asked| if asked == "Target.createTarget" { Does::Close } else { Does::Answer }).await;
    let fleet = fleet(&fake).await;
    for times in 1..=4 {
        assert!(matches!(visit(&fleet, 0, false).await, Err(Trouble::Gone(_))));
        assert_eq!(fake.heard("Target.createTarget").len(), times);
    }
    for _ in 0..2 {
        let given_up = visit(&fleet, 0, false).await.expect_err("it is not asked any more");
        assert!(given_up.to_string().contains("again 3 times"), "{given_up}");
    }
    assert_eq!(fake.heard("Target.createTarget").len(), 4);
}

async fn not_reached(at: String) -> String {
    match within("the fleet", Fleet::start(&Source::Running(at.clone()), nowhere())).await {
        Err(Trouble::NotReached { at: said, why }) => {
            assert_eq!(said, at);
            why
        }
        other => panic!("{at}: {other:?}"),
    }
}

#[tokio::test]
async fn where_no_browser_is_none_is_attached_to() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let address = free.local_addr().expect("it is bound");
    drop(free);
    for scheme in ["http", "ws"] {
        let why = not_reached(format!("{scheme}://{address}")).await;
        assert!(why.contains("refused"), "{why}");
    }
    for at in ["http://192.0.2.7:9222", "ws://browser.example/devtools/browser/0"] {
        let why = not_reached(at.to_owned()).await;
        assert!(why.contains("only a browser of this machine"), "{why}");
    }
}

#[tokio::test]
async fn what_is_no_browser_is_not_attached_to() {
    for (version, said) in [
        ("<h1>It works!</h1>", "names no webSocketDebuggerUrl"),
        ("{}", "names no webSocketDebuggerUrl"),
        (r#"{"webSocketDebuggerUrl":7}"#, "names no webSocketDebuggerUrl"),
        (
            r#"{"webSocketDebuggerUrl":"ws://192.0.2.7/devtools/browser/0"}"#,
            "it says it listens at ws://192.0.2.7",
        ),
        (r#"{"webSocketDebuggerUrl":"http://127.0.0.1:1"}"#, "it says it listens at http://127.0.0.1:1"),
        (&"x".repeat(100_000), "length limit exceeded"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let at = format!("http://{}", listener.local_addr().expect("it is bound"));
        let serves = async {
            let (stream, _) = listener.accept().await.expect("it listens");
            // It may be left in the midst of too much.
            drop(says(stream, version).await);
        };
        let (why, ()) = tokio::join!(not_reached(at), serves);
        assert!(why.contains(said), "{why}");
    }
}
