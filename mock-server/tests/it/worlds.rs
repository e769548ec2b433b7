//! Several worlds in one process.

use std::collections::BTreeMap;

use contract::rtc::LOAD_SESSION;
use fixtures::{Size, World};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::rig::{ADMIN_TOKEN, Rig, small_world};

const HEADER: &str = "x-mock-world";

fn tiny(seed: u64) -> World {
    World::new(seed, Size { members: 30, instructors: 20, events: 10, content: 20, ..Size::scaled(1) })
}

/// Sends JSON in a world.
async fn within(
    rig: &Rig,
    world: &str,
    (method, path): (&str, &str),
    body: Option<Value>,
    token: Option<&str>,
) -> (u16, Value) {
    let mut request = rig.request(method, path).header(HEADER, world);
    if let Some(body) = body {
        request = request.json(&body);
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn make(rig: &Rig, name: &str, world: &World) -> (u16, Value) {
    let lines: String = world.records().map(|record| fixtures::ndjson::line(&record) + "\n").collect();
    let request = rig.admin("POST", "/__admin/dataset").header(HEADER, name).body(lines);
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

async fn admin(rig: &Rig, world: &str, method: &str, path: &str) -> (u16, Value) {
    within(rig, world, (method, path), None, Some(ADMIN_TOKEN)).await
}

async fn token_in(rig: &Rig, world: &str) -> String {
    let email = contract::auth::load_user_email(1);
    let body = json!({ "email": email, "password": fixtures::PASSWORD });
    let (status, session) = within(rig, world, ("POST", "/api/auth/login"), Some(body), None).await;
    assert_eq!(status, 200, "{session}");
    session["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn bookings_of_two_worlds_do_not_meet() {
    let rig = Rig::start().await;
    for name in ["one", "two"] {
        assert_eq!(make(&rig, name, &small_world()).await.0, 200);
    }
    let before = admin(&rig, "default", "GET", "/__admin/digests").await.1;
    let book = async |world: &'static str, n: u32| {
        let path = format!("/api/events/{}/rsvp", contract::events::LOAD_EVENT);
        let body = json!({ "participant": { "email": format!("loadtest+t_{n}@wwmaa.com"), "first_name": "A", "last_name": "B" } });
        within(&rig, world, ("POST", &path), Some(body), None).await.0
    };
    let bookings = (1..=40).map(|n| book(if n % 4 == 0 { "two" } else { "one" }, n));
    let statuses = futures_util::future::join_all(bookings).await;
    assert!(statuses.iter().all(|status| [200, 201, 409].contains(status)), "{statuses:?}");
    let rows = async |world: &str| {
        let held = admin(&rig, world, "GET", "/__admin/digests").await.1;
        held["counts"]["rsvp"].as_u64().expect("a count")
    };
    let (start, one, two) = (rows("default").await, rows("one").await, rows("two").await);
    assert!(one > start && two > start && one != two, "{start} {one} {two}");
    assert_eq!(admin(&rig, "default", "GET", "/__admin/digests").await.1, before, "nobody booked here");
    assert_eq!(admin(&rig, "one", "POST", "/__admin/reset-load").await.0, 200);
    assert_eq!((rows("one").await, rows("two").await), (start, two), "each is reset for itself");
    for world in ["one", "two"] {
        assert_eq!(admin(&rig, world, "GET", "/__admin/audit").await.1["ok"], true);
    }
}

#[tokio::test]
async fn tokens_of_one_world_do_not_open_the_other() {
    let rig = Rig::start().await;
    make(&rig, "one", &small_world()).await;
    let (here, there) = (token_in(&rig, "default").await, token_in(&rig, "one").await);
    for (world, token, expected) in
        [("default", &here, 200), ("one", &there, 200), ("default", &there, 401), ("one", &here, 401)]
    {
        assert_eq!(within(&rig, world, ("GET", "/api/auth/me"), None, Some(token)).await.0, expected);
    }
}

#[tokio::test]
async fn names_are_checked_and_worlds_have_to_be_there() {
    let rig = Rig::start().await;
    let long = "x".repeat(65);
    for name in ["Upper", "a b", "", "../up", &long] {
        let (status, refused) = within(&rig, name, ("GET", "/health"), None, None).await;
        assert_eq!(status, 400, "{name}: {refused}");
        assert_eq!(make(&rig, name, &tiny(1)).await.0, 400, "{name}");
    }
    for path in ["/health", "/api/subscriptions/plans", "/"] {
        let (status, refused) = within(&rig, "nowhere", ("GET", path), None, None).await;
        assert_eq!((status, refused), (404, json!({ "detail": "There is no world `nowhere`" })), "{path}");
    }
    assert_eq!(admin(&rig, "nowhere", "GET", "/__admin/audit").await.0, 404);
}

#[tokio::test]
async fn worlds_are_listed_bounded_and_deleted() {
    let rig = Rig::start().await;
    for n in 1..16 {
        assert_eq!(make(&rig, &format!("w{n:02}"), &tiny(n)).await.0, 200);
    }
    let (status, refused) = make(&rig, "one-too-many", &tiny(1)).await;
    assert_eq!(status, 409);
    assert!(refused["detail"].as_str().expect("a sentence").contains("default, w01, w02"), "{refused}");
    let listed = admin(&rig, "default", "GET", "/__admin/worlds").await.1;
    let rows: BTreeMap<&str, &Value> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| (row["name"].as_str().expect("a name"), row))
        .collect();
    assert_eq!(rows.len(), 16);
    assert_eq!(rows["w03"]["counts"], json!(tiny(3).counts()));
    assert!(rows["w03"]["created"].is_string() && rows["w03"]["last_used"].is_string());
    // One that is there may be replaced, and one that is deleted makes room.
    assert_eq!(make(&rig, "w03", &tiny(33)).await.0, 200);
    assert_eq!(admin(&rig, "default", "DELETE", "/__admin/worlds/w03").await.0, 200);
    assert_eq!(admin(&rig, "default", "DELETE", "/__admin/worlds/w03").await.0, 404);
    assert_eq!(within(&rig, "w03", ("GET", "/health"), None, None).await.0, 404);
    assert_eq!(make(&rig, "one-too-many", &tiny(1)).await.0, 200);
    assert_eq!(admin(&rig, "default", "DELETE", "/__admin/worlds/default").await.0, 409);
}

#[tokio::test]
async fn sockets_and_browsers_name_their_world_too() {
    let rig = Rig::start().await;
    make(&rig, "one", &small_world()).await;
    let body = json!({ "user_id": "ann", "participant_name": "Ann" });
    let path = format!("/api/rtc/sessions/{LOAD_SESSION}/join");
    let joined = within(&rig, "one", ("POST", &path), Some(body), None).await.1;
    let path = contract::ws::path(LOAD_SESSION, joined["ws_token"].as_str().expect("a token"));
    let first = async |header: Option<(&'static str, &'static str)>| {
        let mut request = format!("ws://{}{path}", rig.address()).into_client_request().expect("a request");
        if let Some((name, value)) = header {
            request.headers_mut().insert(name, value.parse().expect("a value"));
        }
        let stream = TcpStream::connect(rig.address()).await.expect("it listens");
        let (mut socket, _) = client_async(request, stream).await.expect("it opens");
        socket.next().await.expect("a frame").expect("a frame")
    };
    assert!(matches!(first(None).await, Message::Close(Some(close)) if u16::from(close.code) == 4401));
    assert!(matches!(first(Some((HEADER, "one"))).await, Message::Text(_)));
    assert!(matches!(first(Some(("cookie", "a=b; mock_world=one"))).await, Message::Text(_)));
}

#[tokio::test]
async fn sockets_of_a_world_that_is_replaced_are_told_goodbye() {
    let rig = Rig::start().await;
    make(&rig, "one", &small_world()).await;
    for world in ["default", "one"] {
        let body = json!({ "user_id": "ann", "participant_name": "Ann" });
        let path = format!("/api/rtc/sessions/{LOAD_SESSION}/join");
        let joined = within(&rig, world, ("POST", &path), Some(body), None).await.1;
        let path = contract::ws::path(LOAD_SESSION, joined["ws_token"].as_str().expect("a token"));
        let mut request = format!("ws://{}{path}", rig.address()).into_client_request().expect("a request");
        request.headers_mut().insert(HEADER, world.parse().expect("a value"));
        let stream = TcpStream::connect(rig.address()).await.expect("it listens");
        let (mut socket, _) = client_async(request, stream).await.expect("it opens");
        assert!(matches!(socket.next().await, Some(Ok(Message::Text(_)))), "the welcome");
        assert_eq!(make(&rig, world, &small_world()).await.0, 200);
        let ended = tokio::time::timeout(crate::wire::PATIENCE, socket.next()).await.expect("it is told");
        assert!(matches!(ended, Some(Ok(Message::Close(Some(_))))), "{world}: {ended:?}");
    }
}
