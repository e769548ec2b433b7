//! Taking seats, giving them back, queuing for them, and reading them back.
#![expect(clippy::needless_pass_by_value, reason = "handlers own what they are given")]

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use contract::endpoint::Nothing;
use contract::events::{
    CancelOutput, DECLINED_CARDS, Event, EventParams, EventStatus, ParticipantParams, Payment, Registration,
    RegistrationPage, RegistrationsParams, RsvpInput, RsvpOutput, RsvpStatus, SUPPORTER_TICKET_CENTS,
    Visibility, WaitlistInput, WaitlistOutput,
};
use contract::{ApiError, FieldError};
use serde_json::json;

use super::book::{Book, Booking, NoPlace, Refusal, Slip};
use super::catalogue::{Audience, STAFF};
use super::replies::Seen;
use super::shelf::Shelf;
use super::{defects, fields, is_load_event, unknown};
use crate::caller::{self, Caller};
use crate::mock::Mock;
use crate::search::{page_size, unprocessable};

/// Hours before the start until which money goes back.
const REFUND_HOURS: i64 = 24;
/// Characters an idempotency key may have (Stripe's limit).
const KEY_MAX: usize = 255;

/// Takes a seat. It waits only where a race is planted.
pub(super) async fn register(
    mock: Arc<Mock>,
    caller: Caller,
    params: EventParams,
    input: RsvpInput,
) -> Result<RsvpOutput, ApiError> {
    let slip = defects::slip(&mock, &params.event_id).await;
    ask_for_seat(&mock, &caller, params, input, slip)
}

/// An `Idempotency-Key` brings the first answer back, whatever it was.
fn ask_for_seat(
    mock: &Mock,
    caller: &Caller,
    params: EventParams,
    input: RsvpInput,
    slip: Slip,
) -> Result<RsvpOutput, ApiError> {
    fields::check(&input.participant, input.payment.as_ref())?;
    let key = idempotency_key(caller)?;
    let shelf = open_event(mock, caller, &params.event_id)?;
    let event = shelf.event();
    let now = mock.clock.now();
    shelf.at_desk(|desk| {
        let Some(key) = key else { return take_seat(&mut desk.book, event, &input, now, slip) };
        match desk.replies.look_up(key, &input, now) {
            Seen::Again(answer) => answer,
            Seen::Reused => Err(key_fault("The key was used before with another request", key)),
            Seen::New => {
                let answer = take_seat(&mut desk.book, event, &input, now, slip);
                desk.replies.keep(key, input, answer.clone(), now);
                answer
            }
        }
    })
}

fn take_seat(
    book: &mut Book,
    event: &Event,
    input: &RsvpInput,
    now: DateTime<Utc>,
    slip: Slip,
) -> Result<RsvpOutput, ApiError> {
    let booking = book
        .register_with(slip, &input.participant, now, || charge(event, input.payment.as_ref()))
        .map_err(|refusal| refuse(event, &refusal))?;
    Ok(RsvpOutput {
        booking_id: booking.id.to_string(),
        registration_id: booking.id.to_string(),
        event_id: event.id.clone(),
        status: booking.row.status,
        payment_status: booking.row.payment_status,
        amount: booking.row.amount,
        currency: booking.row.amount.map(|_| event.currency.clone()),
        email: booking.row.email.clone(),
        created_at: booking.row.created_at,
    })
}

/// Charges what the seat costs. At the free load events a payment sent along is a supporter's ticket; at other
/// free events it is left alone.
fn charge(event: &Event, payment: Option<&Payment>) -> Result<Option<u64>, &'static str> {
    let cents = match payment {
        _ if event.price > 0 => event.price,
        Some(_) if is_load_event(&event.id) => SUPPORTER_TICKET_CENTS,
        _ => return Ok(None),
    };
    let Some(payment) = payment else { return Err("Payment is required: this is a paid event") };
    let method = payment.payment_method.trim();
    if method.ends_with("InsufficientFunds") {
        return Err("Your card has insufficient funds");
    }
    if DECLINED_CARDS.contains(&method) || method.contains("chargeDeclined") {
        return Err("Your card was declined");
    }
    Ok(Some(cents))
}

fn refuse(event: &Event, refusal: &Refusal) -> ApiError {
    match refusal {
        Refusal::HasSeat(booking) => has_seat(booking),
        Refusal::Waits(booking) => waits(booking),
        Refusal::Full => {
            let sentence = format!("This event is at full capacity ({} attendees)", event.capacity);
            ApiError::bad_request(sentence).with_waitlist(true)
        }
        Refusal::Unpaid(sentence) => ApiError::new(402, *sentence),
    }
}

fn has_seat(booking: &str) -> ApiError {
    ApiError::conflict("This participant already has a registration for this event").with_booking(booking)
}

fn waits(booking: &str) -> ApiError {
    ApiError::conflict("This participant is already on the waitlist of this event").with_booking(booking)
}

fn idempotency_key(caller: &Caller) -> Result<Option<&str>, ApiError> {
    match caller.header("idempotency-key").map(str::trim).filter(|key| !key.is_empty()) {
        Some(key) if key.len() > KEY_MAX => Err(key_fault("The key should have at most 255 characters", key)),
        key => Ok(key),
    }
}

fn key_fault(message: &str, key: &str) -> ApiError {
    let loc = ["header", "Idempotency-Key"];
    ApiError::unprocessable(vec![FieldError::new("value_error", &loc, message, json!(key))])
}

/// The event, if seats are given out for it: it is known to the caller, announced, not called off, and has not
/// begun.
fn open_event<'a>(mock: &'a Mock, caller: &Caller, id: &str) -> Result<&'a Shelf, ApiError> {
    let shelf = mock.events.catalogue.get(id).ok_or_else(unknown)?;
    let event = shelf.event();
    if event.visibility == Visibility::MembersOnly && !is_signed_in(mock, caller) {
        return Err(unknown());
    }
    still_to_come(event, mock.clock.now())?;
    Ok(shelf)
}

/// Registering asks for no token; for a members-only event one has to be there all the same.
fn is_signed_in(mock: &Mock, caller: &Caller) -> bool {
    let token = caller::bearer(&caller.headers).ok().flatten();
    token.is_some_and(|token| mock.auth.verify(&token).is_ok())
}

fn still_to_come(event: &Event, now: DateTime<Utc>) -> Result<(), ApiError> {
    let sentence = match event.status {
        EventStatus::Draft => "This event is a draft and not open for registration yet",
        EventStatus::Canceled => "This event has been canceled",
        EventStatus::Completed => "This event is over",
        EventStatus::Published if event.end_date <= now => "This event is past",
        EventStatus::Published if event.start_date <= now => "This event has already begun",
        EventStatus::Published => return Ok(()),
    };
    Err(ApiError::bad_request(sentence))
}

/// Gives a seat, or a place on the waitlist, back.
pub(super) fn cancel(
    mock: &Mock,
    _: &Caller,
    params: ParticipantParams,
    _: Nothing,
) -> Result<CancelOutput, ApiError> {
    if let Some(fault) = fields::email_fault(&params.email, &["query", "email"]) {
        return Err(ApiError::unprocessable(vec![fault]));
    }
    let shelf = mock.events.catalogue.get(&params.event_id).ok_or_else(unknown)?;
    let now = mock.clock.now();
    still_to_come(shelf.event(), now)?;
    let in_time = now + TimeDelta::hours(REFUND_HOURS) <= shelf.event().start_date;
    let released =
        shelf.at_desk(|desk| desk.book.cancel_for(defects::turn(mock), &params.email, now, in_time));
    let released = released.ok_or_else(|| ApiError::not_found("No RSVP found for this event"))?;
    Ok(CancelOutput {
        success: true,
        refund_issued: released.refund.is_some(),
        refund_amount: released.refund,
        promoted_booking_id: released.promoted.map(|id| id.to_string()),
    })
}

/// Queues for a seat of a full event.
pub(super) fn join_waitlist(
    mock: &Mock,
    caller: &Caller,
    params: EventParams,
    input: WaitlistInput,
) -> Result<WaitlistOutput, ApiError> {
    fields::check(&input.participant, None)?;
    let shelf = open_event(mock, caller, &params.event_id)?;
    let now = mock.clock.now();
    shelf.at_desk(|desk| match desk.book.wait(&input.participant, now) {
        Ok((booking, position)) => {
            Ok(WaitlistOutput { booking_id: booking.id.to_string(), status: RsvpStatus::Waitlist, position })
        }
        Err(NoPlace::HasSeat(booking)) => Err(has_seat(&booking)),
        Err(NoPlace::Waits(booking)) => Err(waits(&booking)),
        Err(NoPlace::SeatFree) => {
            Err(ApiError::bad_request("This event is not full: register for a seat instead of the waitlist"))
        }
    })
}

/// Reads registrations back: a participant's, or the whole list for those who may.
pub(super) fn registrations(
    mock: &Mock,
    caller: &Caller,
    params: RegistrationsParams,
    _: Nothing,
) -> Result<RegistrationPage, ApiError> {
    let take = page_size(params.limit)? as usize;
    let skip = (page_number(params.page)? as usize - 1).saturating_mul(take);
    if params.email.is_none() && !caller.is_one_of(STAFF) {
        caller.claims()?;
        return Err(ApiError::forbidden("Access denied. Required roles: instructor, admin"));
    }
    let audience = Audience::of(caller);
    let shelf = mock.events.catalogue.get(&params.event_id).ok_or_else(unknown)?;
    if !audience.sees(shelf.event()) {
        return Err(unknown());
    }
    Ok(shelf.at_desk(|desk| match &params.email {
        Some(email) => page(desk.book.bookings_of(email), skip, take),
        None => page(desk.book.bookings().iter(), skip, take),
    }))
}

fn page<'a>(bookings: impl Iterator<Item = &'a Booking>, skip: usize, take: usize) -> RegistrationPage {
    let mut total = 0;
    let mut registrations = Vec::new();
    for booking in bookings {
        if total >= skip && registrations.len() < take {
            registrations.push(read_back(booking));
        }
        total += 1;
    }
    RegistrationPage { registrations, total: total as u64 }
}

fn read_back(booking: &Booking) -> Registration {
    Registration {
        booking_id: booking.id.to_string(),
        email: booking.row.email.clone(),
        first_name: booking.row.first_name.clone(),
        last_name: booking.row.last_name.clone(),
        status: booking.row.status,
        payment_status: booking.row.payment_status,
        created_at: booking.row.created_at,
    }
}

/// The page asked for, from 1.
pub(super) fn page_number(page: Option<u32>) -> Result<u32, ApiError> {
    match page.unwrap_or(1) {
        0 => Err(unprocessable(
            "page",
            "greater_than_equal",
            "Input should be greater than or equal to 1",
            json!("0"),
        )),
        page => Ok(page),
    }
}
