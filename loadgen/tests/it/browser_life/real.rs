//! Chromium itself: whom it asks, and whom it does not.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use loadgen::{
    browser::{Fleet, Grounds, Source},
    run::Ended,
};
use tokio::net::TcpListener;

use crate::browser::Browser;

use super::{fake::says, order, within};

/// The browser that `TEST_CHROMIUM` names.
pub(crate) fn chromium() -> Option<String> {
    crate::provided::named("TEST_CHROMIUM").map(|program| program.into_string().expect("a path that is text"))
}

/// Who came to a server.
#[derive(Debug, Clone, Default)]
struct Guests {
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

/// Serves a page to everybody who connects.
fn serve(listener: TcpListener, page: &'static str) -> Guests {
    let guests = Guests::default();
    let seen = guests.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            seen.connections.fetch_add(1, Ordering::Relaxed);
            let requests = seen.requests.clone();
            tokio::spawn(async move {
                if let Ok(request) = says(stream, page).await {
                    requests.lock().expect("nobody panicked").push(request.to_lowercase());
                }
            });
        }
    });
    guests
}

/// A page that tries what is no request of its own: a socket, workers, a window.
fn page_that_tries(port: u16) -> String {
    let foreign = format!("127.0.0.2:{port}");
    format!(
        "<!doctype html><title>Page</title><h1>Of the grounds</h1><img src='http://{foreign}/a.png'><script>\
         const script = `fetch('http://{foreign}/worker'); new WebSocket('ws://{foreign}/worker')`;\
         const tries = [\
           () => new WebSocket('ws://{foreign}/socket'),\
           () => new Worker(URL.createObjectURL(new Blob([script]))),\
           () => new SharedWorker('data:text/javascript,' + encodeURIComponent(script)),\
           () => open('http://{foreign}/window'),\
         ];\
         for (const it of tries) try {{ it() }} catch {{}}\
         </script>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_asked_by_a_browser_that_runs_already() {
    let Some(browser) = Browser::start().await else { return };
    let own = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let port = own.local_addr().expect("it is bound").port();
    let foreign = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), port)).await.expect("a loopback port");
    let (_own, foreign) = (serve(own, page_that_tries(port).leak()), serve(foreign, ""));
    let grounds =
        Grounds { hosts: vec![("127.0.0.1".to_owned(), IpAddr::V4(Ipv4Addr::LOCALHOST))], own_roots: false };
    let source = Source::Running(browser.address().to_owned());
    let fleet = within("the browser", Fleet::start(&source, grounds)).await.expect("it runs");
    let url = format!("http://127.0.0.1:{port}/");
    let view = within("the visit", fleet.open(order(&url))).await.expect("it is seen").view;
    assert_eq!((view.ended.clone(), view.lcp.is_some()), (Ended::Settled, true), "{view:?}");
    assert_eq!(view.kept_in, ["127.0.0.2"]);
    assert_eq!(foreign.connections.load(Ordering::Relaxed), 0, "{view:?}");
    drop(fleet);
    within("its end", browser.end()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_who_is_not_of_the_grounds() {
    let Some(program) = chromium() else { return };
    let own = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let port = own.local_addr().expect("it is bound").port();
    // The same port, so that only the host is another.
    let foreign = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), port)).await.expect("a loopback port");
    let hosts = ["127.0.0.2", "127.0.0.1", "localhost", "staging.example.net", "10.1.2.3"];
    let images = hosts.map(|host| format!("<img src='http://{host}:{port}/picture.png'>"));
    let page = format!("<!doctype html><title>Page</title><h1>Of the grounds</h1>{}", images.concat());
    let (own, foreign) = (serve(own, page.leak()), serve(foreign, ""));
    let grounds = Grounds {
        hosts: vec![("staging.example".to_owned(), IpAddr::V4(Ipv4Addr::LOCALHOST))],
        own_roots: false,
    };
    let fleet = within("the browser", Fleet::start(&Source::Program(program.into()), grounds)).await;
    let fleet = fleet.expect("it starts");
    let url = format!("http://staging.example:{port}/");
    let view = within("the visit", fleet.open(order(&url))).await.expect("it is seen").view;
    assert_eq!(view.ended, Ended::Settled);
    assert!(view.lcp.is_some(), "{view:?}");
    let mut kept_in = hosts;
    kept_in.sort_unstable();
    assert_eq!(view.kept_in, kept_in);
    assert_eq!(view.withheld, kept_in, "they were pictures");
    let own = own.requests.lock().expect("nobody panicked").clone();
    assert!(own.iter().any(|request| request.starts_with("get / ")), "{own:?}");
    let to = format!("\r\nhost: staging.example:{port}\r\n");
    assert!(own.iter().all(|request| request.contains(&to)), "{own:?}");
    assert_eq!(foreign.connections.load(Ordering::Relaxed), 0, "{view:?}");
    // The canary is, though nobody named it.
    let canary = order(fleet.canary_url());
    let view = within("the canary", fleet.open(canary)).await.expect("it is seen").view;
    assert_eq!((view.ended, view.failed_count), (Ended::Settled, 0));
}
