//! A whole search against a mock whose capacity is known.

use std::{fs, net::SocketAddr, sync::mpsc, thread, time::Duration};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::Request,
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use engine::ends::Ends;
use loadgen::{
    limit::{
        self, FILE, Limit, Patience, REPORT, Trial,
        search::{End, Outcome, Rules},
    },
    options::Options,
    preset::Preset,
    run::Run,
    scenarios,
    target::Target,
};
use mock_server::Config;

use crate::stage::WORLD;

pub(crate) const TOKEN: &str = "admin-token-of-the-tests";
/// Of each trial's events, how many are taken.
const CAPACITY: u64 = 110;

/// A mock that takes the first [`CAPACITY`] events of each trial and refuses the others: that is its limit, however
/// fast this machine is.
fn mock() -> Router {
    let config = Config { admin_token: TOKEN.to_owned(), world: Some(*WORLD), ..Config::default() };
    mock_server::service(config).expect("no worlds were kept").layer(middleware::from_fn(refuse_the_rest))
}

async fn refuse_the_rest(request: Request, next: Next) -> Response {
    if request.uri().path() != "/api/webhooks/stripe" {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("an event is small");
    if number(&String::from_utf8_lossy(&body)).is_some_and(|number| number >= CAPACITY) {
        let refusal = serde_json::json!({ "detail": "no more today" });
        return (StatusCode::BAD_REQUEST, Json(refusal)).into_response();
    }
    next.run(Request::from_parts(head, Body::from(body))).await
}

/// Which of its trial's events this is: `evt_lt` and eight letters and digits of the trial come before it.
fn number(body: &str) -> Option<u64> {
    let (_, id) = body.split_once("\"evt_lt")?;
    let digits = id.get(8..)?.strip_prefix('e')?;
    digits.split('"').next()?.parse().ok()
}

/// Serves on a thread of its own, for as long as the process lives.
pub(crate) fn served() -> String {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
            let address = listener.local_addr().expect("it is bound");
            // Whoever asks waits some seconds only, and the world has to be built before anybody is answered.
            let service = mock().into_make_service_with_connect_info::<SocketAddr>();
            tell.send(format!("http://{address}")).expect("the test waits");
            let _ = axum::serve(listener, service).await;
        });
    });
    told.recv().expect("it listens")
}

#[test]
fn a_limit_is_searched_for_and_reported() {
    let out = tempfile::tempdir().expect("a directory");
    let options = Options {
        scenarios: vec![scenarios::find("webhooks-load").expect("it exists")],
        preset: Preset::Smoke,
        // A second of load: 100 events at factor 1.
        time_scale: 0.1,
        world: *WORLD,
        admin_token: Some(TOKEN.to_owned()),
        out: out.path().to_owned(),
        watch: loadgen::watch::Wish { quiet: true, ..Default::default() },
        ..Options::new(Target::parse(&served()).expect("a loopback origin"))
    };
    let patience = Patience { trial_s: None, scaled: true, most: Duration::from_hours(1) };
    let rules = Rules { step: 2.0, within: 0.5, ..Rules::default() };
    let plans = limit::plan(&options, patience, rules).expect("it scales");
    let (limit, dir) = plans.search(&Ends::new(), &|_| ()).expect("the mock is there");

    let kept: Limit = serde_json::from_str(&fs::read_to_string(dir.join(FILE)).expect("kept")).expect("JSON");
    assert_eq!(kept, limit);
    assert!(fs::read_to_string(dir.join(REPORT)).expect("kept").contains("# The limit of webhooks-load"));
    for trial in &limit.trials {
        let run =
            Run::read(&dir.join(trial.dir.as_ref().expect("each was run"))).expect("its run is beside it");
        assert!((run.meta.load - trial.factor).abs() < 1e-9);
    }
    let fits = |factor: f64| (100.0 * factor) as u64 <= CAPACITY;
    let refused = |why: &String| why.contains("valid signatures accepted");
    for trial in &limit.trials {
        // Events were refused in those trials that have more than are taken, and in no others.
        assert_eq!(trial.why.iter().any(refused), !fits(trial.factor), "{trial:?}");
        assert!(trial.outcome == Outcome::Fail || fits(trial.factor), "{trial:?}");
    }
    // A machine that is too busy for a hundred events a second has another limit, and says so.
    let as_it_should = |trial: &Trial| fits(trial.factor) == (trial.outcome == Outcome::Pass);
    if limit.trials.iter().all(as_it_should) {
        assert_eq!((limit.end, limit.holds), (End::Found, Some(1.0)), "{}", limit::closing(&limit));
        assert!(limit.breaks.is_some_and(|breaks| breaks < 1.5), "{limit:?}");
        assert_eq!(limit.trials.len(), 4, "1, 2, halfway, and 1 again");
    }
}
