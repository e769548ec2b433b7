//! Visits of real browsers, made by hand: settled and not, cold and returning, with and without an LCP; films of the
//! slowest; browsers that are well, and browsers that are starved.

use std::time::Duration;

use engine::{
    clock,
    curve::Curve,
    driver::Due,
    goal::{self, Goal},
    load::{Flow, Load},
    record::{Collector, Plan, Registry, Sample},
    run::ScenarioRun,
};
use loadgen::{
    browser::{Device, Throttle},
    run::{BrowserAccount, Canary, Ended, Fetched, Film, Frame, Lcp, Outcome, PageView, Parts, Run, Seen},
};

use super::made::{self, HOSTILE};

const PAGES: [&str; 5] = ["home", "events", "instructors", "search", "dashboard"];
/// A picture of 8 × 12 pixels in one colour.
pub(super) const JPEG: &str = "/9j/4AAQSkZJRgABAgAAAQABAAD/2wBDAAg+Pkk+SVVVVVVVVWRdZGhoaGRkZGRoaGhwcHCDg4NwcHBoaHBwfHyDg4+Tj4eHg4eTk5ubm7q6srLZ2eD/////xABMAAEBAAAAAAAAAAAAAAAAAAAABgEBAQAAAAAAAAAAAAAAAAAABgcQAQAAAAAAAAAAAAAAAAAAAAARAQAAAAAAAAAAAAAAAAAAAAD/wAARCAAMAAgDASIAAhEAAxEA/9oADAMBAAIRAxEAPwCZAUkGf//Z";
/// Visits that settle with an LCP.
pub(super) const SETTLED: u64 = 70;

/// A run of page-load with browsers beside the crowd.
pub(super) fn run(starved: bool) -> Run {
    let account = account(starved);
    let mut measured = made::measured(recorded(&account, starved));
    measured.title = "Launch-day crowd".into();
    measured.browsers = Some(account);
    made::run(vec![measured])
}

/// The LCP of a visit that settles.
fn lcp_ms(n: u64) -> f64 {
    match n % 10 {
        9 => 2_000.0 + 45.0 * n as f64,
        _ => 700.0 + 11.0 * (n * 37 % 70) as f64,
    }
}

fn recorded(account: &BrowserAccount, starved: bool) -> ScenarioRun {
    let mut registry = Registry::new();
    let home = registry.endpoint("GET /");
    let lcp = registry.value("lcp_metric");
    let reported = registry.share("lcp_reported");
    let planned = account.visits.len() as u64;
    let mut goals = vec![
        Goal::sampled("home HTML p95", goal::p95(home).below(Duration::from_secs(2)), 200),
        Goal::sampled("LCP p95", goal::p95(lcp).below(Duration::from_millis(2_500)), planned),
        Goal::sampled("LCP reported", goal::share(reported).above(0.8), planned),
    ];
    if starved {
        goals[1] = goals[1].clone().invalid("the canary's p95 drifted by 45 %");
    }
    let flow = Flow::new("visitors", Load::Arrivals(Curve::flat(20.0, 10.0)));
    let collector = Collector::start(Plan::new("page-load", registry, goals, vec![flow]));
    let epoch = clock::now();
    let recorder = collector.tap().recorder(epoch);
    for n in 0..200 {
        let due = Due { at: epoch + Duration::from_millis(50 * n), lateness: Duration::ZERO };
        let done = due.at + Duration::from_millis(20 + n % 10);
        recorder.timing(&[home], Sample::new(due, due.at, done, Ok(())));
    }
    for view in account.visits.iter().map(|seen| &seen.view) {
        let outcome = view.outcome();
        recorder.share(reported, matches!(outcome, Outcome::Lcp(_)));
        if let Outcome::Lcp(took) = outcome {
            recorder.value(lcp, took);
        }
    }
    recorder.flush();
    made::finish(collector, epoch, Vec::new())
}

/// 70 visits that settle, two that do not, one without an LCP, one without a page, one that an error answers at once.
pub(super) fn account(starved: bool) -> BrowserAccount {
    let mut visits: Vec<Seen> = (0..SETTLED).map(settled).collect();
    for number in [SETTLED, SETTLED + 1] {
        visits.push(seen(number, PageView { ended: Ended::Capped, ..settled(9).view }));
    }
    visits.push(seen(SETTLED + 2, PageView { lcp: None, ..settled(2).view }));
    let refused = PageView {
        ended: Ended::NoPage("net::ERR_CONNECTION_REFUSED".into()),
        lcp: None,
        fcp_ms: None,
        ttfb_ms: None,
        load_ms: None,
        status: None,
        ..settled(3).view
    };
    visits.push(seen(SETTLED + 3, refused));
    let lcp = settled(3).view.lcp.map(|lcp| Lcp { at_ms: 40.0, ..lcp });
    visits.push(seen(SETTLED + 4, PageView { status: Some(503), lcp, ..settled(3).view }));
    let broken = &mut visits[4].view;
    broken.failed = vec![format!("GET /api/{HOSTILE}: 500"), "GET /static/x.js: net::ERR_FAILED".into()];
    broken.failed_count = 12;
    broken.console = vec![format!("Uncaught {HOSTILE}")];
    broken.console_errors = 3;
    broken.kept_in = vec!["fonts.example".into(), "<b>stats</b>.example".into()];
    let meanwhile = if starved { 2.2 } else { 1.05 };
    BrowserAccount {
        product: "Chrome/156.0.8078.73".into(),
        visitors: 2,
        throttle: Throttle::None,
        visits,
        further: 0,
        films: [SETTLED, SETTLED + 1, 69, 59, 49].map(|number| (number, film(number))).to_vec(),
        canary: Canary {
            held_ms: 1_000.0,
            idle_ms: (0..5).map(|n| 1_100.0 + f64::from(n)).collect(),
            lost: 0,
            meanwhile_ms: (0..4).map(|n| 1_000.0 + meanwhile * (100.0 + f64::from(n))).collect(),
        },
        lost: 1,
        troubles: vec!["the tab crashed: out of memory".into()],
    }
}

fn seen(number: u64, view: PageView) -> Seen {
    Seen {
        number,
        at_s: 4.5 * number as f64,
        page: PAGES[(number % 5) as usize].into(),
        device: if number % 5 < 3 { Device::Phone } else { Device::Desktop },
        returning: number % 3 == 2,
        signed_in: number % 5 == 4,
        view,
    }
}

fn settled(n: u64) -> Seen {
    let at_ms = lcp_ms(n);
    // On every fifth page the largest content is text.
    let text = n % 5 == 3;
    let parts = if text {
        Parts { ttfb_ms: 40.0, render_delay_ms: at_ms - 40.0, ..Parts::default() }
    } else {
        let rest = at_ms - 90.0;
        Parts { ttfb_ms: 40.0, load_delay_ms: 50.0, load_time_ms: 0.8 * rest, render_delay_ms: 0.2 * rest }
    };
    let lcp = Lcp {
        at_ms,
        element: if text { "h1".into() } else { "img.hero".into() },
        url: (!text).then(|| "/static/images/hero.png".into()),
        size: 120_000,
        parts,
        earlier: 1,
    };
    let view = PageView {
        ended: Ended::Settled,
        lcp: Some(lcp),
        fcp_ms: Some(180.0 + n as f64),
        ttfb_ms: Some(40.0),
        load_ms: Some(at_ms - 12.0),
        cls: if n.is_multiple_of(4) { 0.18 } else { 0.012 },
        status: Some(200),
        requests: 9,
        bytes: 412_345,
        failed: Vec::new(),
        failed_count: 0,
        kept_in: Vec::new(),
        at: None,
        withheld: Vec::new(),
        console: Vec::new(),
        console_errors: 0,
    };
    seen(n, view)
}

/// What a page loads, with a request that failed and one that never came.
fn film(number: u64) -> Film {
    let slow = if number >= SETTLED { 2_405.0 } else { lcp_ms(number) };
    let fetched = |url: &str, kind: &str, start_ms, first_byte_ms, end_ms, bytes| Fetched {
        url: url.into(),
        kind: kind.into(),
        start_ms,
        first_byte_ms,
        end_ms,
        status: first_byte_ms.map(|_| 200),
        bytes,
        cached: false,
        failed: None,
    };
    let mut all = vec![
        fetched("/", "Document", 2.0, Some(40.0), Some(62.0), 8_400),
        fetched("/static/css/main.css", "Stylesheet", 70.0, Some(110.0), Some(180.0), 32_000),
        fetched("/static/js/main.js", "Script", 71.0, Some(112.0), Some(260.0), 148_000),
        fetched("/static/images/logo.png", "Image", 72.0, Some(72.0), Some(73.0), 0),
        fetched("/static/images/hero.png", "Image", 90.0, Some(slow * 0.7), Some(slow - 30.0), 412_000),
        fetched("/api/events?limit=20&from=2027-01-01", "Fetch", 280.0, Some(350.0), Some(420.0), 12_000),
        fetched(&format!("/api/{HOSTILE}"), "Fetch", 300.0, None, Some(900.0), 0),
    ];
    all[3].cached = true;
    all[6].failed = Some(format!("net::ERR_FAILED {HOSTILE}"));
    if number == SETTLED {
        all.push(fetched("/static/fonts/inter.woff2", "Font", 200.0, None, None, 0));
    }
    let frame = |at_ms: f64| Frame { at_ms, jpeg: JPEG.into() };
    Film { frames: [0.1, 0.5, 1.0].map(|part| frame(part * slow)).to_vec(), fetched: all }
}
