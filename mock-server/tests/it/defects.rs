//! Planted defects: each one is wrong in its way while it is on, right again when it is off, and what it breaks
//! for good the audit sees. (What is right without any is what the other modules test.)

use contract::auth::load_user_email;
use contract::events::{CreateRsvp, EventParams, JoinWaitlist, LOAD_EVENT_SMALL, ListEvents};
use contract::rtc::{LOAD_SESSION, OTHER_SESSION, SessionParams, VideoToken};
use contract::stripe::{DEFAULT_SECRET, EventKind, header};
use contract::ws::ServerFrame;
use contract::{Endpoint as _, stripe};
use futures_util::future::join_all;
use mock_server::defects::Defect;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::live::{Client, join};
use crate::rig::{ADMIN_TOKEN, Rig};
use crate::webhooks::{deliver, facts, ledger, now, signed};

async fn with(defect: Defect) -> Rig {
    Rig::with(|config| config.defects = vec![defect]).await
}

/// What the audit finds broken.
async fn broken(rig: &Rig) -> Vec<String> {
    let answer = rig.admin("GET", "/__admin/audit").send().await.expect("an answer");
    let audit: Value = answer.json().await.expect("JSON");
    let checks = audit["checks"].as_array().expect("a list").iter();
    let broken = checks.filter(|check| check["ok"] != true);
    broken.map(|check| check["name"].as_str().expect("a name").to_owned()).collect()
}

async fn switch(rig: &Rig, body: &Value) -> (StatusCode, Value) {
    let answer = rig.admin("PUT", "/__admin/defects").json(body).send().await.expect("an answer");
    (answer.status(), answer.json().await.expect("JSON"))
}

async fn off(rig: &Rig, defect: Defect) {
    let (status, line) = switch(rig, &json!({"name": defect.name(), "on": false})).await;
    assert_eq!((status, &line["on"]), (StatusCode::OK, &json!(false)));
}

fn at(event: &str) -> EventParams {
    EventParams { event_id: event.to_owned() }
}

fn email(n: usize) -> String {
    format!("loadtest+d{n}@wwmaa.com")
}

fn person(n: usize) -> Value {
    json!({"participant": {"email": email(n), "first_name": "Ana", "last_name": "Lee"}})
}

async fn ask_for_seat(rig: &Rig, n: usize) -> StatusCode {
    let path = CreateRsvp::path(&at(LOAD_EVENT_SMALL));
    rig.post(&path, &person(n)).send().await.expect("an answer").status()
}

async fn seats_had(rig: &Rig, people: impl Iterator<Item = usize>) -> usize {
    let asked = join_all(people.map(|n| ask_for_seat(rig, n))).await;
    asked.into_iter().filter(|status| *status == 201).count()
}

#[tokio::test]
async fn they_are_listed_and_switched_while_the_mock_runs() {
    let rig = with(Defect::ChatLost).await;
    let answer = rig.admin("GET", "/__admin/defects").send().await.expect("an answer");
    let list: Vec<Value> = answer.json().await.expect("a list");
    let on: Vec<&Value> = list.iter().filter(|line| line["on"] == true).map(|line| &line["name"]).collect();
    assert_eq!((list.len(), on), (20, vec![&json!("chat-lost")]));
    assert!(list.iter().all(|line| line["title"].is_string() && line["scenario"].is_string()));
    off(&rig, Defect::ChatLost).await;
    let (status, refused) = switch(&rig, &json!({"name": "slow", "on": true})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = refused.to_string();
    assert!(Defect::ALL.iter().all(|defect| text.contains(defect.name())), "{text}");
    assert_eq!(switch(&rig, &json!({"name": "chat-lost"})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(rig.get("/__admin/defects").send().await.expect("an answer").status(), 403);
}

#[tokio::test]
async fn in_a_race_the_last_seat_is_sold_more_than_once() {
    let rig = with(Defect::OversellRace).await;
    assert!(seats_had(&rig, 0..60).await > 50, "all find a free seat, then take one");
    assert!(broken(&rig).await.contains(&"seats_within_capacity".to_owned()));
}

#[tokio::test]
async fn one_after_the_other_no_race_is_lost() {
    let rig = with(Defect::OversellRace).await;
    assert_eq!(seats_had(&rig, 0..50).await, 50);
    assert_eq!(seats_had(&rig, 50..60).await, 0, "the event was full before they asked");
    assert!(rig.audit_holds().await);
}

#[tokio::test]
async fn a_stale_count_sells_seats_that_are_gone() {
    let rig = with(Defect::StaleCapacity).await;
    assert_eq!(seats_had(&rig, 0..55).await, 55, "when it was last counted there was room");
    assert_eq!(broken(&rig).await, ["seats_within_capacity"]);
    off(&rig, Defect::StaleCapacity).await;
    assert_eq!(ask_for_seat(&rig, 55).await, 400);
}

#[tokio::test]
async fn a_participant_may_hold_two_seats() {
    let rig = with(Defect::DoubleBooking).await;
    assert_eq!([ask_for_seat(&rig, 0).await, ask_for_seat(&rig, 0).await], [201, 201]);
    assert_eq!(broken(&rig).await, ["one_booking_per_participant"]);
    off(&rig, Defect::DoubleBooking).await;
    assert_eq!(ask_for_seat(&rig, 0).await, 409);
}

#[tokio::test]
async fn the_last_in_the_queue_is_served_first() {
    let rig = with(Defect::WaitlistNotFifo).await;
    assert_eq!(seats_had(&rig, 0..50).await, 50);
    for n in 50..53 {
        let path = JoinWaitlist::path(&at(LOAD_EVENT_SMALL));
        assert_eq!(rig.post(&path, &person(n)).send().await.expect("an answer").status(), 201);
    }
    let path = format!("/api/events/{LOAD_EVENT_SMALL}/rsvp?email={}", email(0).replace('+', "%2B"));
    assert_eq!(rig.request("DELETE", &path).send().await.expect("an answer").status(), 200);
    assert_eq!(ask_for_seat(&rig, 52).await, 409, "the last one has a seat now");
    assert_eq!(broken(&rig).await, ["waitlist_first_in_first_out"]);
}

#[tokio::test]
async fn copies_that_come_at_once_are_each_applied() {
    let rig = with(Defect::WebhookTwice).await;
    let body = facts("evt_1", now()).0.render(EventKind::PaymentIntentSucceeded);
    let said = join_all((0..20).map(|_| signed(&rig, body.clone()))).await;
    let applied = said.iter().filter(|(_, receipt)| receipt["status"] == "success").count();
    assert!(applied > 1, "{said:?}");
    let (_, later) = signed(&rig, body).await;
    assert_eq!(later["status"], "duplicate", "one that comes later is seen to be one");
    assert_eq!(ledger(&rig).await[0]["applied"], applied);
    assert_eq!(broken(&rig).await, ["webhooks_applied_exactly_once"]);
}

#[tokio::test]
async fn of_two_signatures_the_first_is_not_looked_at() {
    let rig = with(Defect::LastV1Only).await;
    let body = facts("evt_1", now()).0.render(EventKind::PaymentIntentSucceeded);
    let rolling = |secrets: &[&str]| Some(header(secrets, now(), body.as_bytes()));
    let good_first = rolling(&[DEFAULT_SECRET, "whsec_next"]);
    assert_eq!(deliver(&rig, body.clone(), good_first.clone()).await.0, 400);
    assert_eq!(deliver(&rig, body.clone(), rolling(&["whsec_next", DEFAULT_SECRET])).await.0, 200);
    off(&rig, Defect::LastV1Only).await;
    assert_eq!(deliver(&rig, body, good_first).await.0, 200);
}

#[tokio::test]
async fn a_signature_may_be_of_any_age_but_not_of_anybody() {
    let rig = with(Defect::StaleTimestampAccepted).await;
    let body = facts("evt_1", now()).0.render(EventKind::PaymentIntentSucceeded);
    let then = now() - 2 * stripe::TOLERANCE_SECONDS;
    let stale = |secret| Some(header(&[secret], then, body.as_bytes()));
    assert_eq!(deliver(&rig, body.clone(), stale(DEFAULT_SECRET)).await.0, 200);
    assert_eq!(deliver(&rig, body.clone(), stale("whsec_of_somebody_else")).await.0, 400);
    off(&rig, Defect::StaleTimestampAccepted).await;
    assert_eq!(deliver(&rig, body.clone(), stale(DEFAULT_SECRET)).await.0, 400);
}

#[tokio::test]
async fn an_older_event_has_the_last_word() {
    let rig = with(Defect::OlderOverwritesNewer).await;
    let (mut event, email) = facts("evt_new", now());
    signed(&rig, event.render(EventKind::SubscriptionUpdated)).await;
    event.event_id = "evt_old".to_owned();
    event.created -= 30;
    event.subscription_status = "past_due".to_owned();
    signed(&rig, event.render(EventKind::SubscriptionUpdated)).await;
    let token = rig.token(&email).await;
    let (_, mine) = rig.sends("GET", "/api/subscriptions/my-subscription", None, Some(&token)).await;
    assert_eq!(mine["status"], "past_due");
    assert_eq!(broken(&rig).await, ["newest_event_stands"]);
}

#[tokio::test]
async fn a_refresh_token_works_again_and_again() {
    let rig = with(Defect::RefreshReusable).await;
    let body = json!({"email": load_user_email(0), "password": fixtures::PASSWORD});
    let (_, session) = rig.sends("POST", "/api/auth/login", Some(body), None).await;
    let used = json!({"refresh_token": session["refresh_token"]});
    for _ in 0..3 {
        assert_eq!(rig.sends("POST", "/api/auth/refresh", Some(used.clone()), None).await.0, 200);
    }
    assert_eq!(broken(&rig).await, ["refresh_tokens_work_once"]);
    off(&rig, Defect::RefreshReusable).await;
    assert_eq!(rig.sends("POST", "/api/auth/refresh", Some(used), None).await.0, 401);
}

#[tokio::test]
async fn the_token_that_login_gave_is_refused() {
    let rig = with(Defect::LoginTokenRefused).await;
    let token = rig.token(&load_user_email(0)).await;
    assert_eq!(rig.sends("GET", "/api/auth/me", None, Some(&token)).await.0, 401);
    off(&rig, Defect::LoginTokenRefused).await;
    assert_eq!(rig.sends("GET", "/api/auth/me", None, Some(&token)).await.0, 200);
}

#[tokio::test]
async fn one_of_twenty_messages_reaches_one_participant_too_few() {
    let rig = with(Defect::ChatLost).await;
    let mut ana = Client::enter(&rig, "ana").await;
    let mut ben = Client::enter(&rig, "ben").await;
    for content in ["first", "second", "third", "fourth"] {
        ana.say(content).await;
    }
    let heard = [ben.next_chat().await.0, ben.next_chat().await.0, ben.next_chat().await.0];
    assert_eq!(heard, [1, 2, 4]);
    for seq in 1..=4 {
        assert_eq!(ana.next_chat().await.0, seq);
    }
    // Ben's pong comes after the mock noted what he heard.
    ben.frame(&contract::ws::ClientFrame::Ping).await;
    assert!(matches!(ben.next().await, ServerFrame::Pong));
    assert_eq!(broken(&rig).await, ["chat_delivered_to_everyone_present"]);
}

#[tokio::test]
async fn messages_change_places() {
    let rig = with(Defect::ChatOrderBroken).await;
    let mut ana = Client::enter(&rig, "ana").await;
    for content in ["first", "second", "third"] {
        ana.say(content).await;
    }
    let heard = [ana.next_chat().await.0, ana.next_chat().await.0, ana.next_chat().await.0];
    assert_eq!(heard, [2, 1, 3]);
    ana.frame(&contract::ws::ClientFrame::Ping).await;
    assert!(matches!(ana.next().await, ServerFrame::Pong));
    assert!(broken(&rig).await.contains(&"chat_one_order".to_owned()));
}

#[tokio::test]
async fn one_of_twenty_messages_comes_twice_to_one_participant() {
    let rig = with(Defect::ChatDuplicated).await;
    let mut ana = Client::enter(&rig, "ana").await;
    let mut ben = Client::enter(&rig, "ben").await;
    let mut heard = Vec::new();
    for _ in 0..6 {
        ana.say("osu").await;
        assert_eq!(ana.next_chat().await.0, heard.len() as u64 + 1, "the sender hears each once");
        heard.push(ben.next_chat().await.0);
    }
    heard.push(ben.next_chat().await.0);
    assert_eq!(heard, [1, 2, 3, 4, 5, 5, 6]);
    ben.frame(&contract::ws::ClientFrame::Ping).await;
    assert!(matches!(ben.next().await, ServerFrame::Pong));
    assert_eq!(broken(&rig).await, ["chat_one_order"]);
}

#[tokio::test]
async fn a_token_of_another_session_opens_this_one() {
    let rig = with(Defect::ForeignTokenAccepted).await;
    let mut ana = Client::enter(&rig, "ana").await;
    let (_, elsewhere) = join(&rig, OTHER_SESSION, "eve").await;
    let text = |field: &str| elsewhere[field].as_str().expect("text").to_owned();
    let access = text("access_token");
    let path = VideoToken::path(&SessionParams { session_id: LOAD_SESSION.to_owned() });
    let video =
        async || rig.sends("POST", &path, Some(json!({ "access_token": access })), Some(&access)).await.0;
    assert_eq!(video().await, 200);
    let mut eve = Client::open(&rig, LOAD_SESSION, "eve", &text("ws_token")).await;
    assert!(matches!(eve.next().await, ServerFrame::Welcome { participants: 2, .. }));
    ana.say("just between us").await;
    assert_eq!(eve.next_chat().await, (1, "just between us".to_owned()));
    off(&rig, Defect::ForeignTokenAccepted).await;
    assert_eq!(video().await, 403);
    let mut refused = Client::open(&rig, LOAD_SESSION, "eve", &text("ws_token")).await;
    assert_eq!(refused.close_code().await, contract::ws::CLOSE_BAD_TOKEN);
}

async fn found(rig: &Rig, query: &str) -> (Value, Value) {
    let (status, page) = rig.sends("GET", &format!("/api/search?{query}"), None, None).await;
    assert_eq!(status, 200);
    let ids = page["results"].as_array().expect("results").iter().map(|result| result["id"].clone());
    (ids.collect(), page["search_type"].clone())
}

#[tokio::test]
async fn filters_do_not_filter() {
    let rig = with(Defect::FilterIgnored).await;
    let (filtered, name) = found(&rig, "q=kata&style=judo").await;
    assert_eq!((&filtered, &name), (&found(&rig, "q=kata").await.0, &json!("filtered")));
    off(&rig, Defect::FilterIgnored).await;
    assert_ne!(found(&rig, "q=kata&style=judo").await.0, filtered, "the wrong answer was not kept");
}

#[tokio::test]
async fn search_by_meaning_is_search_by_words() {
    let rig = with(Defect::SemanticIsKeyword).await;
    let question = "q=how+do+I+calm+my+nerves+before+a+grading&semantic=true";
    let (words, name) = found(&rig, question).await;
    assert_eq!(
        (&words, &name),
        (&found(&rig, question.trim_end_matches("&semantic=true")).await.0, &json!("semantic"))
    );
    off(&rig, Defect::SemanticIsKeyword).await;
    assert_ne!(found(&rig, question).await.0, words);
}

#[tokio::test(start_paused = true)]
async fn every_row_of_a_list_costs_a_query() {
    let rig = with(Defect::NPlusOne).await;
    for (rows, micros) in [(1, 20_000), (10, 200_000)] {
        let (status, page) = rig.sends("GET", &format!("/api/events?limit={rows}"), None, None).await;
        assert_eq!((status, page["events"].as_array().map(Vec::len)), (StatusCode::OK, Some(rows)));
        let (_, truth) = rig.sends("GET", "/__admin/truth", None, Some(ADMIN_TOKEN)).await;
        let held = truth.as_array().expect("routes").iter().find(|route| route["route"] == ListEvents::ROUTE);
        let max = held.and_then(|route| route["held"]["max"].as_u64()).expect("microseconds");
        assert!((micros - 2_000..micros + 20_000).contains(&max), "{rows} rows in {max} µs");
    }
}

#[tokio::test]
async fn failures_are_answered_with_200() {
    let rig = with(Defect::ErrorsAs200).await;
    let plan = "seed = 1\n[[fault]]\nkind = \"error\"\nstatus = 503\n";
    rig.request("PUT", "/__admin/faults")
        .bearer_auth(ADMIN_TOKEN)
        .body(plan)
        .send()
        .await
        .expect("an answer");
    let failed = rig.sends("GET", "/api/events", None, None).await;
    assert_eq!(failed, (StatusCode::OK, json!({"status": "error"})));
    off(&rig, Defect::ErrorsAs200).await;
    assert_eq!(rig.sends("GET", "/api/events", None, None).await.0, StatusCode::SERVICE_UNAVAILABLE);
}
