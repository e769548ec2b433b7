//! page-load: what it plans, and how a visitor browses.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{ConnectInfo, Request},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use contract::{
    auth::{LoginInput, LoginOutput, Role, UserSummary},
    dashboard::{Dashboard, Stats},
    instructors::InstructorPage,
    pages,
    subscriptions::Tier,
};
use engine::record::FaultKind;
use serde_json::json;

use crate::scopes::{full, plan, quick, smoke};
use crate::stage::{Play, WORLD, all_faults, body, faults, play, samples, share};

/// What the server does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    /// The dashboard sends even those who are signed in away.
    ForgetsSessions,
    /// Every page is the start page.
    OnePage,
    /// A kept asset is sent again.
    ForgetsTags,
    /// The script is missing.
    NoScript,
    /// The list of events fails.
    EventsFail,
    /// Everybody's dashboard is the first user's.
    OneDashboard,
}

/// Who asked for what: the port at the other end, method and path.
type Seen = Arc<Mutex<Vec<(u16, String)>>>;

/// The site, and what it has seen.
fn site(lie: Lie) -> (Router, Seen) {
    let seen = Seen::default();
    let log = seen.clone();
    let watch = move |ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next| {
        let log = log.clone();
        async move {
            let asked = format!("{} {}", request.method(), request.uri().path());
            log.lock().expect("nobody panicked").push((peer.port(), asked));
            next.run(request).await
        }
    };
    let html = move |route: &'static str| move |headers: HeaderMap| async move { html(route, &headers, lie) };
    let asset = move |kind: &'static str| move |headers: HeaderMap| async move { asset(kind, &headers, lie) };
    let script = asset("text/javascript");
    let router = Router::new()
        .route("/", get(html(pages::HOME)))
        .route("/events", get(html(pages::EVENTS)))
        .route("/instructors", get(html(pages::INSTRUCTORS)))
        .route("/search", get(html(pages::SEARCH)))
        .route("/dashboard", get(html(pages::DASHBOARD)))
        .route("/static/css/main.css", get(asset("text/css")))
        .route("/static/images/logo.png", get(asset("image/png")))
        .route("/api/auth/login", post(log_in))
        .route("/api/events", get(move || async move { events(lie) }))
        .route("/api/instructors", get(instructors))
        .route("/api/search", get(|| async { Json(json!({"query": "", "results": [], "total": 0, "limit": 20, "offset": 0, "took_ms": 0, "cached": false, "search_type": "keyword"})) }))
        .route("/api/users/me/dashboard", get(move |headers: HeaderMap| async move { dashboard(&headers, lie) }));
    let router = if lie == Lie::NoScript { router } else { router.route("/static/js/main.js", get(script)) };
    (router.layer(from_fn(watch)), seen)
}

fn html(route: &'static str, headers: &HeaderMap, lie: Lie) -> Response {
    let signed_in =
        headers.get(header::COOKIE).is_some_and(|cookie| cookie.as_bytes().starts_with(b"access_token="));
    if route == pages::DASHBOARD && (!signed_in || lie == Lie::ForgetsSessions) {
        return (StatusCode::FOUND, [(header::LOCATION, "/login")]).into_response();
    }
    let shown = if lie == Lie::OnePage { pages::HOME } else { route };
    let marker = pages::marker(shown);
    Html(format!(
        "<!doctype html><html><link href=/static/css/main.css><body {marker}><img src=/static/images/logo.png>\
         <script src=/static/js/main.js></script></body></html>"
    ))
    .into_response()
}

fn asset(kind: &'static str, headers: &HeaderMap, lie: Lie) -> Response {
    if headers.contains_key(header::IF_NONE_MATCH) && lie != Lie::ForgetsTags {
        assert_eq!(headers[header::IF_NONE_MATCH], "\"v1\"");
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([(header::CONTENT_TYPE, kind), (header::ETAG, "\"v1\"")], "content").into_response()
}

fn summary(email: &str) -> UserSummary {
    UserSummary {
        id: "u".into(),
        email: email.into(),
        role: Role::Member,
        tier: Tier::Free,
        first_name: "A".into(),
        last_name: "B".into(),
        is_verified: true,
    }
}

/// The token is the address, so that the dashboard knows whose it is.
async fn log_in(Json(input): Json<LoginInput>) -> Response {
    if input.password != fixtures::PASSWORD {
        return (StatusCode::BAD_REQUEST, Json(json!({"detail": "Invalid email or password"})))
            .into_response();
    }
    Json(LoginOutput {
        message: "Login successful".into(),
        access_token: input.email.clone(),
        refresh_token: "r".into(),
        token_type: "bearer".into(),
        expires_in: 1800,
        user: summary(&input.email),
    })
    .into_response()
}

fn events(lie: Lie) -> Response {
    if lie == Lie::EventsFail {
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"detail": "down"}))).into_response();
    }
    let events: Vec<_> = WORLD.load_events().into();
    let total = events.len();
    Json(json!({"events": events, "total": total, "limit": 20, "page": 1, "offset": 0, "has_more": false}))
        .into_response()
}

async fn instructors() -> Json<InstructorPage> {
    let person = WORLD.instructor(0);
    let instructors = vec![contract::instructors::Instructor {
        id: person.id,
        first_name: person.first_name,
        last_name: person.last_name,
        email: person.email,
        style: person.style,
        rank: person.rank,
        bio: person.bio,
        city: person.city,
        state: person.state,
        years_experience: person.years_experience,
        rating: person.rating,
    }];
    Json(InstructorPage { instructors, total: 1, limit: 20, page: 1, has_more: false })
}

fn dashboard(headers: &HeaderMap, lie: Lie) -> Json<Dashboard> {
    let bearer = headers[header::AUTHORIZATION].to_str().expect("ASCII").trim_start_matches("Bearer ");
    let email = if lie == Lie::OneDashboard { "loadtest_user_999@wwmaa.com" } else { bearer };
    Json(Dashboard {
        user: summary(email),
        subscription: None,
        upcoming_events: Vec::new(),
        recent_activity: Vec::new(),
        stats: Stats { events_attended: 0, hours_trained: 0.0, next_grading: None },
    })
}

async fn browse(lie: Lie) -> engine::run::ScenarioRun {
    // One round is a visitor who signs in and sees each of the five pages once.
    play("page-load", site(lie).0, Play::Rounds(1)).await
}

#[test]
fn ten_thousand_visitors_at_the_peak() {
    let plan = plan("page-load", &full());
    assert_eq!(plan.flows[0].load.peak_users(), Some(10_000));
    assert_eq!(plan.flows[0].ends_at().as_secs(), 900);
    assert!((10_000..16_000).contains(&plan.needs.connections), "{}", plan.needs.connections);
    assert_eq!(plan.needs.load_users, 3_000);
    assert!(plan.needs.requests > 1_000_000, "{}", plan.needs.requests);
}

#[test]
fn presets_scale_the_crowd() {
    let heads = |scope| plan("page-load", &scope).flows[0].load.peak_users();
    assert_eq!([heads(smoke()), heads(quick())], [Some(300), Some(2_000)]);
}

#[test]
fn visits_are_of_the_mix() {
    let plan = plan("page-load", &quick());
    let lines: Vec<String> = plan.script.intents().collect();
    let signed_in = lines.iter().filter(|line| line.contains(" user ")).count() as f64 / lines.len() as f64;
    assert!((signed_in - 0.3).abs() < 0.03, "{signed_in}");
    let dashboards = |line: &&String| line.contains(" dashboard ");
    assert!(lines.iter().filter(|line| line.contains("anonymous")).all(|line| !dashboards(&line)));
    let words: Vec<&str> = lines.iter().flat_map(|line| line.split(' ')).collect();
    let views = words.iter().filter(|word| word.ends_with("ms")).count() as f64;
    let share = |page| words.iter().filter(|word| **word == page).count() as f64 / views;
    // Home takes the dashboards of the seven in ten who are anonymous: 30 % + 7 %.
    for (page, expected) in
        [("home", 0.37), ("events", 0.25), ("instructors", 0.20), ("search", 0.15), ("dashboard", 0.03)]
    {
        assert!((share(page) - expected).abs() < 0.02, "{page}: {}", share(page));
    }
}

#[tokio::test]
async fn a_visitor_sees_every_page_without_error() {
    let run = browse(Lie::None).await;
    assert_eq!(all_faults(&run), []);
    assert_eq!(samples(&run, "page"), 5);
    // A login, five pages, three assets each, four API calls.
    assert_eq!(samples(&run, "all"), 1 + 5 + 15 + 4);
    assert_eq!(samples(&run, "api"), 3, "search is apart");
    assert_eq!((share(&run, "page_load_success"), share(&run, "auth_success")), ((5, 0), (1, 0)));
}

#[tokio::test]
async fn only_the_first_page_opens_more_connections() {
    let (router, seen) = site(Lie::None);
    play("page-load", router, Play::Rounds(1)).await;
    let seen = seen.lock().expect("nobody panicked");
    let ports = |of: &[(u16, String)]| of.iter().map(|(port, _)| *port).collect::<BTreeSet<_>>();
    assert_eq!(ports(&seen).len(), 3, "{seen:?}");
    // A login, the first page's HTML and its three assets; from there on one connection is enough.
    assert_eq!(ports(&seen[5..]), ports(&seen[..1]));
}

#[tokio::test]
async fn a_visitor_with_no_time_to_think_leaves_after_a_page() {
    let run = play(
        "page-load",
        site(Lie::None).0,
        Play::Turns { flow: 0, turns: (0..20).map(|n| (n, 0)).collect() },
    )
    .await;
    assert_eq!(all_faults(&run), []);
    assert_eq!(samples(&run, "page"), 20);
    let logins = samples(&run, "POST /api/auth/login");
    assert!((1..=14).contains(&logins), "three in ten of twenty, about: {logins}");
}

#[tokio::test]
async fn a_redirected_dashboard_is_an_error() {
    let run = browse(Lie::ForgetsSessions).await;
    assert_eq!(faults(&run, pages::DASHBOARD), [(FaultKind::Status(302), 1)]);
    assert_eq!(share(&run, "page_load_success"), (4, 1));
}

#[tokio::test]
async fn another_page_is_not_the_page_asked_for() {
    let run = browse(Lie::OnePage).await;
    assert_eq!(faults(&run, pages::HOME), []);
    assert_eq!(faults(&run, pages::EVENTS), [(body("the page asked for"), 1)]);
    assert_eq!(share(&run, "page_load_success"), (1, 4));
}

#[tokio::test]
async fn a_kept_asset_must_not_be_sent_again() {
    let run = browse(Lie::ForgetsTags).await;
    assert_eq!(faults(&run, pages::CSS), [(FaultKind::Status(200), 4)]);
    assert_eq!(share(&run, "page_load_success"), (1, 4));
}

#[tokio::test]
async fn a_page_without_its_script_is_no_success() {
    let run = browse(Lie::NoScript).await;
    assert_eq!(faults(&run, pages::JS), [(FaultKind::Status(404), 5)]);
    assert_eq!(share(&run, "page_load_success"), (0, 5));
    assert_eq!(faults(&run, "api"), [], "a browser goes on");
}

#[tokio::test]
async fn every_5xx_is_counted_with_its_evidence() {
    let run = browse(Lie::EventsFail).await;
    let counter =
        run.counters.iter().find(|counter| counter.name == "server_errors").expect("it is declared");
    assert_eq!(counter.total, 1);
    assert!(counter.evidence[0].contains("/api/events"), "{:?}", counter.evidence);
}

#[tokio::test]
async fn a_dashboard_of_somebody_else_is_an_error() {
    let run = browse(Lie::OneDashboard).await;
    assert_eq!(faults(&run, "GET /api/users/me/dashboard"), [(body("one's own dashboard"), 1)]);
}
