//! A deployment that differs from the contract: requests and answers through its profile, pure and over a socket.

use std::{
    rc::Rc,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::State, http::HeaderMap as Headers, routing};
use contract::{Endpoint, events::GetEvent, operations::Health};
use contract::{
    auth,
    events::{CreateRsvp, EventParams, ListEvents, ListEventsParams, Participant, RsvpInput},
    instructors::{ListInstructors, ListInstructorsParams},
    pages,
    search::{Search, SearchParams},
    subscriptions::ListPlans,
    webhooks::ReceiveStripe,
};
use engine::record::Registry;
use expect_test::{Expect, expect};
use fixtures::targets;
use http::{HeaderMap, Method, StatusCode};
use loadgen::{
    context::{Context, Surroundings},
    deployment::Deployment,
    http::{Connector, Limits, Outgoing, Received},
    target::Target,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::servers::{get, local};

const HEAD: &str = "name = \"t\"\nabout = \"a\"\nenvironment = \"local\"\nbase = \"http://127.0.0.1:1\"\n";

fn deployment(profile: &str) -> Arc<Deployment> {
    let routes: Vec<&str> = contract::measured_routes().collect();
    let profile = targets::parse(profile, &routes).expect("a profile");
    Deployment::new(&profile).expect("headers that may be sent").expect("it differs in something")
}

fn backend() -> Arc<Deployment> {
    deployment(targets::shipped("backend-2025-11").expect("it is shipped"))
}

fn post(path: &str, body: &Value) -> Outgoing {
    let mut request = Outgoing { method: Method::POST, body: body.to_string().into(), ..get(path) };
    request.headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    request
}

fn answer(status: u16, body: &Value) -> Received {
    Received {
        status: StatusCode::from_u16(status).expect("a status"),
        headers: HeaderMap::new(),
        body: body.to_string().into(),
    }
}

fn in_words(request: &Outgoing) -> String {
    let headers =
        request.headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().expect("text")));
    let body = String::from_utf8_lossy(&request.body);
    format!("{} {}\n{}{body}", request.method, request.path, headers.collect::<String>())
}

/// Sends a request through and its answer back: what the deployment gets, and what the contract gets of it.
fn crossed(
    there: &Arc<Deployment>,
    route: &'static str,
    mut request: Outgoing,
    answer: Received,
) -> (String, String) {
    let crossing = there.adapt(route, &mut request).expect("it is not missing");
    let back = match crossing {
        Some(crossing) => crossing.back(answer),
        None => answer,
    };
    (in_words(&request), format!("{} {}", back.status.as_u16(), String::from_utf8_lossy(&back.body)))
}

fn crosses(route: &'static str, request: Outgoing, back: Received, there: &Expect, here: &Expect) {
    let (asked, answered) = crossed(&backend(), route, request, back);
    there.assert_eq(&asked);
    here.assert_eq(&answered);
}

#[test]
fn an_event_list_of_2025_becomes_the_contracts() {
    let item = json!({"id": "e1", "data": {
        "title": "Open Mat", "description": "Drills", "event_type": "competition", "visibility": "public",
        "status": "published", "start_date": "2026-12-20T18:00:00", "end_date": "2026-12-20T20:00:00.170857",
        "timezone": "America/New_York", "location": "Hall A", "is_online": false, "capacity": 40, "price": 25.5,
        "instructor_info": null, "current_attendees": 3}});
    let page = json!({"events": [item], "total": 1, "limit": 12, "offset": 0});
    let request = get("/api/events?limit=20&page=1&style=judo&is_online=true&sort=start_date");
    crosses(
        ListEvents::ROUTE,
        request,
        answer(200, &page),
        &expect![[r"
        GET /api/events/public?limit=20&location=online&sort=date
    "]],
        &expect![[
            r#"200 {"events":[{"capacity":40,"city":"","created_at":"1970-01-01T00:00:00Z","currency":"usd","current_registrations":3,"description":"Drills","end_date":"2026-12-20T20:00:00.170857Z","event_type":"tournament","id":"e1","instructor_info":null,"is_online":false,"location_address":"","location_name":"Hall A","postal_code":"","price":2550,"start_date":"2026-12-20T18:00:00Z","state":"","status":"published","style":"","tags":[],"timezone":"America/New_York","title":"Open Mat","updated_at":"1970-01-01T00:00:00Z","visibility":"public","waitlist_count":0}],"has_more":false,"limit":12,"offset":0,"page":1,"total":1}"#
        ]],
    );
    let mut request = get("/api/events");
    let crossing =
        backend().adapt(ListEvents::ROUTE, &mut request).expect("it is there").expect("it is mapped");
    let back = crossing.back(answer(200, &page));
    let page: contract::events::EventPage = serde_json::from_slice(&back.body).expect("the contract's types");
    assert_eq!((page.events[0].price, page.events[0].capacity), (2550, 40));
}

#[test]
fn a_registration_of_2025_is_told_apart_by_what_it_says() {
    let person = json!({"email": "a@example.com", "first_name": "Ana", "last_name": "Lee", "phone": "555"});
    let request = || {
        post(
            "/api/events/e%201/rsvp",
            &json!({"event_id": "e 1", "participant": person, "payment": {"payment_method": "pm"}}),
        )
    };
    let taken =
        json!({"rsvp_id": "r1", "status": "confirmed", "event_id": "e 1", "message": "RSVP confirmed"});
    crosses(
        CreateRsvp::ROUTE,
        request(),
        answer(201, &taken),
        &expect![[r#"
        POST /api/events/e%201/rsvp
        content-type: application/json
        x-csrf-token: lt
        cookie: csrf_token=lt
        {"user_email":"a@example.com","user_name":"Ana Lee","user_phone":"555"}"#]],
        &expect![[
            r#"201 {"booking_id":"r1","created_at":"1970-01-01T00:00:00Z","email":"a@example.com","event_id":"e 1","message":"RSVP confirmed","registration_id":"r1","status":"confirmed"}"#
        ]],
    );
    let cases = [
        (400, "User None already has an RSVP for event E with status confirmed"),
        (400, "Event E is at full capacity (2 attendees)"),
        (
            500,
            "Failed to create RSVP: Unexpected error: This is a paid event. Use create_paid_event_checkout instead.",
        ),
        (500, "Failed to create RSVP: Unexpected error: Event X not found"),
        (500, "An unexpected error occurred"),
    ];
    let statuses = cases.map(|(status, detail)| {
        let (_, back) =
            crossed(&backend(), CreateRsvp::ROUTE, request(), answer(status, &json!({"detail": detail})));
        back[..3].to_owned()
    });
    assert_eq!(statuses, ["409", "400", "402", "404", "500"]);
}

#[test]
fn a_search_of_2025_is_a_question() {
    let found = json!({"answer": "…", "sources": [{"title": "Stance", "url": "/articles/a1", "source_type": "profile"}],
                       "media": {}, "related_queries": [], "latency_ms": 812, "cached": false});
    let request = get("/api/search?q=front+kick%3F&limit=20&style=judo");
    crosses(
        Search::ROUTE,
        request,
        answer(200, &found),
        &expect![[r#"
        POST /api/search/query
        content-type: application/json
        x-csrf-token: lt
        cookie: csrf_token=lt
        {"query":"front kick?"}"#]],
        &expect![[
            r#"200 {"answer":"…","cached":false,"limit":10,"media":{},"offset":0,"query":"front kick?","related_queries":[],"results":[{"id":"/articles/a1","relevance_score":0.0,"score":0.0,"snippet":"","title":"Stance","type":"instructor","url":"/articles/a1"}],"search_type":"semantic","took_ms":812,"total":0}"#
        ]],
    );
    let refused = json!({"detail": {"error": "search_error", "message": "too long"}});
    let (_, back) = crossed(&backend(), Search::ROUTE, get("/api/search?q=x"), answer(400, &refused));
    expect![[r#"400 {"detail":"too long"}"#]].assert_eq(&back);
}

#[test]
fn signed_bytes_stay_as_they_are() {
    let bytes = "{ \"id\":  \"evt_1\" }";
    let request = Outgoing { method: Method::POST, body: bytes.into(), ..get("/api/webhooks/stripe") };
    let there =
        json!({"status": "success", "event_id": "evt_1", "event_type": "x", "result": {"status": "ignored"}});
    crosses(
        ReceiveStripe::ROUTE,
        request,
        answer(200, &there),
        &expect![[r#"
        POST /api/webhooks/stripe
        x-csrf-token: lt
        cookie: csrf_token=lt
        { "id":  "evt_1" }"#]],
        &expect![[
            r#"200 {"event_id":"evt_1","event_type":"x","received":true,"result":{"status":"ignored"},"status":"ignored"}"#
        ]],
    );
}

#[test]
fn plans_and_health_of_2025_have_other_names() {
    let tiers = json!({"tiers": [{"id": "free", "code": "FREE", "name": "Free", "price_usd": 0.0,
                       "billing_interval": "free", "benefits": ["a"], "features": {"x": true}}], "total": 1});
    let request = get("/api/subscriptions/plans");
    crosses(
        ListPlans::ROUTE,
        request,
        answer(200, &tiers),
        &expect![[r"
        GET /api/subscriptions
    "]],
        &expect![[
            r#"200 {"plans":[{"billing_interval":"free","code":"FREE","features":["a"],"id":"free","name":"Free","price_usd":0.0}],"total":1}"#
        ]],
    );
    let (asked, _) = crossed(&backend(), Health::ROUTE, get("/health"), answer(200, &json!({})));
    assert_eq!(asked, "GET /api/health\n");
}

#[test]
fn what_is_missing_is_not_sent_and_says_why() {
    let fault =
        backend().adapt(ListInstructors::ROUTE, &mut get("/api/instructors")).expect_err("there is none");
    expect!["the target has no such endpoint: GET /api/instructors: there is no public list of instructors, only the administrators'"].assert_eq(&fault.to_string());
    let target = Target::parse("backend-2025-11").expect("this machine");
    assert!(target.missing(ListInstructors::ROUTE).is_some_and(|why| why.contains("no public list")));
    assert_eq!(target.missing(ListEvents::ROUTE), None);
    assert_eq!(Target::parse("mock").expect("this machine").missing(ListInstructors::ROUTE), None);
}

#[test]
fn the_pair_goes_with_unsafe_methods_beside_other_cookies_and_own_headers_win() {
    let there = deployment(&format!(
        "{HEAD}[headers]\nx-team = \"load\"\nauthorization = \"Bearer p\"\n[csrf]\ncookie = \"c\"\nheader = \"X-C\"\nvalue = \"v\"\n"
    ));
    let mut request = post("/api/auth/login", &json!({}));
    request.headers.insert("cookie", http::HeaderValue::from_static("a=b"));
    request.headers.insert("authorization", http::HeaderValue::from_static("Bearer mine"));
    assert!(there.adapt(auth::Login::ROUTE, &mut request).expect("it is there").is_none(), "nothing to map");
    expect![[r"
        POST /api/auth/login
        content-type: application/json
        cookie: a=b; c=v
        authorization: Bearer mine
        x-team: load
        x-c: v
        {}"]]
    .assert_eq(&in_words(&request));
    let mut request = get("/api/events");
    there.adapt(ListEvents::ROUTE, &mut request).expect("it is there");
    expect![[r"
        GET /api/events
        authorization: Bearer p
        x-team: load
    "]]
    .assert_eq(&in_words(&request));
}

#[test]
fn an_answer_that_is_no_json_keeps_its_bytes() {
    let page =
        Received { status: StatusCode::TEMPORARY_REDIRECT, headers: HeaderMap::new(), body: "<p>".into() };
    let (_, back) = crossed(&backend(), pages::DASHBOARD, get("/dashboard"), page.clone());
    assert_eq!(back, "302 <p>");
    let (_, back) = crossed(&backend(), ListEvents::ROUTE, get("/api/events"), page);
    assert_eq!(back, "307 <p>");
}

/// The body that comes back through these edits.
fn edited(edits: &str, body: &Value) -> Value {
    let there = deployment(&format!("{HEAD}[endpoints.\"GET /api/events\"]\nanswer = [{edits}]\n"));
    let crossing =
        there.adapt(ListEvents::ROUTE, &mut get("/api/events?q=7")).expect("it is there").expect("mapped");
    serde_json::from_slice(&crossing.back(answer(200, body)).body).expect("JSON")
}

#[test]
fn each_edit_does_what_the_language_says() {
    let body = json!({"a": 1, "n": null, "list": [{"x": 1}, {"x": 2, "y": {"z": 3, "x": 9}}, 5], "t": "2026-01-01 10:00:00"});
    let cases = [
        r#"{ move = "/body/a", to = "/body/deep/er" }"#,
        r#"{ move = "/body/list", to = "/body" }"#,
        r#"{ move = "/body/nowhere", to = "/body/a" }"#,
        r#"{ move = "/body/n", to = "/body/a" }"#,
        r#"{ move = "/body/a", to = "/body/t/x" }"#,
        r#"{ move = "/body/list/*/x", to = "/body/list/*/w" }"#,
        r#"{ copy = "/body/a", to = "/body/list/*/a" }"#,
        r#"{ copy = "/request/params/q", to = "/body/a" }"#,
        r#"{ set = "/body/list/*/x", value = [1] }"#,
        r#"{ default = "/body/list/*/y", value = 0 }, { default = "/body/n", value = 0 }, { default = "/body/a", value = 0 }"#,
        r#"{ drop = "/body/list/*/x" }, { drop = "/body/gone" }"#,
        r#"{ text = "{/body/a}-{/body/list/*/x}", to = "/body/list/*/s" }"#,
        r#"{ utc = "/body/t" }, { utc = "/body/t" }, { utc = "/body/a" }"#,
        r#"{ scale = "/body/list/*/x", by = 0.5 }, { scale = "/body/a", by = 100.0 }"#,
        r#"{ words = "/body/list/*/x", mean = { 1 = "one", 5 = "five" } }"#,
        r#"{ lift = "/body/list/*/y" }, { lift = "/body/a" }"#,
    ];
    let said: Vec<String> =
        cases.iter().map(|edits| format!("{edits}\n    {}", edited(edits, &body))).collect();
    expect![[r#"
        { move = "/body/a", to = "/body/deep/er" }
            {"deep":{"er":1},"list":[{"x":1},{"x":2,"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01 10:00:00"}
        { move = "/body/list", to = "/body" }
            [{"x":1},{"x":2,"y":{"x":9,"z":3}},5]
        { move = "/body/nowhere", to = "/body/a" }
            {"a":1,"list":[{"x":1},{"x":2,"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01 10:00:00"}
        { move = "/body/n", to = "/body/a" }
            {"a":1,"list":[{"x":1},{"x":2,"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01 10:00:00"}
        { move = "/body/a", to = "/body/t/x" }
            {"list":[{"x":1},{"x":2,"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01 10:00:00"}
        { move = "/body/list/*/x", to = "/body/list/*/w" }
            {"a":1,"list":[{"w":1},{"w":2,"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01 10:00:00"}
        { copy = "/body/a", to = "/body/list/*/a" }
            {"a":1,"list":[{"a":1,"x":1},{"a":1,"x":2,"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01 10:00:00"}
        { copy = "/request/params/q", to = "/body/a" }
            {"a":"7","list":[{"x":1},{"x":2,"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01 10:00:00"}
        { set = "/body/list/*/x", value = [1] }
            {"a":1,"list":[{"x":[1]},{"x":[1],"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01 10:00:00"}
        { default = "/body/list/*/y", value = 0 }, { default = "/body/n", value = 0 }, { default = "/body/a", value = 0 }
            {"a":1,"list":[{"x":1,"y":0},{"x":2,"y":{"x":9,"z":3}},5],"n":0,"t":"2026-01-01 10:00:00"}
        { drop = "/body/list/*/x" }, { drop = "/body/gone" }
            {"a":1,"list":[{},{"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01 10:00:00"}
        { text = "{/body/a}-{/body/list/*/x}", to = "/body/list/*/s" }
            {"a":1,"list":[{"s":"1-1","x":1},{"s":"1-2","x":2,"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01 10:00:00"}
        { utc = "/body/t" }, { utc = "/body/t" }, { utc = "/body/a" }
            {"a":1,"list":[{"x":1},{"x":2,"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01T10:00:00Z"}
        { scale = "/body/list/*/x", by = 0.5 }, { scale = "/body/a", by = 100.0 }
            {"a":100,"list":[{"x":0.5},{"x":1,"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01 10:00:00"}
        { words = "/body/list/*/x", mean = { 1 = "one", 5 = "five" } }
            {"a":1,"list":[{"x":"one"},{"x":2,"y":{"x":9,"z":3}},5],"n":null,"t":"2026-01-01 10:00:00"}
        { lift = "/body/list/*/y" }, { lift = "/body/a" }
            {"a":1,"list":[{"x":1},{"x":2,"z":3},5],"n":null,"t":"2026-01-01 10:00:00"}"#]].assert_eq(&said.join("\n"));
}

/// Any JSON of a few levels.
fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9i64..9).prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..4).prop_map(|fields| json!(fields)),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_moved_there_and_back_is_as_it_was(items in prop::collection::vec(documents(), 0..4)) {
        let fields: Vec<Value> = items.iter().map(|item| json!({"a": item})).collect();
        let body = json!({"list": fields});
        let edits = r#"{ move = "/body/list/*/a", to = "/body/list/*/other" }, { move = "/body/list/*/other", to = "/body/list/*/a" }"#;
        prop_assert_eq!(edited(edits, &body), body);
    }

    #[test]
    fn edits_that_hit_nothing_change_nothing(document in documents()) {
        let body = json!({"here": document});
        let edits = r#"{ move = "/body/no", to = "/body/here" }, { copy = "/body/no/*/x", to = "/body/here/*/y" },
            { drop = "/body/no/x" }, { utc = "/body/no" }, { scale = "/body/no/*", by = 2.0 }, { lift = "/body/no" },
            { text = "{/body/no}", to = "/body/here" }, { set = "/body/no/*/x", value = 1 }"#.replace('\n', " ");
        prop_assert_eq!(edited(&edits, &body), body);
    }

    #[test]
    fn no_document_breaks_a_shipped_mapping(body in documents(), status in 200u16..600) {
        let backend = backend();
        for route in [ListEvents::ROUTE, GetEvent::ROUTE, CreateRsvp::ROUTE, Search::ROUTE, ListPlans::ROUTE] {
            let (_, path) = route.split_once(' ').expect("method and path");
            let mut request = post(path, &body);
            let crossing = backend.adapt(route, &mut request).expect("it is there").expect("it is mapped");
            let back = crossing.back(answer(status, &body));
            prop_assert!(serde_json::from_slice::<Value>(&back.body).is_ok());
        }
    }

    #[test]
    fn parameters_cross_whatever_they_hold(event in "[^/]{1,8}", text in ".{0,8}") {
        let there = deployment(&format!("{HEAD}[endpoints.\"GET /api/events/{{event_id}}/registrations\"]\nroute = \"GET /x/{{event_id}}\"\nrequest = [{{ move = \"/params/email\", to = \"/params/who\" }}]\n"));
        let params = contract::events::RegistrationsParams { event_id: event.clone(), email: Some(text.clone()), limit: None, page: None };
        let mut request = get(&contract::events::ListRegistrations::path(&params));
        there.adapt(contract::events::ListRegistrations::ROUTE, &mut request).expect("it is there");
        let read = contract::endpoint::path_params("/x/{event_id}", &request.path);
        prop_assert_eq!(read, [("event_id".to_owned(), event), ("who".to_owned(), text)]);
    }
}

/// What a server of another shape was asked.
type Heard = Arc<Mutex<Vec<String>>>;

fn note(heard: &Heard, said: String) {
    heard.lock().expect("nobody panics with it").push(said);
}

/// A server that speaks another shape and insists on it.
fn otherwise(heard: Heard) -> Router {
    let list = |State(heard): State<Heard>, headers: Headers| async move {
        note(&heard, format!("list {:?}", headers.get("x-team")));
        let row = json!({"headline": "Open Mat", "when": "2026-12-20T18:00:00", "max_attendees": 40});
        Json(json!({"rows": [{"id": "e1", "data": row}]}))
    };
    let book = |State(heard): State<Heard>, headers: Headers, Json(body): Json<Value>| async move {
        note(&heard, format!("book {body}"));
        let pair = (headers.get("x-csrf-token"), headers.get("cookie"));
        if !matches!(pair, (Some(token), Some(cookie)) if token == "lt" && cookie == "csrf_token=lt") {
            return (StatusCode::FORBIDDEN, Json(json!({"detail": "CSRF token missing from cookie"})));
        }
        (StatusCode::BAD_REQUEST, Json(json!({"detail": "Ana Lee already has an RSVP"})))
    };
    Router::new()
        .route("/v2/happenings", routing::get(list))
        .route("/v2/happenings/{id}/book", routing::put(book))
        .with_state(heard)
}

async fn up(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::task::spawn_local(async move { axum::serve(listener, router).await });
    origin
}

const OTHERWISE: &str = r#"
name = "otherwise"
about = "a server of another shape"
environment = "local"
base = "BASE"
pages = "PAGES"

[headers]
x-team = "load"

[csrf]
cookie = "csrf_token"
header = "X-CSRF-Token"
value = "lt"

[endpoints."GET /api/instructors"]
missing = "nobody teaches here"

[endpoints."GET /api/events"]
route = "GET /v2/happenings"
answer = [
  { move = "/body/rows", to = "/body/events" },
  { lift = "/body/events/*/data" },
  { move = "/body/events/*/headline", to = "/body/events/*/title" },
  { move = "/body/events/*/when", to = "/body/events/*/start_date" },
  { utc = "/body/events/*/start_date" },
  { copy = "/body/events/*/start_date", to = "/body/events/*/end_date" },
  { copy = "/body/events/*/start_date", to = "/body/events/*/created_at" },
  { copy = "/body/events/*/start_date", to = "/body/events/*/updated_at" },
  { move = "/body/events/*/max_attendees", to = "/body/events/*/capacity" },
  { set = "/body/events/*/event_type", value = "seminar" },
  { set = "/body/events/*/visibility", value = "public" },
  { set = "/body/events/*/status", value = "published" },
  { set = "/body/events/*/is_online", value = false },
  { set = "/body/events/*/current_registrations", value = 0 },
  { set = "/body/events/*/waitlist_count", value = 0 },
  { set = "/body/events/*/price", value = 0 },
  { set = "/body/events/*/tags", value = [] },
  { default = "/body/events/*/description", value = "" },
  { default = "/body/events/*/style", value = "" },
  { default = "/body/events/*/timezone", value = "UTC" },
  { default = "/body/events/*/location_name", value = "" },
  { default = "/body/events/*/location_address", value = "" },
  { default = "/body/events/*/city", value = "" },
  { default = "/body/events/*/state", value = "" },
  { default = "/body/events/*/postal_code", value = "" },
  { default = "/body/events/*/currency", value = "usd" },
  { set = "/body/total", value = 1 },
  { set = "/body/limit", value = 20 },
  { set = "/body/page", value = 1 },
  { set = "/body/offset", value = 0 },
  { set = "/body/has_more", value = false },
]

[endpoints."POST /api/events/{event_id}/rsvp"]
route = "PUT /v2/happenings/{event_id}/book"
request = [
  { text = "{/body/participant/first_name} {/body/participant/last_name}", to = "/body/name" },
  { drop = "/body/participant" },
]
status = [{ from = 400, text = "already has an RSVP", to = 409 }]
"#;

/// A user of the target in this profile.
fn user(profile: &str) -> Context {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("otherwise.toml");
    std::fs::write(&file, profile).expect("it can be written");
    let target = Target::parse(file.to_str().expect("a path")).expect("this machine");
    Context::new(Rc::new(Surroundings {
        scenario: "otherwise",
        seed: 1,
        world: fixtures::World::new(1, fixtures::Size::default()),
        nonce: "n".into(),
        connector: Connector::new(Arc::new(target), None, Limits::default()),
        recorder: None,
        registry: Arc::new(Registry::new()),
        tracer: None,
    }))
}

#[test]
fn the_same_call_succeeds_against_a_server_of_another_shape() {
    local(async {
        let heard = Heard::default();
        let base = up(otherwise(heard.clone())).await;
        let home = Router::new().route("/", routing::get(|| async { "the page" }));
        let profile = OTHERWISE.replace("BASE", &base).replace("PAGES", &up(home).await);
        let mut context = user(&profile);

        let page = context
            .call::<ListEvents>(&ListEventsParams::default())
            .send()
            .await
            .expect("the contract's page");
        let page = page.done().expect("a success");
        assert_eq!((page.events[0].id.as_str(), page.events[0].capacity), ("e1", 40));

        let params = EventParams { event_id: "e1".into() };
        let participant = Participant {
            email: "a@example.com".into(),
            first_name: "Ana".into(),
            last_name: "Lee".into(),
            phone: None,
        };
        let input = RsvpInput { event_id: None, participant, payment: None };
        let again = context
            .call::<CreateRsvp>(&params)
            .input(&input)
            .or(&[409])
            .send()
            .await
            .expect("a refusal it knows");
        assert_eq!(again.refusal(), Some(409));

        let nobody = context.call::<ListInstructors>(&ListInstructorsParams::default()).send().await;
        assert!(nobody.expect_err("there are none").detail.contains("nobody teaches here"));
        let html = context.fetch(pages::HOME, "/").checked(|_| Ok(())).await.expect("a page");
        assert_eq!(html.body, "the page");
        expect![[r#"
            list Some("load")
            book {"name":"Ana Lee"}"#]]
        .assert_eq(&heard.lock().expect("nobody panics with it").join("\n"));
    });
}

#[test]
fn an_answer_that_is_mapped_is_still_checked() {
    local(async {
        let base = up(otherwise(Heard::default())).await;
        let lazy = OTHERWISE.replace("  { utc = \"/body/events/*/start_date\" },\n", "");
        let mut context = user(&lazy.replace("BASE", &base).replace("PAGES", &base));
        let fault =
            context.call::<ListEvents>(&ListEventsParams::default()).send().await.expect_err("no offset");
        assert!(fault.detail.contains("at events[0].created_at"), "{}", fault.detail);
    });
}

#[test]
fn redirects_are_answers_and_lead_nowhere() {
    local(async {
        let heard = Heard::default();
        let away = |State(heard): State<Heard>| async move {
            note(&heard, "asked".to_owned());
            axum::response::Redirect::temporary("http://203.0.113.7/api/search")
        };
        let base = up(Router::new().route("/api/search", routing::get(away)).with_state(heard.clone())).await;
        let mut context =
            user(&format!("name = \"t\"\nabout = \"a\"\nenvironment = \"local\"\nbase = \"{base}\"\n"));
        let params = SearchParams { q: "kata".into(), ..SearchParams::default() };
        let fault = context.call::<Search>(&params).send().await.expect_err("a redirect is no success");
        assert_eq!(fault.kind, engine::record::FaultKind::Status(307));
        assert_eq!(heard.lock().expect("nobody panics with it").len(), 1);
    });
}
