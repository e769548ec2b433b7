//! What other layers and handlers may ask of the layer, on paused time.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use fixtures::profiles::Profile;
use tower::Service as _;

use super::truth::{Detail, RouteTruth};
use super::{Latency, Longer, NeverArrives, Origin, Owner, parse};
use crate::clock;

const ROUTE: &str = "GET /api/events";

/// Every answer takes 100 ms, of which it holds the only server of `db` for 10.
fn steady() -> Profile {
    parse(
        "name = \"steady\"\n[pools.db]\nsize = 1\nqueue = 9\nacquire_timeout_ms = 900\n[default]\nunloaded = true\n\
         min = 100\np50 = 100\np95 = 100.01\np99 = 100.02\np999 = 100.03\ncap = 100.03\n\
         stages = [{ pool = \"db\", hold_ms = 10 }]\n",
    )
    .expect("it parses")
}

struct Asked {
    took_ms: f64,
    timing: String,
    truth: RouteTruth,
}

/// Sends a request with extensions to a handler that answers with extensions.
async fn ask(
    profile: &Profile,
    outside: impl FnOnce(&mut http::Extensions),
    inside: impl Fn(&mut http::Extensions) + Clone + Send + Sync + 'static,
) -> Asked {
    let latency = Arc::new(Latency::new(profile, 42));
    let handler = move || {
        let mut response = Response::new(Body::empty());
        inside(response.extensions_mut());
        async { response }
    };
    let mut router: Router = Router::new().route("/", get(handler).route_layer(latency.layer(ROUTE)));
    let mut request = Request::new(Body::empty());
    outside(request.extensions_mut());
    let sent = clock::now();
    let Ok(response) = router.call(request).await;
    Asked {
        took_ms: sent.elapsed().as_secs_f64() * 1e3,
        timing: response.headers()["server-timing"].to_str().expect("text").to_owned(),
        truth: latency.truth(Detail::Histograms).remove(0),
    }
}

fn longer(extensions: &mut http::Extensions) {
    extensions.insert(Longer(Duration::from_millis(400)));
}

fn lost(extensions: &mut http::Extensions) {
    extensions.insert(NeverArrives);
}

fn assert_planned_and_held(asked: &Asked, millis: f64) {
    let near = |us: u64| (us as f64 / 1e3 - millis).abs() < 2.0;
    assert!((asked.took_ms - millis).abs() < 2.0, "{}", asked.took_ms);
    assert!(near(asked.truth.planned.p50) && near(asked.truth.held.p50), "{:?}", asked.truth);
    assert_eq!((asked.truth.count, asked.truth.abandoned, asked.truth.in_flight), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_layer_outside_makes_a_request_longer() {
    let asked = ask(&steady(), longer, |_| {}).await;
    assert_planned_and_held(&asked, 500.0);
    assert!(asked.timing.starts_with("queue;dur=0.000, db;dur=10.000, app;dur=9"), "{}", asked.timing);
    assert!(asked.timing.contains("fault;dur=400.000, total;dur=500."), "{}", asked.timing);
    let asked = ask(&Profile::instant(), longer, |_| {}).await;
    assert_planned_and_held(&asked, 400.0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_makes_its_answer_longer() {
    let asked = ask(&steady(), |_| {}, longer).await;
    assert_planned_and_held(&asked, 500.0);
    assert!(asked.timing.contains("app;dur=490.") && !asked.timing.contains("fault"), "{}", asked.timing);
    let asked = ask(&Profile::instant(), |_| {}, longer).await;
    assert_planned_and_held(&asked, 400.0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_arrives_counts_as_given_up() {
    for profile in [steady(), Profile::instant()] {
        for asked in [ask(&profile, |_| {}, lost).await, ask(&profile, lost, |_| {}).await] {
            assert_eq!((asked.truth.count, asked.truth.abandoned, asked.truth.in_flight), (0, 1, 0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_brown_out_takes_servers_of_a_pool_away() {
    let latency = Latency::new(&steady(), 42);
    assert_eq!(latency.pool_names(), ["db"]);
    let until = clock::now() + Duration::from_millis(700);
    let first = Owner::default().next();
    assert!(latency.seize(first, "db", 9, until));
    assert!(!latency.seize(first, "disk", 9, until));
    let route = latency.route(ROUTE).expect("it is measured");
    let (_, plan, _) = latency.admit(route, "", Duration::ZERO);
    assert_eq!(plan.queue, Duration::from_millis(700));
    assert_eq!(latency.pools()[0].held, 1);
    // Another profile begins with idle pools, but the brown-out goes on.
    latency.replace(&steady(), Origin::Given);
    assert_eq!(latency.admit(route, "", Duration::ZERO).1.queue, Duration::from_millis(700));
    // A profile without the pool in between ends nothing either.
    latency.replace(&Profile::instant(), Origin::Given);
    latency.replace(&steady(), Origin::Given);
    assert_eq!(latency.pools()[0].held, 1);
    let second = first.next();
    latency.release_before(second);
    assert!(!latency.seize(first, "db", 9, until), "what comes late for an earlier owner is too late");
    assert_eq!(latency.pools()[0].held, 0);
    assert_eq!(latency.admit(route, "", Duration::ZERO).1.queue, Duration::ZERO);
    latency.replace(&steady(), Origin::Given);
    assert_eq!(latency.pools()[0].held, 0, "what was given back is not carried over");
}
