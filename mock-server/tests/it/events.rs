//! Events over HTTP: lists and who may see what, seats, waitlists, refusals, and books that stay exact.

use std::collections::BTreeSet;

use contract::Endpoint;
use contract::auth::{load_instructor_email, load_user_email};
use contract::events::{
    CancelOutput, CancelRsvp, CreateRsvp, Event, EventMatches, EventPage, EventParams, EventStatus, GetEvent,
    JoinWaitlist, LOAD_EVENT, LOAD_EVENT_BASELINE, LOAD_EVENT_SMALL, ListRegistrations, ParticipantParams,
    RegistrationPage, RegistrationsParams, RsvpOutput, RsvpStatus, SearchEvents, SearchEventsParams,
    Visibility, WaitlistOutput,
};
use fixtures::planted;
use reqwest::Response;
use serde_json::{Value, json};

use crate::rig::{ADMIN_TOKEN, Rig, small_world};

async fn token(rig: &Rig, email: &str) -> String {
    let body = json!({"email": email, "password": fixtures::PASSWORD});
    let answer = rig.post("/api/auth/login", &body).send().await.expect("an answer");
    let body: Value = answer.json().await.expect("JSON");
    body["access_token"].as_str().expect("signed in").to_owned()
}

async fn page(rig: &Rig, query: &str, token: Option<&str>) -> EventPage {
    let request = rig.get(&format!("/api/events{query}"));
    let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{query}");
    answer.json().await.expect("a page of events")
}

async fn view(rig: &Rig, id: &str) -> Event {
    rig.get(&GetEvent::path(&of(id))).send().await.expect("an answer").json().await.expect("an event")
}

fn of(id: &str) -> EventParams {
    EventParams { event_id: id.to_owned() }
}

fn planted_id(index: u32) -> String {
    small_world().event(index).id
}

fn email(n: usize) -> String {
    format!("loadtest+t_{n}@wwmaa.com")
}

fn person(n: usize) -> Value {
    json!({"participant": {"email": email(n), "first_name": "Ana", "last_name": "Lee"}})
}

fn paying(n: usize, card: &str) -> Value {
    let mut body = person(n);
    body["payment"] = json!({"payment_method": card});
    body
}

async fn rsvp(rig: &Rig, event: &str, body: &Value) -> Response {
    rig.post(&CreateRsvp::path(&of(event)), body).send().await.expect("an answer")
}

async fn seat(rig: &Rig, event: &str, body: &Value) -> RsvpOutput {
    let answer = rsvp(rig, event, body).await;
    assert_eq!(answer.status(), 201);
    answer.json().await.expect("a booking")
}

async fn wait(rig: &Rig, event: &str, n: usize) -> Response {
    rig.post(&JoinWaitlist::path(&of(event)), &person(n)).send().await.expect("an answer")
}

async fn cancel(rig: &Rig, event: &str, email: &str) -> Response {
    let params = ParticipantParams { event_id: event.to_owned(), email: email.to_owned() };
    rig.request("DELETE", &CancelRsvp::path(&params)).send().await.expect("an answer")
}

async fn registrations(rig: &Rig, event: &str, email: &str) -> RegistrationPage {
    let email = Some(email.to_owned());
    let params = RegistrationsParams { event_id: event.to_owned(), email, limit: None, page: None };
    let answer = rig.get(&ListRegistrations::path(&params)).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("registrations")
}

async fn refused(answer: Response, status: u16, sentence: &str) -> Value {
    assert_eq!(answer.status(), status, "{sentence}");
    let body: Value = answer.json().await.expect("JSON");
    let detail = body["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(sentence), "{detail:?} should say {sentence:?}");
    body
}

/// Takes every seat of the small load event.
async fn fill(rig: &Rig) {
    for n in 0..50 {
        seat(rig, LOAD_EVENT_SMALL, &person(n)).await;
    }
}

async fn assert_books_hold(rig: &Rig) {
    let answer = rig.get("/__admin/audit").bearer_auth(ADMIN_TOKEN).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.expect("JSON");
    let checks = body["checks"].as_array().expect("a verdict on each invariant");
    for name in [
        "seats_within_capacity",
        "one_booking_per_participant",
        "waitlist_first_in_first_out",
        "registration_counts_shown_are_held",
    ] {
        let check = checks.iter().find(|check| check["name"] == name).expect(name);
        assert_eq!(check["ok"], true, "{check}");
    }
}

#[tokio::test]
async fn lists_show_to_each_what_they_may_see() {
    let rig = Rig::start().await;
    let (member, teacher) =
        (token(&rig, &load_user_email(0)).await, token(&rig, &load_instructor_email(0)).await);
    let [public, member_sees, staff] = [
        page(&rig, "?limit=100", None).await,
        page(&rig, "?limit=100", Some(&member)).await,
        page(&rig, "?limit=100", Some(&teacher)).await,
    ];
    let world: Vec<Event> = small_world().events().collect();
    assert_eq!(staff.total, world.len() as u64);
    let announced = world.iter().filter(|event| event.status != EventStatus::Draft);
    assert_eq!(member_sees.total, announced.clone().count() as u64);
    let open = announced.filter(|event| event.visibility == Visibility::Public);
    assert_eq!(public.total, open.count() as u64);
    for (hidden, statuses) in [(planted::DRAFT, [404, 404, 200]), (planted::MEMBERS_ONLY, [404, 200, 200])] {
        for (bearer, status) in [None, Some(&member), Some(&teacher)].into_iter().zip(statuses) {
            let request = rig.get(&GetEvent::path(&of(&planted_id(hidden))));
            let request = if let Some(token) = bearer { request.bearer_auth(token) } else { request };
            assert_eq!(request.send().await.expect("an answer").status(), status);
        }
    }
    let stale = rig.get("/api/events").bearer_auth("no.such.token").send().await.expect("an answer");
    assert_eq!(stale.status(), 401);
}

#[tokio::test]
async fn pages_cover_the_whole_match_once_in_a_stable_order() {
    let rig = Rig::start().await;
    for order in ["", "&sort=title", "&sort=popularity&order=desc", "&sort=start_date&order=desc"] {
        let whole = page(&rig, &format!("?limit=100{order}"), None).await;
        let mut pieces = Vec::new();
        for number in 1.. {
            let piece = page(&rig, &format!("?limit=7&page={number}{order}"), None).await;
            assert_eq!((piece.total, piece.page, piece.offset), (whole.total, number, (number - 1) * 7));
            let more = piece.has_more;
            pieces.extend(piece.events);
            if !more {
                break;
            }
        }
        assert_eq!(pieces, whole.events, "{order}");
        assert_eq!(pieces.len() as u64, whole.total);
    }
    let by_start = page(&rig, "?limit=100", None).await.events;
    assert!(by_start.is_sorted_by_key(|event| (event.start_date, event.id.clone())));
    let popular = page(&rig, "?limit=100&sort=popularity&order=desc", None).await.events;
    assert!(popular.is_sorted_by(|a, b| a.current_registrations >= b.current_registrations));
    let offset = page(&rig, "?limit=5&offset=3&page=9", None).await;
    assert_eq!(offset.events, by_start[3..8]);
    let beyond = page(&rig, "?page=4000000000&limit=100", None).await;
    assert!(beyond.events.is_empty() && !beyond.has_more);
}

/// What a filter asks of an event.
type Holds<'a> = Box<dyn Fn(&Event) -> bool + 'a>;

#[tokio::test]
async fn every_filter_holds_and_the_total_counts_the_match() {
    let rig = Rig::start().await;
    let all = page(&rig, "?limit=100", None).await.events;
    let some = all[all.len() / 2].clone();
    let kind = serde_json::to_value(some.event_type).expect("a name");
    let day = some.start_date.format("%Y-%m-%d").to_string();
    let city = some.city.replace(' ', "%20");
    let filters: [(String, Holds<'_>); 9] = [
        (format!("type={}", kind.as_str().expect("text")), Box::new(|e| e.event_type == some.event_type)),
        (format!("style={}", some.style.to_uppercase()), Box::new(|e| e.style == some.style)),
        (format!("city={city}"), Box::new(|e| e.city == some.city)),
        (format!("state={}", some.state), Box::new(|e| e.state == some.state)),
        (format!("is_online={}", some.is_online), Box::new(|e| e.is_online == some.is_online)),
        ("price=free".to_owned(), Box::new(|e| e.price == 0)),
        ("price=paid".to_owned(), Box::new(|e| e.price > 0)),
        (format!("date_from={day}"), Box::new(|e| e.start_date.format("%Y-%m-%d").to_string() >= day)),
        (format!("date_to={day}"), Box::new(|e| e.start_date.format("%Y-%m-%d").to_string() <= day)),
    ];
    for (query, holds) in &filters {
        let page = page(&rig, &format!("?limit=100&{query}"), None).await;
        let expected: Vec<&Event> = all.iter().filter(|event| holds(event)).collect();
        assert!(page.events.iter().eq(expected.iter().copied()), "{query}");
        assert!(!expected.is_empty() && page.total == expected.len() as u64, "{query}");
    }
}

#[tokio::test]
async fn lists_refuse_what_they_cannot_read() {
    let rig = Rig::start().await;
    for query in
        ["limit=0", "limit=101", "limit=x", "page=0", "offset=-1", "type=party", "price=cheap", "sort=luck"]
    {
        let answer = rig.get(&format!("/api/events?{query}")).send().await.expect("an answer");
        assert_eq!(answer.status(), 422, "{query}");
        let body: Value = answer.json().await.expect("JSON");
        let name = query.split('=').next().expect("a name");
        assert_eq!(body["detail"][0]["loc"], json!(["query", name]), "{query}");
    }
    for field in ["date_from", "date_to"] {
        let answer = rig.get(&format!("/api/events?{field}=tomorrow")).send().await.expect("an answer");
        refused(answer, 400, &format!("Invalid {field} format. Use YYYY-MM-DD")).await;
    }
    let blank = rig.get("/api/events/search?q=%20").send().await.expect("an answer");
    assert_eq!(blank.status(), 422);
    refused(rig.get("/api/events/evt_unknown").send().await.expect("an answer"), 404, "Event not found")
        .await;
}

#[tokio::test]
async fn the_event_search_finds_titles_first_and_hides_what_lists_hide() {
    let rig = Rig::start().await;
    let find = async |q: &str| -> EventMatches {
        let path = SearchEvents::path(&SearchEventsParams { q: q.to_owned() });
        let answer = rig.get(&path).send().await.expect("an answer");
        answer.json().await.expect("matches")
    };
    let found = find("high capacity tournament").await;
    assert_eq!((found.events[0].id.as_str(), found.query.as_str()), (LOAD_EVENT, "high capacity tournament"));
    assert!(found.total >= found.events.len() as u64);
    let draft = small_world().event(planted::DRAFT);
    assert!(find(&draft.title).await.events.iter().all(|event| event.id != draft.id));
}

#[tokio::test]
async fn a_seat_is_taken_shown_and_read_back() {
    let rig = Rig::start().await;
    let booking = seat(&rig, LOAD_EVENT, &person(1)).await;
    assert_eq!((booking.status, booking.event_id.as_str()), (RsvpStatus::Confirmed, LOAD_EVENT));
    assert_eq!((booking.payment_status, booking.amount, booking.currency), (None, None, None));
    assert_eq!(view(&rig, LOAD_EVENT).await.current_registrations, 1);
    let read = registrations(&rig, LOAD_EVENT, &email(1).to_uppercase()).await;
    assert_eq!((read.total, read.registrations[0].booking_id.as_str()), (1, booking.booking_id.as_str()));
    assert_eq!(registrations(&rig, LOAD_EVENT, &email(2)).await.total, 0);
    let again = rsvp(&rig, LOAD_EVENT, &person(1)).await;
    assert_eq!(refused(again, 409, "already has a registration").await["booking_id"], booking.booking_id);
    assert_books_hold(&rig).await;
}

#[tokio::test]
async fn a_supporters_ticket_is_charged_and_a_declined_card_takes_no_seat() {
    let rig = Rig::start().await;
    let booking = seat(&rig, LOAD_EVENT, &paying(1, "pm_card_visa")).await;
    let body = serde_json::to_value(&booking).expect("JSON");
    assert_eq!(
        (&body["payment_status"], &body["amount"], &body["currency"]),
        (&json!("succeeded"), &json!(2_500), &json!("usd"))
    );
    for card in contract::events::DECLINED_CARDS {
        refused(rsvp(&rig, LOAD_EVENT, &paying(2, card)).await, 402, "Your card").await;
    }
    assert_eq!(view(&rig, LOAD_EVENT).await.current_registrations, 1);
    assert_eq!(registrations(&rig, LOAD_EVENT, &email(2)).await.total, 0);
    seat(&rig, LOAD_EVENT, &paying(2, "pm_card_mastercard")).await;
    assert_books_hold(&rig).await;
}

#[tokio::test]
async fn a_paid_event_asks_for_payment_before_its_last_seat_is_gone() {
    let rig = Rig::start().await;
    let event = small_world().event(planted::PAID_ONE_SEAT_LEFT);
    refused(rsvp(&rig, &event.id, &person(1)).await, 402, "Payment is required").await;
    refused(rsvp(&rig, &event.id, &paying(1, "pm_card_chargeDeclined")).await, 402, "declined").await;
    let booking = seat(&rig, &event.id, &paying(1, "pm_card_visa")).await;
    assert_eq!(booking.amount, Some(event.price));
    refused(rsvp(&rig, &event.id, &paying(2, "pm_card_chargeDeclined")).await, 400, "at full capacity").await;
}

#[tokio::test]
async fn the_waitlist_is_first_in_first_out() {
    let rig = Rig::start().await;
    refused(wait(&rig, LOAD_EVENT_SMALL, 0).await, 400, "not full").await;
    let paid = seat(&rig, LOAD_EVENT_SMALL, &paying(0, "pm_card_visa")).await;
    for n in 1..50 {
        seat(&rig, LOAD_EVENT_SMALL, &person(n)).await;
    }
    let full = refused(rsvp(&rig, LOAD_EVENT_SMALL, &person(50)).await, 400, "at full capacity").await;
    assert_eq!(full["waitlist_available"], true);
    let mut places = Vec::new();
    for n in 50..53 {
        let answer = wait(&rig, LOAD_EVENT_SMALL, n).await;
        assert_eq!(answer.status(), 201);
        places.push(answer.json::<WaitlistOutput>().await.expect("a place"));
    }
    assert_eq!(places.iter().map(|place| place.position).collect::<Vec<_>>(), [1, 2, 3]);
    let twice = refused(wait(&rig, LOAD_EVENT_SMALL, 51).await, 409, "already on the waitlist").await;
    assert_eq!(twice["booking_id"], places[1].booking_id);
    let seated = refused(wait(&rig, LOAD_EVENT_SMALL, 0).await, 409, "already has a registration").await;
    assert_eq!(seated["booking_id"], paid.booking_id);
    refused(rsvp(&rig, LOAD_EVENT_SMALL, &person(51)).await, 409, "already on the waitlist").await;
    assert_eq!(view(&rig, LOAD_EVENT_SMALL).await.waitlist_count, 3);

    let released: CancelOutput =
        cancel(&rig, LOAD_EVENT_SMALL, &email(0)).await.json().await.expect("released");
    assert_eq!((released.refund_issued, released.refund_amount), (true, Some(2_500)));
    assert_eq!(released.promoted_booking_id.as_ref(), Some(&places[0].booking_id));
    let read = registrations(&rig, LOAD_EVENT_SMALL, &email(50)).await;
    assert_eq!(read.registrations[0].status, RsvpStatus::Confirmed);
    let released: CancelOutput =
        cancel(&rig, LOAD_EVENT_SMALL, &email(51)).await.json().await.expect("released");
    assert_eq!((released.refund_issued, released.promoted_booking_id), (false, None));
    let released: CancelOutput =
        cancel(&rig, LOAD_EVENT_SMALL, &email(1)).await.json().await.expect("released");
    assert_eq!(released.promoted_booking_id.as_ref(), Some(&places[2].booking_id));
    refused(cancel(&rig, LOAD_EVENT_SMALL, &email(1)).await, 404, "No RSVP found").await;
    let now = view(&rig, LOAD_EVENT_SMALL).await;
    assert_eq!((now.current_registrations, now.waitlist_count), (50, 0));
    assert_books_hold(&rig).await;
}

#[tokio::test]
async fn an_idempotency_key_brings_the_first_answer_back() {
    let rig = Rig::start().await;
    let send = async |event: &str, key: &str, body: &Value| {
        let request = rig.post(&CreateRsvp::path(&of(event)), body).header("Idempotency-Key", key);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"))
    };
    let first = send(LOAD_EVENT, "key-1", &paying(1, "pm_card_visa")).await;
    assert_eq!(first.0, 201);
    assert_eq!(send(LOAD_EVENT, "key-1", &paying(1, "pm_card_visa")).await, first);
    assert_eq!(send(LOAD_EVENT, "key-2", &paying(1, "pm_card_visa")).await.0, 409);
    assert_eq!(send(LOAD_EVENT, "key-1", &person(2)).await.0, 422);
    assert_eq!(send(LOAD_EVENT_SMALL, "key-1", &person(2)).await.0, 201);
    let declined = send(LOAD_EVENT, "key-3", &paying(3, "pm_card_chargeDeclined")).await;
    assert_eq!(declined.0, 402);
    assert_eq!(send(LOAD_EVENT, "key-3", &paying(3, "pm_card_chargeDeclined")).await, declined);
    assert_eq!(view(&rig, LOAD_EVENT).await.current_registrations, 1);
}

#[tokio::test]
async fn events_that_are_not_open_say_why() {
    let rig = Rig::start().await;
    let world = small_world();
    for (index, sentence) in [
        (planted::CANCELED, "canceled"),
        (planted::PAST, "past"),
        (planted::DRAFT, "draft"),
        (planted::COMPLETED, "over"),
    ] {
        let id = world.event(index).id;
        refused(rsvp(&rig, &id, &paying(1, "pm_card_visa")).await, 400, sentence).await;
        refused(wait(&rig, &id, 1).await, 400, sentence).await;
        refused(cancel(&rig, &id, &email(1)).await, 400, sentence).await;
    }
    refused(rsvp(&rig, "evt_unknown", &person(1)).await, 404, "Event not found").await;
    refused(wait(&rig, "evt_unknown", 1).await, 404, "Event not found").await;
    refused(cancel(&rig, "evt_unknown", &email(1)).await, 404, "Event not found").await;

    let members_only = world.event(planted::MEMBERS_ONLY);
    let body = paying(1, "pm_card_visa");
    refused(rsvp(&rig, &members_only.id, &body).await, 404, "Event not found").await;
    let member = token(&rig, &load_user_email(0)).await;
    let request = rig.post(&CreateRsvp::path(&of(&members_only.id)), &body).bearer_auth(member);
    assert_eq!(request.send().await.expect("an answer").status(), 201);
}

#[tokio::test]
async fn malformed_registrations_are_refused_field_by_field() {
    let rig = Rig::start().await;
    let with = |field: &str, value: Value| {
        let mut body = person(1);
        body["participant"][field] = value;
        body
    };
    let mut no_card = person(1);
    no_card["payment"] = json!({"payment_method": " "});
    for (body, loc) in [
        (with("email", json!("no address")), json!(["body", "participant", "email"])),
        (with("first_name", json!("")), json!(["body", "participant", "first_name"])),
        (with("last_name", json!("x".repeat(101))), json!(["body", "participant", "last_name"])),
        (with("phone", json!("5".repeat(21))), json!(["body", "participant", "phone"])),
        (with("email", json!(7)), json!(["body", "participant", "email"])),
        (no_card, json!(["body", "payment", "payment_method"])),
        (json!({}), json!(["body", "participant"])),
    ] {
        let answer = rsvp(&rig, LOAD_EVENT, &body).await;
        assert_eq!(answer.status(), 422, "{body}");
        assert_eq!(answer.json::<Value>().await.expect("JSON")["detail"][0]["loc"], loc, "{body}");
    }
    let names =
        [("first_name", "O'Brien-Ñuñez"), ("last_name", "空手 太郎"), ("first_name", &"x".repeat(100))];
    for (n, (field, name)) in names.into_iter().enumerate() {
        let mut body = person(n);
        body["participant"][field] = json!(name);
        seat(&rig, LOAD_EVENT, &body).await;
    }
    assert_eq!(cancel(&rig, LOAD_EVENT, "nobody").await.status(), 422);
}

#[tokio::test]
async fn the_whole_list_of_registrations_is_for_staff() {
    let rig = Rig::start().await;
    let event = planted_id(planted::FULL_WITH_WAITLIST);
    let path = format!("/api/events/{event}/registrations");
    let ask = async |bearer: Option<&str>, query: &str| {
        let request = rig.get(&format!("{path}{query}"));
        let request = if let Some(token) = bearer { request.bearer_auth(token) } else { request };
        request.send().await.expect("an answer")
    };
    refused(ask(None, "").await, 403, "Not authenticated").await;
    let member = token(&rig, &load_user_email(0)).await;
    refused(ask(Some(&member), "").await, 403, "Required roles").await;
    let teacher = token(&rig, &load_instructor_email(0)).await;
    let expected: BTreeSet<String> =
        small_world().rsvps_of(planted::FULL_WITH_WAITLIST).into_iter().map(|row| row.id).collect();
    let mut read = BTreeSet::new();
    for number in 1..=expected.len().div_ceil(10) {
        let page: RegistrationPage =
            ask(Some(&teacher), &format!("?limit=10&page={number}")).await.json().await.expect("a page");
        assert_eq!(page.total, expected.len() as u64);
        read.extend(page.registrations.into_iter().map(|row| row.booking_id));
    }
    assert_eq!(read, expected);
    assert_eq!(ask(Some(&teacher), "?limit=101").await.status(), 422);
}

#[tokio::test]
async fn a_seeded_waitlist_moves_up_when_a_seat_is_given_back() {
    let rig = Rig::start().await;
    let world = small_world();
    let rows = world.rsvps_of(planted::FULL_WITH_WAITLIST);
    let holder = rows.iter().find(|row| row.status == RsvpStatus::Confirmed).expect("somebody has a seat");
    let head = rows.iter().find(|row| row.position == Some(1)).expect("somebody waits");
    let released: CancelOutput = cancel(&rig, &planted_id(planted::FULL_WITH_WAITLIST), &holder.email)
        .await
        .json()
        .await
        .expect("released");
    assert_eq!(released.promoted_booking_id.as_ref(), Some(&head.id));
    assert_books_hold(&rig).await;
}

#[tokio::test]
async fn a_reset_removes_what_load_left_and_nothing_else() {
    let rig = Rig::start().await;
    fill(&rig).await;
    assert_eq!(wait(&rig, LOAD_EVENT_SMALL, 60).await.status(), 201);
    let mut guest = person(0);
    guest["participant"]["email"] = json!("ana@example.com");
    seat(&rig, LOAD_EVENT, &guest).await;
    seat(&rig, LOAD_EVENT, &person(0)).await;
    seat(&rig, LOAD_EVENT_BASELINE, &person(0)).await;
    let other = planted_id(planted::EMPTY);
    let elsewhere = small_world().event(planted::EMPTY).current_registrations;
    seat(&rig, &other, &paying(0, "pm_card_visa")).await;
    let reset =
        rig.request("POST", "/__admin/reset-load").bearer_auth(ADMIN_TOKEN).send().await.expect("an answer");
    assert!(reset.status().is_success());
    for (event, left) in
        [(LOAD_EVENT_SMALL, 0), (LOAD_EVENT, 1), (LOAD_EVENT_BASELINE, 0), (&other, elsewhere + 1)]
    {
        let now = view(&rig, event).await;
        assert_eq!((now.current_registrations, now.waitlist_count), (left, 0), "{event}");
    }
    seat(&rig, LOAD_EVENT_SMALL, &person(0)).await;
    assert_books_hold(&rig).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_at_once_for_fifty_seats_leave_exact_books() {
    let rig = Rig::start().await;
    // Every tenth person clicks twice.
    let people = (0..1_000).map(|n| if n % 10 == 9 { n - 1 } else { n });
    let asking: Vec<_> = people
        .map(|n| {
            let request = rig.post(&CreateRsvp::path(&of(LOAD_EVENT_SMALL)), &person(n)).send();
            tokio::spawn(async move { request.await.map(|answer| answer.status().as_u16()) })
        })
        .collect();
    let mut answers = std::collections::BTreeMap::new();
    for asked in asking {
        let status = asked.await.expect("the task ends").expect("an answer");
        *answers.entry(status).or_insert(0) += 1;
    }
    assert_eq!(answers[&201], 50, "{answers:?}");
    assert!(answers.keys().all(|status| [201, 400, 409].contains(status)), "{answers:?}");
    let now = view(&rig, LOAD_EVENT_SMALL).await;
    assert_eq!((now.current_registrations, now.waitlist_count), (50, 0));
    let teacher = token(&rig, &load_instructor_email(0)).await;
    let path = format!("/api/events/{LOAD_EVENT_SMALL}/registrations?limit=100");
    let held: RegistrationPage =
        rig.get(&path).bearer_auth(teacher).send().await.expect("an answer").json().await.expect("a page");
    let holders: BTreeSet<&str> = held.registrations.iter().map(|row| row.email.as_str()).collect();
    assert_eq!((held.total, holders.len()), (50, 50));
    assert_books_hold(&rig).await;
}
