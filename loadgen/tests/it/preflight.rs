//! The preflight: what a target lacks, said before anything is loaded.

use std::{
    collections::BTreeSet,
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::{Next, from_fn},
    response::Response,
};
use contract::{endpoint::split_route, webhooks::ReceiveStripe};
use engine::{ends::Ends, exit::Exit};
use expect_test::expect;
use loadgen::{
    books::Books,
    http::{Connector, Limits},
    options::{self, Options, Unfit},
    preflight::{self, Findings, Ink, Kind, Kit, Wanted},
    report,
    run::Run,
    scenarios,
    suite::{self, SuiteError},
    target::Target,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::{
    scopes::{plan, smoke},
    servers::{local, serve},
    stage::{Play, WORLD, play},
};

const ADMIN_TOKEN: &str = "token-of-the-tests";

/// Changes an answer of the API: its body in place, and its status and media type when something is returned.
/// `asked` is method and path.
pub(crate) type Change = fn(asked: &str, body: &mut Value) -> Option<(u16, &'static str)>;

fn honest(_: &str, _: &mut Value) -> Option<(u16, &'static str)> {
    None
}

/// The mock, with this change to its answers.
pub(crate) fn mock(change: Change) -> Router {
    let config = mock_server::Config {
        admin_token: ADMIN_TOKEN.to_owned(),
        world: Some(*WORLD),
        ..mock_server::Config::default()
    };
    let changed = move |request: Request, next: Next| async move {
        let asked = format!("{} {}", request.method(), request.uri().path());
        let answer = next.run(request).await;
        let kind = answer.headers().get(header::CONTENT_TYPE);
        if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) {
            return answer;
        }
        let (mut head, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("the mock answers whole");
        let mut value: Value = serde_json::from_slice(&body).expect("the mock's JSON is JSON");
        if let Some((status, kind)) = change(&asked, &mut value) {
            head.status = StatusCode::from_u16(status).expect("a status");
            head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        head.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(head, Body::from(value.to_string()))
    };
    mock_server::service(config).expect("nothing was kept").layer(from_fn(changed))
}

/// A target on a runtime of its own; it ends when this is dropped.
struct Standing {
    origin: String,
    runtime: Option<Runtime>,
}

impl Standing {
    fn new(router: Router) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a loopback port");
        let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { origin, runtime: Some(runtime) }
    }

    fn target(&self) -> Target {
        Target::parse(&self.origin).expect("a loopback origin")
    }

    fn options(&self, scenarios: &[&str]) -> Options {
        let names: Vec<String> = scenarios.iter().map(|name| (*name).to_owned()).collect();
        Options {
            scenarios: options::choose(&names).expect("scenarios of these names"),
            world: *WORLD,
            admin_token: Some(ADMIN_TOKEN.to_owned()),
            workers: 1,
            watch: loadgen::watch::Wish { quiet: true, ..Default::default() },
            time_scale: 0.05,
            ..Options::new(self.target())
        }
    }

    fn connector(&self) -> Connector {
        Connector::new(Arc::new(self.target()), None, Limits::default())
    }

    /// What a preflight of these scenarios finds.
    fn findings(&self, scenarios: &[&str]) -> Findings {
        let checked = suite::preflight(&self.options(scenarios), &Ends::new()).expect("the target answers");
        checked.state.expect("the world is there, and nobody has registered");
        checked.findings
    }

    /// Ids in the mock's webhook book, and what its audit says.
    fn books(&self) -> (Vec<String>, bool) {
        local(async {
            let books = Books::new(&self.connector(), ADMIN_TOKEN);
            let ids = books.webhooks().await.expect("the book").into_keys().collect();
            (ids, books.audit().await.expect("the audit").ok)
        })
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

/// The table, without the times.
fn table(findings: &Findings) -> String {
    let mut findings = findings.clone();
    findings.took = Duration::ZERO;
    for probed in &mut findings.endpoints {
        probed.took = probed.took.map(|_| Duration::ZERO);
    }
    preflight::text(&findings, Ink::Plain)
}

fn kind(findings: &Findings, route: &str) -> Kind {
    findings.of(route).unwrap_or_else(|| panic!("{route} was not asked")).kind()
}

#[test]
fn what_probes_share_is_shown_without_secrets() {
    let target = Arc::new(Target::parse("http://127.0.0.1:1").expect("a loopback origin"));
    let connector = Connector::new(target, None, Limits::default());
    let shown = format!("{:?}", Kit::new(&connector, &WORLD, "n0".into(), "whsec_hunter2".to_owned()));
    assert!(shown.contains("n0") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn there_is_a_probe_of_every_route_of_every_scenario() {
    let probed: BTreeSet<_> = preflight::probed_routes().collect();
    for scenario in scenarios::ALL {
        let routes = preflight::routes_of(&plan(scenario.name(), &smoke()));
        assert!(!routes.is_empty(), "{} asks nothing", scenario.name());
        for route in routes {
            assert!(probed.contains(route), "{} asks {route}, of which there is no probe", scenario.name());
        }
    }
}

/// The route that a request goes to: of several that match, the one that leaves least open.
fn route_of(asked: &str) -> Option<&'static str> {
    let (method, path) = asked.split_once(' ')?;
    let fits = |route: &&'static str| {
        let (wanted, template) = split_route(route);
        let (parts, slots) = (path.split('/').collect::<Vec<_>>(), template.split('/').collect::<Vec<_>>());
        let same = |(part, slot): (&&str, &&str)| slot.starts_with('{') || part == slot;
        method == wanted && parts.len() == slots.len() && parts.iter().zip(&slots).all(same)
    };
    contract::measured_routes().filter(fits).min_by_key(|route| route.matches('{').count())
}

/// Everything a scenario asks before its start, while it warms up, and after its end; and on its way where that is
/// what is looked at afterwards.
async fn asked_by(name: &'static str, turns: Vec<(u64, u64)>) -> BTreeSet<String> {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    for acts in [Play::Rounds(1), Play::Whole { turns, scale: 1.0 }] {
        let log = seen.clone();
        let watch = move |request: Request, next: Next| {
            let asked = format!("{} {}", request.method(), request.uri().path());
            log.lock().expect("nobody panicked").insert(asked);
            next.run(request)
        };
        play(name, mock(honest).layer(from_fn(watch)), acts).await;
    }
    let seen = seen.lock().expect("nobody panicked");
    seen.iter().filter(|asked| !asked.contains("/__admin/")).cloned().collect()
}

#[tokio::test]
async fn a_plan_names_every_route_its_scenario_asks() {
    let all = scenarios::ALL.map(|scenario| async move {
        let name = scenario.name();
        let plan = scenario.plan(&loadgen::scenario::Scope { world: *WORLD, ..smoke() });
        let turns = match plan.script.intents().position(|line| line.contains("AheadOfOlder")) {
            Some(n) if name == "webhooks-load" => vec![(n as u64, 0), (n as u64 + 1, 0)],
            _ if name == "event-rsvp-load" => vec![(0, 0)],
            _ => Vec::new(),
        };
        let (named, seen) = (preflight::routes_of(&plan), asked_by(name, turns).await);
        assert!(!seen.is_empty(), "{name} asked nothing");
        for asked in seen {
            let route = route_of(&asked).unwrap_or_else(|| panic!("{name} asks {asked}, which is no route"));
            assert!(named.contains(&route), "{name} asks {route} and does not say so");
        }
    });
    // All at once, since most of it is waiting.
    futures_util::future::join_all(all).await;
}

#[test]
fn an_honest_target_can_run_all_six_and_keeps_nothing_of_it() {
    let mock = Standing::new(mock(honest));
    for _ in 0..2 {
        // The second time, the state that was checked is what the first left behind.
        let findings = mock.findings(&[]);
        assert!(findings.all_fit(), "{}", table(&findings));
        assert_eq!(findings.named(true).len(), scenarios::ALL.len());
        assert_eq!(findings.counts().into_iter().collect::<Vec<_>>(), [(Kind::Ok, 34)]);
    }
    let (events, in_order) = mock.books();
    assert!(in_order, "the audit of the mock's own books");
    assert!(events.iter().all(|id| id.ends_with("preflight")), "{events:?}");
    assert_eq!(events.len(), 2, "the forged ones are not in the book");
}

#[test]
fn a_socket_that_does_not_open_is_told_without_its_token_and_its_session_is_left() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let watch = move |request: Request, next: Next| {
        let path = request.uri().path().to_owned();
        log.lock().expect("nobody panicked").push(path.clone());
        async move {
            if path.starts_with("/ws/") {
                let refused = Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR);
                return refused.body(Body::empty()).expect("a status and no body");
            }
            next.run(request).await
        }
    };
    let mock = Standing::new(mock(honest).layer(from_fn(watch)));
    let findings = mock.findings(&["rtc-load"]);
    assert_eq!(kind(&findings, contract::ws::ROUTE), Kind::Refused);
    let said = format!("{}{}", table(&findings), serde_json::to_string(&findings).expect("it is JSON"));
    assert!(said.contains("socket /ws/sessions/test_session_001: "), "{said}");
    assert!(!said.contains("token="), "{said}");
    let seen = seen.lock().expect("nobody panicked");
    let asked = |what: &str| {
        let path = format!("/api/rtc/sessions/test_session_001/{what}");
        seen.iter().filter(|seen| **seen == path).count()
    };
    assert_eq!((asked("join"), asked("leave")), (1, 1));
}

/// Refuses with what would do something where it is shown.
fn hostile(asked: &str, body: &mut Value) -> Option<(u16, &'static str)> {
    if asked != "GET /api/search" {
        return None;
    }
    let long = "x".repeat(90);
    *body = json!({ "detail": format!("\u{1b}[2J\u{202e}{long} ::error::owned ##[add-mask]owned") });
    Some((403, "application/json"))
}

#[test]
fn what_a_target_says_controls_neither_the_terminal_nor_a_workflow() {
    let findings = Standing::new(mock(hostile)).findings(&["search-load"]);
    for ink in [Ink::Plain, Ink::Colour] {
        let said = preflight::text(&findings, ink);
        assert!(said.contains("owned"), "{said}");
        assert!(!said.contains("\u{1b}[2J") && !said.contains('\u{202e}') && !said.contains("##["), "{said}");
        let commands = said.lines().filter(|line| line.trim_start().starts_with("::")).count();
        assert_eq!(commands, 0, "{said}");
    }
}

/// What a deployment that has drifted answers.
fn drifted(asked: &str, body: &mut Value) -> Option<(u16, &'static str)> {
    const JSON: &str = "application/json";
    match asked {
        "GET /api/search" => {
            for result in body["results"].as_array_mut()? {
                result["score"] = json!("0.93");
            }
            None
        }
        "GET /api/instructors" => {
            for instructor in body["instructors"].as_array_mut()? {
                let years = instructor.as_object_mut()?.remove("years_experience")?;
                instructor["experience_years"] = years;
                instructor["rank"] = json!(null);
            }
            None
        }
        "GET /api/users/me/dashboard" => {
            *body = json!({ "detail": "CSRF token missing" });
            Some((403, JSON))
        }
        "POST /api/rtc/sessions/test_session_001/join" => {
            *body = json!({ "detail": "Not Found" });
            Some((404, JSON))
        }
        "POST /api/events/evt_load_test_baseline/rsvp" => Some((200, JSON)),
        "GET /api/subscriptions/plans" => Some((200, "text/html; charset=utf-8")),
        "GET /api/subscriptions/my-subscription" => {
            body["tier"] = json!("gold");
            body["current_period_end"] = json!("next year");
            None
        }
        "POST /api/webhooks/stripe" if body["detail"].is_string() => {
            *body = json!({ "received": true, "status": "success", "event_id": "evt" });
            Some((200, JSON))
        }
        _ => None,
    }
}

#[test]
fn a_drifted_target_is_told_place_by_place_with_what_cannot_run() {
    let mock = Standing::new(mock(drifted));
    expect![[r#"
          endpoint                                                   finding            time
          POST /api/auth/login                                       ok                 0 ms
          POST /api/auth/refresh                                     ok                 0 ms
          GET /api/auth/me                                           ok                 0 ms
          GET /api/events                                            ok                 0 ms
          GET /api/events/search                                     ok                 0 ms
          GET /api/events/{event_id}                                 ok                 0 ms
          POST /api/events/{event_id}/rsvp                           shape differs      0 ms
              status: expected 201, got 200
              disables event-rsvp-load
          GET /api/events/{event_id}/registrations                   ok                 0 ms
          DELETE /api/events/{event_id}/rsvp                         ok                 0 ms
          POST /api/events/{event_id}/waitlist                       ok                 0 ms
          GET /api/search                                            shape differs      0 ms
              results[0].score: expected a number, got a string ("0.93")
              disables search-load, page-load
          GET /api/subscriptions/plans                               shape differs      0 ms
              content-type: expected application/json, got text/html; charset=utf-8:
                `{"plans":[{"billing_interval":"free","code":"FREE","features…`
              disables api-load
          GET /api/subscriptions/my-subscription                     shape differs      0 ms
              current_period_end: expected a time such as "2027-01-01T12:00:00Z", got a string ("next year")
              tier: expected "free" or "basic" or "premium" or "lifetime", got a string ("gold")
              disables webhooks-load, api-load
          GET /api/instructors                                       shape differs      0 ms
              instructors[0].rank: expected a string, got null
              instructors[0].years_experience: expected a whole number of at least 0, got nothing (the contract does
                not know `experience_years`)
              disables page-load
          GET /api/users/me/dashboard                                refused            0 ms
              403 CSRF token missing
              disables page-load
          POST /api/webhooks/stripe                                  shape differs      0 ms
              status: expected 400 for a bad signature, got 200
              disables webhooks-load
          POST /api/rtc/sessions/{session_id}/join                   missing            0 ms
              404 Not Found
              disables rtc-load
          POST /api/rtc/sessions/{session_id}/video-token            not asked             –
              needs POST /api/rtc/sessions/{session_id}/join, which failed
              disables rtc-load
          GET /api/rtc/sessions/{session_id}/video-health            not asked             –
              needs POST /api/rtc/sessions/{session_id}/join, which failed
              disables rtc-load
          POST /api/rtc/sessions/{session_id}/leave                  ok                 0 ms
          POST /v1/apps/{app_id}/sessions/new                        not asked             –
              needs POST /api/rtc/sessions/{session_id}/video-token, which failed
              disables rtc-load
          POST /v1/apps/{app_id}/sessions/{session_id}/tracks/new    not asked             –
              needs POST /v1/apps/{app_id}/sessions/new, which failed
              disables rtc-load
          PUT /v1/apps/{app_id}/sessions/{session_id}/renegotiate    not asked             –
              needs POST /api/rtc/sessions/{session_id}/video-token, which failed
              disables rtc-load
          PUT /v1/apps/{app_id}/sessions/{session_id}/tracks/close   not asked             –
              needs POST /api/rtc/sessions/{session_id}/video-token, which failed
              disables rtc-load
          PUT /v1/apps/{app_id}/sessions/{session_id}/tracks/update  not asked             –
              needs POST /api/rtc/sessions/{session_id}/video-token, which failed
              disables rtc-load
          GET /                                                      ok                 0 ms
          GET /events                                                ok                 0 ms
          GET /instructors                                           ok                 0 ms
          GET /search                                                ok                 0 ms
          GET /dashboard                                             ok                 0 ms
          GET /static/css/main.css                                   ok                 0 ms
          GET /static/js/main.js                                     ok                 0 ms
          GET /static/images/logo.png                                ok                 0 ms
          GET /ws/sessions/{session_id}                              not asked             –
              needs POST /api/rtc/sessions/{session_id}/join, which failed
              disables rtc-load

          scenario         can run
          search-load      no
              GET /api/search: shape differs
          rtc-load         no
              POST /api/rtc/sessions/{session_id}/join: missing
              8 routes could not be asked
          webhooks-load    no
              GET /api/subscriptions/my-subscription: shape differs
              POST /api/webhooks/stripe: shape differs
          event-rsvp-load  no
              POST /api/events/{event_id}/rsvp: shape differs
          page-load        no
              GET /api/search: shape differs
              GET /api/instructors: shape differs
              GET /api/users/me/dashboard: refused
          api-load         no
              GET /api/subscriptions/plans: shape differs
              GET /api/subscriptions/my-subscription: shape differs

        preflight: 34 endpoints: 18 ok, 1 missing, 6 shape differs, 1 refused, 8 not asked, 0.0 s; cannot run:
          search-load, rtc-load, webhooks-load, event-rsvp-load, page-load, api-load
    "#]].assert_eq(&table(&mock.findings(&[])));
}

#[test]
fn without_a_login_the_rest_is_asked_all_the_same() {
    let mock = Standing::new(mock(|asked, body| {
        (asked == "POST /api/auth/login").then(|| {
            *body = json!({ "detail": "Method Not Allowed" });
            (405, "application/json")
        })
    }));
    let findings = mock.findings(&["search-load", "api-load"]);
    expect![["
          endpoint                                finding            time
          POST /api/auth/login                    missing            0 ms
              405 Method Not Allowed
              disables api-load
          POST /api/auth/refresh                  not asked             –
              needs POST /api/auth/login, which failed
              disables api-load
          GET /api/auth/me                        not asked             –
              needs POST /api/auth/login, which failed
              disables api-load
          GET /api/events                         ok                 0 ms
          GET /api/events/search                  ok                 0 ms
          GET /api/events/{event_id}              ok                 0 ms
          GET /api/search                         ok                 0 ms
          GET /api/subscriptions/plans            ok                 0 ms
          GET /api/subscriptions/my-subscription  not asked             –
              needs POST /api/auth/login, which failed
              disables api-load

          scenario     can run
          search-load  yes
          api-load     no
              POST /api/auth/login: missing
              3 routes could not be asked

        preflight: 9 endpoints: 5 ok, 1 missing, 3 not asked, 0.0 s; cannot run: api-load
    "]]
    .assert_eq(&table(&findings));
    assert_eq!(
        findings.why_not("api-load").as_deref(),
        Some("preflight: POST /api/auth/login: missing (405 Method Not Allowed), and 3 more")
    );
}

#[test]
fn what_a_profile_declares_missing_is_not_asked() {
    let mock = Standing::new(mock(honest));
    let wanted = Wanted { scenario: "webhooks-load", routes: vec!["POST /api/webhooks/stripe"] };
    let findings = local(async {
        let kit = Kit::new(&mock.connector(), &WORLD, "n0".into(), "whsec_test_secret".to_owned());
        preflight::ask(&kit, &[wanted], |_| Some("Stripe is not wired there".to_owned())).await
    });
    assert_eq!(kind(&findings, <ReceiveStripe as contract::Endpoint>::ROUTE), Kind::Missing);
    assert_eq!(findings.named(false), ["webhooks-load"]);
    assert_eq!(mock.books().0, [""; 0], "nothing was delivered");
}

#[test]
fn whoever_hangs_up_gives_no_answer() {
    let findings = local(async {
        let origin = serve(|_, stream| async move { drop(stream) }).await;
        let target = Target::parse(&origin).expect("a loopback origin");
        let connector = Connector::new(Arc::new(target), None, Limits::default());
        let kit = Kit::new(&connector, &WORLD, "n0".into(), "whsec_test_secret".to_owned());
        let wanted = Wanted { scenario: "page-load", routes: vec!["GET /", "GET /ws/sessions/{session_id}"] };
        preflight::ask(&kit, &[wanted], |_| None).await
    });
    assert_eq!(kind(&findings, "GET /"), Kind::Unanswered);
    assert_eq!(kind(&findings, "GET /ws/sessions/{session_id}"), Kind::NotAsked);
    assert_eq!(findings.named(false), ["page-load"]);
}

#[test]
fn findings_are_data_as_well() {
    let mock = Standing::new(mock(drifted));
    let findings = serde_json::to_value(mock.findings(&["search-load"])).expect("plain data");
    let first = &findings["endpoints"][0];
    assert_eq!(first["route"], "GET /api/search");
    assert_eq!(first["finding"], "differs");
    assert_eq!(
        first["differences"][0],
        json!({ "at": "results[0].score", "expected": "a number", "got": "a string (\"0.93\")" })
    );
    assert_eq!(first["disables"], json!(["search-load"]));
    assert!(first["took_ms"].is_number());
    assert_eq!(findings["scenarios"], json!([{ "name": "search-load", "lacks": ["GET /api/search"] }]));
}

/// Whoever is signed in is nobody.
fn forgetful(asked: &str, body: &mut Value) -> Option<(u16, &'static str)> {
    (asked == "GET /api/auth/me").then(|| {
        *body = json!({ "detail": "Could not validate credentials" });
        (401, "application/json")
    })
}

const CHOSEN: [&str; 2] = ["webhooks-load", "api-load"];

#[test]
fn a_run_stops_before_any_load_when_a_scenario_cannot_work() {
    let mock = Standing::new(mock(forgetful));
    let out = tempfile::tempdir().expect("a directory");
    let options = Options { out: out.path().to_owned(), ..mock.options(&CHOSEN) };
    let error = suite::run(&options, &Ends::new()).expect_err("api-load cannot work");
    assert_eq!(error.exit(), Exit::Unreachable);
    assert!(matches!(error, SuiteError::Unfit(_)));
    let said = error.to_string();
    for part in
        ["cannot run api-load", "--allow-partial runs the others (webhooks-load)", "GET /api/auth/me", "401"]
    {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(fs::read_dir(out.path()).expect("it is there").count(), 0, "no folder of a run");
    let (events, _) = mock.books();
    assert_eq!(events.len(), 1, "only the preflight's own event: {events:?}");
}

#[test]
fn allow_partial_runs_the_others_and_says_what_was_left_out() {
    let mock = Standing::new(mock(forgetful));
    let out = tempfile::tempdir().expect("a directory");
    let options = Options { out: out.path().to_owned(), unfit: Unfit::LeaveOut, ..mock.options(&CHOSEN) };
    let outcome = suite::run(&options, &Ends::new()).expect("webhooks-load can work");
    let ran: Vec<_> = outcome.run.scenarios.iter().map(|measured| measured.run.name.as_str()).collect();
    assert_eq!(ran, ["webhooks-load"]);
    let [left] = outcome.run.not_run.as_slice() else { panic!("{:?}", outcome.run.not_run) };
    assert_eq!(left.name, "api-load");
    assert_eq!(left.why, "preflight: GET /api/auth/me: refused (401 Could not validate credentials)");
    assert!(left.left_out);
    assert_ne!(
        outcome.judgement.exit(engine::exit::Inconclusive::Pass),
        Exit::Unreachable,
        "those that ran decide"
    );
    assert_eq!(Run::read(&outcome.dir).expect("it was written"), outcome.run);
    let closing = report::closing(&outcome.run);
    assert!(closing.contains("1 scenario NOT RUN") && closing.contains(&left.why), "{closing}");
    for file in [
        "report.html",
        "SUMMARY_REPORT.md",
        "LOAD_TEST_REPORT.md",
        "junit.xml",
        "api-load_summary.txt",
        "suite.log",
    ] {
        let text = fs::read_to_string(outcome.dir.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(text.contains("GET /api/auth/me: refused"), "{file} does not say why");
    }
}

#[test]
fn a_mock_that_is_wrong_on_purpose_is_played_all_the_same() {
    let mock = Standing::new(mock(forgetful));
    let out = tempfile::tempdir().expect("a directory");
    let options = Options { out: out.path().to_owned(), unfit: Unfit::Play, ..mock.options(&["api-load"]) };
    let outcome = suite::run(&options, &Ends::new()).expect("it is played");
    assert_eq!(outcome.judgement.exit(engine::exit::Inconclusive::Pass), Exit::Failed);
}
