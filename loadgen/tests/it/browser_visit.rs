//! What is measured of a page, in a real browser: against pages of which it is known, and against the browser's own
//! trace.

mod site;
mod trace;

use std::{collections::HashMap, net::Ipv4Addr, path::PathBuf, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::future::join_all;
use loadgen::{
    browser::{Cookie, Device, Done, Film, Fleet, Grounds, Order, PageView, Source, Throttle},
    run::{Ended, Outcome, Parts, Whereabouts},
};
use tokio::net::TcpListener;

use crate::{browser::Browser, stage::WORLD};

use self::{site::Site, trace::Trace};

/// Longer than anything takes.
const HOUR: Duration = Duration::from_hours(1);

fn grounds() -> Grounds {
    Grounds { hosts: vec![("127.0.0.1".into(), Ipv4Addr::LOCALHOST.into())], own_roots: false }
}

fn order(visitor: u64, url: String) -> Order {
    Order {
        url,
        page: None,
        cookies: Vec::new(),
        headers: Vec::new(),
        visitor,
        returning: false,
        device: Device::Desktop,
        throttle: Throttle::None,
        film_later_than: None,
        done: Done::Quiet,
    }
}

/// A browser and the pages it visits.
struct Stage {
    fleet: Fleet,
    site: Site,
}

impl Stage {
    async fn open(&self, order: Order) -> (PageView, Film) {
        let url = order.url.clone();
        let opened = self.fleet.open(order).await.unwrap_or_else(|trouble| panic!("{url}: {trouble}"));
        (opened.view, opened.film)
    }

    async fn see(&self, visitor: u64, path: &str) -> PageView {
        self.open(order(visitor, self.site.at(path))).await.0
    }
}

fn adds_up(view: &PageView) {
    let lcp = view.lcp.as_ref().expect("something was painted");
    let Parts { ttfb_ms, load_delay_ms, load_time_ms, render_delay_ms } = lcp.parts;
    let sum = ttfb_ms + load_delay_ms + load_time_ms + render_delay_ms;
    assert!((sum - lcp.at_ms).abs() < 0.5, "{lcp:?}");
    assert!(
        [ttfb_ms, load_delay_ms, load_time_ms, render_delay_ms].iter().all(|part| *part >= 0.0),
        "{lcp:?}"
    );
}

#[tokio::test]
async fn lcp_is_what_the_browsers_own_trace_says() {
    let Some(browser) = Browser::start().await else { return };
    let site = Site::start().await;
    let fleet = Fleet::start(&Source::Running(browser.address().into()), grounds()).await.expect("it runs");
    let stage = Stage { fleet, site };
    let trace = Trace::start(browser.address()).await;
    let paths = [(1, 300.0, "/hero/300"), (2, 700.0, "/hero/700"), (3, 1_500.0, "/hero/1500")];
    let views = join_all(paths.map(|(visitor, _, path)| stage.see(visitor, path))).await;
    let elsewhere = stage.see(4, "/foreign").await;
    let painted: HashMap<String, f64> = trace.end().await;
    for ((_, held_back, path), view) in paths.into_iter().zip(views) {
        let lcp = view.lcp.as_ref().expect("the image was painted");
        let url = stage.site.at(path);
        let told = painted.get(&url).unwrap_or_else(|| panic!("{url} is not in the trace: {painted:?}"));
        assert!((lcp.at_ms - told).abs() <= 60.0, "{path}: {} ms, the trace {told} ms", lcp.at_ms);
        assert!(lcp.at_ms >= held_back, "{path}: {} ms", lcp.at_ms);
        assert_eq!((lcp.element.as_str(), view.ended.clone()), ("img.hero", Ended::Settled));
        assert!(lcp.parts.load_time_ms >= held_back - 1.0, "{lcp:?}");
        adds_up(&view);
    }
    // It would find that host, or ask for it: the request is stopped instead.
    assert_eq!((elsewhere.kept_in, elsewhere.failed_count), (vec!["elsewhere.test".into()], 0));
    // It is somebody else's, and runs on.
    drop(stage);
    browser.end().await;
}

#[tokio::test]
async fn pages_are_seen_as_they_are() {
    let Some(program) = crate::provided::named("TEST_CHROMIUM") else { return };
    let fleet = Fleet::start(&Source::Program(PathBuf::from(program)), grounds()).await.expect("it starts");
    let stage = Stage { fleet, site: Site::start().await };
    // Few at a time: each visit has to settle within its own time limit, on a busy machine as well.
    tokio::join!(ends(&stage), next_candidates(&stage), elsewhere(&stage), sent_away(&stage));
    tokio::join!(on_the_way(&stage), complaints(&stage), shifts(&stage));
    tokio::join!(films(&stage), what_it_carries(&stage), canary(&stage));
}

/// How visits end, whatever the page does.
async fn ends(stage: &Stage) {
    let refused = order(13, site::refused().await);
    // Nothing of it is later than an hour, and what it had come to is filmed all the same.
    let endless = Order { film_later_than: Some(HOUR), ..order(11, stage.site.at("/endless")) };
    let (blank, endless, alert, stream, refused) = tokio::join!(
        stage.see(10, "/blank"),
        stage.open(endless),
        stage.see(12, "/alert"),
        stage.see(14, "/stream"),
        stage.open(refused),
    );
    assert_eq!((blank.ended, blank.lcp, blank.status), (Ended::Settled, None, Some(200)));
    let (endless, film) = endless;
    assert_eq!((endless.ended, film.frames.len()), (Ended::Capped, 1));
    assert!(endless.lcp.is_some() && endless.load_ms.is_some());
    assert_eq!((alert.ended, alert.lcp.expect("its text").element.as_str()), (Ended::Settled, "h1"));
    assert_eq!(stream.ended, Ended::Settled, "one request may stay in flight");
    let refused = refused.0;
    assert_eq!(refused.ended, Ended::NoPage("net::ERR_CONNECTION_REFUSED".into()));
    assert_eq!((refused.lcp, refused.status, refused.fcp_ms), (None, None, None));
}

async fn next_candidates(stage: &Stage) {
    let (gone, text) = tokio::join!(stage.see(20, "/gone"), stage.see(21, "/text"));
    assert_eq!(gone.ended, Ended::Settled);
    assert_eq!((gone.failed, gone.failed_count), (vec!["/image/gone: 404".into()], 1));
    let lcp = gone.lcp.expect("its text");
    assert_eq!((lcp.element.as_str(), lcp.url), ("h1#title", None));
    adds_up(&text);
    let lcp = text.lcp.expect("its text");
    assert_eq!((lcp.url, lcp.parts.load_delay_ms, lcp.parts.load_time_ms), (None, 0.0, 0.0));
    assert_eq!((text.status, text.requests, text.failed_count, text.console_errors), (Some(200), 1, 0, 0));
    assert!(text.bytes > 0 && text.ttfb_ms.is_some() && text.fcp_ms <= Some(lcp.at_ms));
}

/// Other hosts, and other pages.
async fn elsewhere(stage: &Stage) {
    let (foreign, sent, went) =
        tokio::join!(stage.see(30, "/foreign"), stage.see(31, "/sent-away"), stage.see(32, "/goes-away"));
    assert_eq!((foreign.kept_in, foreign.failed_count), (vec!["elsewhere.test".into()], 0));
    assert_eq!(foreign.withheld, ["elsewhere.test"], "it was a picture");
    assert_eq!((foreign.requests, foreign.console_errors), (1, 0));
    assert_eq!((sent.ended, sent.status, sent.requests), (Ended::Settled, Some(200), 2));
    assert_eq!(sent.lcp.expect("its text").element, "h1#title");
    assert_eq!((went.ended, went.status, went.requests), (Ended::Settled, Some(200), 1));
    assert_eq!(went.lcp.expect("its text").element, "h1#title");
}

/// Pages that go to another, of which some never comes.
async fn on_the_way(stage: &Stage) {
    let (slowly, late, nowhere, file) = tokio::join!(
        stage.see(33, "/goes-slowly"),
        stage.see(34, "/goes-late"),
        stage.see(35, "/goes-nowhere"),
        stage.see(36, "/keeps-a-file"),
    );
    for view in [slowly, late] {
        assert_eq!((view.ended, view.status, view.requests), (Ended::Settled, Some(200), 1));
        let lcp = view.lcp.expect("its text");
        assert!(lcp.element == "h1#late" && lcp.at_ms >= 1_500.0, "{lcp:?}");
    }
    for view in [nowhere, file] {
        assert_eq!((view.ended, view.status, view.failed_count), (Ended::Settled, Some(200), 0));
        assert_eq!(view.lcp.expect("its text").element, "h1#title");
    }
}

/// A mock that takes nobody's cookie, and sends whoever asks for the dashboard away to sign in.
async fn sent_away(stage: &Stage) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let mock = format!("http://{}", listener.local_addr().expect("it is bound"));
    let config = mock_server::Config { world: Some(*WORLD), ..mock_server::Config::default() };
    let serving = tokio::spawn(mock_server::serve(listener, config, std::future::pending::<()>()));
    let cookies = vec![Cookie { name: contract::pages::TOKEN_COOKIE.into(), value: "expired".into() }];
    let home = Order { page: Some("home"), ..order(37, format!("{mock}/")) };
    let dashboard = Order { page: Some("dashboard"), cookies, ..order(38, format!("{mock}/dashboard")) };
    let ((home, _), (dashboard, _)) = tokio::join!(stage.open(home), stage.open(dashboard));
    assert!(matches!(home.outcome(), Outcome::Lcp(_)), "{home:?}");
    assert_eq!((dashboard.ended.clone(), dashboard.status), (Ended::Settled, Some(200)));
    assert!(dashboard.lcp.is_some(), "what it shows instead is painted: {dashboard:?}");
    let asked = Some("dashboard".to_owned());
    let whereabouts = Whereabouts { path: "/login".into(), page: Some("login".into()), asked };
    assert_eq!(dashboard.at.as_ref(), Some(&whereabouts));
    let said = "another page: /login is not marked `dashboard`";
    assert_eq!(dashboard.outcome(), Outcome::Missing(said.to_owned()));
    serving.abort();
}

async fn complaints(stage: &Stage) {
    let noisy = stage.see(40, "/noisy").await;
    assert_eq!((noisy.console_errors, noisy.console.len()), (2, 2), "{:?}", noisy.console);
    assert_eq!(noisy.console[0], "it broke 7");
    assert!(noisy.console[1].starts_with("Error: thrown"), "{:?}", noisy.console);
}

/// A block of half the screen's height (940) that moves down by a tenth of that: six tenths are touched, and it moved
/// by 94 of the larger side's 1350 (<https://web.dev/articles/cls#layout-shift-score>).
async fn shifts(stage: &Stage) {
    let (moved, still) = tokio::join!(stage.see(50, "/shift"), stage.see(51, "/text"));
    let score = 0.6 * 94.0 / 1350.0;
    assert!((moved.cls - score).abs() < 0.001, "{} and not {score}", moved.cls);
    assert_eq!(still.cls.to_bits(), 0.0_f64.to_bits());
}

async fn films(stage: &Stage) {
    let filmed = Order { film_later_than: Some(Duration::ZERO), ..order(60, stage.site.at("/hero/700")) };
    let (view, film) = stage.open(filmed).await;
    let last = film.frames.last().expect("a picture");
    assert_eq!(last.at_ms.to_bits(), view.lcp.expect("the image").at_ms.to_bits());
    for frame in &film.frames {
        let jpeg = STANDARD.decode(&frame.jpeg).expect("base64");
        assert_eq!(dimensions(&jpeg), Some((360, 251)));
    }
    let rows: Vec<_> =
        film.fetched.iter().map(|row| (row.url.as_str(), row.kind.as_str(), row.status)).collect();
    assert_eq!(rows, [("/hero/700", "Document", Some(200)), ("/image/700", "Image", Some(200))]);
    let image = &film.fetched[1];
    assert!(
        image.first_byte_ms >= Some(image.start_ms + 700.0) && image.end_ms >= image.first_byte_ms,
        "{image:?}"
    );
    assert_eq!((image.cached, image.bytes > site::IMAGE_BYTES), (false, true));

    // Nothing is later than an hour: rows, and no pictures.
    let again =
        Order { film_later_than: Some(HOUR), returning: true, ..order(60, stage.site.at("/hero/700")) };
    let (view, film) = stage.open(again).await;
    assert!(film.frames.is_empty());
    assert_eq!(view.lcp.expect("the image").element, "img.hero");
    assert!(film.fetched[1].cached && film.fetched[1].bytes == 0, "{:?}", film.fetched[1]);
}

/// Height and width of a JPEG, in its frame header (ITU-T T.81, B.2.2).
fn dimensions(jpeg: &[u8]) -> Option<(u16, u16)> {
    let mut rest = jpeg.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let (&[0xff, kind, high, low], _) = rest.split_first_chunk::<4>()? else { return None };
        if matches!(kind, 0xc0..=0xc2) {
            let word = |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
            return Some((word(7)?, word(5)?));
        }
        rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..)?;
    }
}

/// Screens, networks, cookies and headers, as the page finds them.
async fn what_it_carries(stage: &Stage) {
    let url = stage.site.at("/mirror");
    let desktop = Order {
        cookies: vec![Cookie { name: "access_token".into(), value: "t0ken".into() }],
        headers: vec![("x-world".into(), "seven".into())],
        ..order(70, url.clone())
    };
    let phone = Order { device: Device::Phone, throttle: Throttle::Slow4g, ..order(71, url) };
    let ((desktop, _), (phone, _)) = tokio::join!(stage.open(desktop), stage.open(phone));
    assert_eq!(desktop.console, ["access_token=t0ken seven 1350x940 @1 touch 0 phone false"]);
    assert_eq!(phone.console, [" none 412x823 @1.75 touch 5 phone true"]);
    // 150 ms round trip, as a request feels it. The browser tells the first byte as it came, before it delayed it.
    assert!(phone.load_ms >= Some(560.0), "{:?}", phone.load_ms);
}

async fn canary(stage: &Stage) {
    let url = stage.fleet.canary_url().to_owned();
    let phone = Order { device: Device::Phone, done: Done::Loaded, ..order(81, url.clone()) };
    let desktop = Order { done: Done::Loaded, ..order(80, url) };
    let ((desktop, _), (phone, _)) = tokio::join!(stage.open(desktop), stage.open(phone));
    for view in [desktop, phone] {
        let lcp = view.lcp.as_ref().expect("its picture");
        assert_eq!((view.ended.clone(), lcp.element.as_str()), (Ended::Settled, "img"));
        assert!(lcp.at_ms >= 1_000.0, "{lcp:?}");
        adds_up(&view);
    }
}
