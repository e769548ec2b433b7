//! event-rsvp-load against box offices that lie: each lie turns the goal red that is about it.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use contract::{
    auth::LoginInput,
    events::{
        DECLINED_CARDS, Event, LOAD_EVENT_SMALL, RegistrationsParams, RsvpInput, RsvpStatus, WaitlistInput,
    },
};
use engine::run::ScenarioRun;
use serde_json::{Value, json};

use crate::scopes::{plan, smoke};
use crate::stage::{Play, WORLD, all_faults, play, red_but_for_time, share};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    None,
    Oversells,
    /// Of two clicks at once, each gets a seat.
    BooksTwice,
    /// A confirmed booking is nowhere to be found.
    Loses,
    /// The last in the queue gets the seat that was given back.
    PromotesTheLast,
    /// Nobody gets it.
    PromotesNobody,
    SeatsDeclinedCards,
    /// Full is a 503.
    BreaksWhenFull,
    ForgetsTheQueue,
    HidesTheEvent,
}

/// What stands in the list of an event.
#[derive(Debug, Clone)]
struct Row {
    id: usize,
    email: String,
    status: RsvpStatus,
    paid: bool,
}

#[derive(Debug)]
struct Office {
    event: Event,
    capacity: usize,
    rows: Vec<Row>,
}

impl Office {
    fn with(&self, status: RsvpStatus) -> usize {
        self.rows.iter().filter(|row| row.status == status).count()
    }

    fn list(&mut self, email: &str, status: RsvpStatus, paid: bool) -> usize {
        let id = self.rows.len();
        self.rows.push(Row { id, email: email.to_owned(), status, paid });
        id
    }

    fn shown(&self) -> Event {
        let mut event = self.event.clone();
        event.current_registrations = self.with(RsvpStatus::Confirmed) as u32;
        event.waitlist_count = self.with(RsvpStatus::Waitlist) as u32;
        event
    }

    fn rsvp(&mut self, lie: Lie, input: &RsvpInput) -> Response {
        let email = &input.participant.email;
        let mut own =
            self.rows.iter().filter(|row| row.email == *email && row.status == RsvpStatus::Confirmed);
        if let Some(row) = own.next().filter(|_| lie != Lie::BooksTwice) {
            return refused(409, &json!({"detail": "booked", "booking_id": id(row.id)}));
        }
        let oversells = lie == Lie::Oversells && self.event.id == LOAD_EVENT_SMALL;
        if self.with(RsvpStatus::Confirmed) >= self.capacity + usize::from(oversells) {
            let full = json!({"detail": "This event is at full capacity", "waitlist_available": true});
            return refused(if lie == Lie::BreaksWhenFull { 503 } else { 400 }, &full);
        }
        let card = input.payment.as_ref().map(|payment| payment.payment_method.as_str());
        if card.is_some_and(|card| DECLINED_CARDS.contains(&card)) && lie != Lie::SeatsDeclinedCards {
            return refused(402, &json!({"detail": "declined"}));
        }
        let booking = self.list(email, RsvpStatus::Confirmed, card.is_some());
        if lie == Lie::Loses && booking == 3 {
            self.rows[booking].status = RsvpStatus::Canceled;
        }
        let paid = card.map(|_| json!({"payment_status": "succeeded", "amount": 2500, "currency": "usd"}));
        let mut answer = json!({"booking_id": id(booking), "registration_id": id(booking),
            "event_id": self.event.id, "status": "confirmed", "email": email,
            "created_at": "2027-01-01T00:00:00Z"});
        for (name, value) in paid.as_ref().and_then(Value::as_object).into_iter().flatten() {
            answer[name] = value.clone();
        }
        (StatusCode::CREATED, Json(answer)).into_response()
    }

    fn cancel(&mut self, lie: Lie, email: &str) -> Json<Value> {
        let held = |row: &&mut Row| row.email == email && row.status == RsvpStatus::Confirmed;
        let row = self.rows.iter_mut().find(held).expect("who cancels has a seat");
        row.status = RsvpStatus::Canceled;
        let paid = row.paid;
        let mut queue = self.rows.iter_mut().filter(|row| row.status == RsvpStatus::Waitlist);
        let next = match lie {
            Lie::PromotesTheLast => queue.next_back(),
            Lie::PromotesNobody => None,
            _ => queue.next(),
        };
        if let Some(row) = next {
            row.status = RsvpStatus::Confirmed;
        }
        Json(json!({"success": true, "refund_issued": paid}))
    }

    fn wait(&mut self, lie: Lie, email: &str) -> Response {
        let position = self.with(RsvpStatus::Waitlist) + 1;
        let booking = self.list(email, RsvpStatus::Waitlist, false);
        let forgotten = self.rows.iter().any(|row| row.status == RsvpStatus::Canceled);
        if lie == Lie::ForgetsTheQueue && !forgotten {
            self.rows[booking].status = RsvpStatus::Canceled;
        }
        let answer = json!({"booking_id": id(booking), "status": "waitlist", "position": position});
        (StatusCode::CREATED, Json(answer)).into_response()
    }

    fn registrations(&self, params: &RegistrationsParams) -> Json<Value> {
        let asked = |row: &&Row| params.email.as_ref().is_none_or(|email| *email == row.email);
        let rows: Vec<_> = self.rows.iter().filter(asked).collect();
        let (limit, page) = (params.limit.unwrap_or(100) as usize, params.page.unwrap_or(1) as usize);
        let shown = rows.iter().skip(limit * (page - 1)).take(limit).map(|row| {
            json!({"booking_id": id(row.id), "email": row.email, "first_name": "A", "last_name": "B",
                   "status": row.status, "created_at": "2027-01-01T00:00:00Z"})
        });
        Json(json!({"registrations": shown.collect::<Vec<_>>(), "total": rows.len()}))
    }
}

fn id(booking: usize) -> String {
    format!("booking-{booking}")
}

fn refused(status: u16, body: &Value) -> Response {
    (StatusCode::from_u16(status).expect("a status"), Json(body.clone())).into_response()
}

/// Both load events; the small one so small that a few fill it.
fn server(lie: Lie) -> Router {
    let mut offices = WORLD.load_events().into_iter().map(|mut event| {
        if event.id == LOAD_EVENT_SMALL {
            event.capacity = SEATS as u32;
        }
        Arc::new(Mutex::new(Office { capacity: event.capacity as usize, event, rows: Vec::new() }))
    });
    let offices: [_; 3] = std::array::from_fn(|_| offices.next().expect("three load events"));
    let at = move |id: &str| {
        let holds = |office: &&Arc<Mutex<Office>>| office.lock().expect("nobody panicked").event.id == id;
        offices.iter().find(holds).expect("a load event").clone()
    };
    let (view, ask, cancel, wait, list) = (at.clone(), at.clone(), at.clone(), at.clone(), at);
    let view = move |Path(id): Path<String>| async move {
        if lie == Lie::HidesTheEvent {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        Json(view(&id).lock().expect("nobody panicked").shown()).into_response()
    };
    let ask = move |Path(id): Path<String>, Json(input): Json<RsvpInput>| async move {
        ask(&id).lock().expect("nobody panicked").rsvp(lie, &input)
    };
    let cancel = move |Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>| async move {
        cancel(&id).lock().expect("nobody panicked").cancel(lie, &query[0].1)
    };
    let wait = move |Path(id): Path<String>, Json(input): Json<WaitlistInput>| async move {
        wait(&id).lock().expect("nobody panicked").wait(lie, &input.participant.email)
    };
    let list = move |Path(id): Path<String>, Query(query): Query<Vec<(String, String)>>| async move {
        let of = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let number = |name| of(name).map(|value| value.parse().expect("a number"));
        let (limit, page) = (number("limit"), number("page"));
        let params = RegistrationsParams { event_id: id.clone(), email: of("email"), limit, page };
        list(&id).lock().expect("nobody panicked").registrations(&params)
    };
    Router::new()
        .route("/api/events/{id}", get(view))
        .route("/api/events/{id}/rsvp", post(ask).delete(cancel))
        .route("/api/events/{id}/waitlist", post(wait))
        .route("/api/events/{id}/registrations", get(list))
        .route("/api/auth/login", post(log_in))
}

async fn log_in(Json(input): Json<LoginInput>) -> Json<Value> {
    Json(json!({"message": "Login successful", "access_token": "t", "refresh_token": "r",
        "token_type": "bearer", "expires_in": 1800,
        "user": {"id": "x", "email": input.email, "role": "instructor", "tier": "free", "first_name": "A",
                 "last_name": "B", "is_verified": true}}))
}

/// Seats of the small event here.
const SEATS: usize = 4;

/// Some of each sort, so that the small event fills, people queue, and seats are given back while they do.
fn chosen() -> Vec<(u64, u64)> {
    let plan = plan("event-rsvp-load", &smoke());
    let lines: Vec<String> = plan.script.intents().collect();
    let some = |most: usize, what: &dyn Fn(&str) -> bool| {
        let fits = lines.iter().enumerate().filter(|(_, line)| what(line));
        fits.map(|(n, _)| (n as u64, 0)).take(most).collect::<Vec<_>>()
    };
    let small = |line: &str| line.starts_with(LOAD_EVENT_SMALL) && !line.contains("Declined");
    let large = |line: &str| !line.starts_with(LOAD_EVENT_SMALL);
    let mut turns = some(SEATS, &|line| small(line) && line.ends_with(" false true"));
    turns.extend(some(8, &|line| small(line) && line.ends_with(" false false")));
    turns.extend(some(8, &|line| large(line) && line.contains("None false false")));
    turns.extend(some(2, &|line| large(line) && line.contains("Good) false false")));
    turns.extend(some(2, &|line| large(line) && line.contains("Declined")));
    turns.extend(some(3, &|line| large(line) && !line.contains("Declined") && line.contains(" true ")));
    turns
}

async fn go(lie: Lie) -> ScenarioRun {
    play("event-rsvp-load", server(lie), Play::Whole { turns: chosen(), scale: 1.0 }).await
}

/// All at once, since most of it is waiting.
async fn go_all<const N: usize>(lies: [Lie; N]) -> [ScenarioRun; N] {
    let runs = futures_util::future::join_all(lies.map(go)).await;
    runs.try_into().expect("a run for each")
}

#[tokio::test]
async fn each_lie_turns_its_goal_red_and_no_other() {
    const QUEUE: &str = "waitlist is first in, first out";
    let expected = [
        (Lie::Oversells, "seats sold never exceed capacity"),
        (Lie::BooksTwice, "no duplicate bookings"),
        (Lie::Loses, "confirmed bookings read back"),
        (Lie::PromotesTheLast, QUEUE),
        (Lie::ForgetsTheQueue, QUEUE),
        (Lie::PromotesNobody, "no seat left empty while people wait"),
        (Lie::SeatsDeclinedCards, "declined cards get 402 and no seat"),
        (Lie::BreaksWhenFull, "refusals are 400 \"full\", never 5xx"),
    ];
    for ((lie, goal), run) in expected.iter().zip(go_all(expected.map(|(lie, _)| lie)).await) {
        assert_eq!(red_but_for_time(&run), [*goal], "{lie:?}");
    }
}

#[tokio::test]
async fn an_honest_office_passes_and_one_that_hides_the_event_seats_nobody() {
    let [honest, hides] = go_all([Lie::None, Lie::HidesTheEvent]).await;
    assert_eq!(all_faults(&honest), []);
    assert_eq!(red_but_for_time(&honest), [""; 0]);
    for (name, fewest) in [
        ("waitlist_in_order", 1),
        ("refusals_say_full", 4),
        ("declined_cards_refused", 2),
        ("rsvp_success", 13),
    ] {
        let (good, bad) = share(&honest, name);
        assert!(good >= fewest && bad == 0, "{name}: {good} {bad}");
    }
    let (good, bad) = share(&hides, "rsvp_success");
    assert!(good == 0 && bad > 0, "{good} {bad}");
}
