//! Events: lists, search, views, and the seats people take in them. Seats are never oversold, a participant
//! never holds two, the waitlist is first in, first out; [`Area::audit`] proves it from the journals.

mod book;
mod catalogue;
mod defects;
mod fields;
mod journal;
mod member;
mod replies;
mod rsvp;
mod shelf;

use std::collections::HashMap;

use contract::ApiError;
use contract::endpoint::Nothing;
use contract::events::{
    CancelRsvp, CreateRsvp, Event, EventMatches, EventPage, EventParams, GetEvent, JoinWaitlist, LOAD_EVENT,
    LOAD_EVENT_BASELINE, LOAD_EVENT_SMALL, ListEvents, ListEventsParams, ListRegistrations, SearchEvents,
    SearchEventsParams,
};
use fixtures::{Record, Rsvp};

use crate::api::Api;
use crate::area::{Area, AuditCheck};
use crate::caller::Caller;
use crate::clock::BusinessClock;
use crate::dataset::Dataset;
use crate::mock::Mock;
use crate::search::{check_query, days, page_size};

use catalogue::{Audience, Catalogue, Span};
use defects::Counted;
use journal::{Offence, Rule};
use replies::Replies;
use shelf::Shelf;

/// Events an answer of the event search shows.
const MATCHES: usize = 20;

/// The invariants and their names.
const RULES: [(Rule, &str); 4] = [
    (Rule::SeatsWithinCapacity, "seats_within_capacity"),
    (Rule::OneBookingPerParticipant, "one_booking_per_participant"),
    (Rule::WaitlistFirstInFirstOut, "waitlist_first_in_first_out"),
    (Rule::CountsShownAreHeld, "registration_counts_shown_are_held"),
];

/// Every event of a dataset with its book.
pub(crate) struct Events {
    catalogue: Catalogue,
    /// For promotions that a reset causes; reads what the mock's own does.
    clock: BusinessClock,
}

impl Events {
    /// The dataset's events and bookings.
    pub(crate) fn load(dataset: &Dataset) -> Self {
        let mut rows: HashMap<&str, Vec<Rsvp>> = HashMap::new();
        for row in &dataset.rsvps {
            rows.entry(&row.event_id).or_default().push(row.clone());
        }
        let shelves = dataset.events.iter().map(|event| {
            let rows = rows.remove(event.id.as_str()).unwrap_or_default();
            Shelf::new(event.clone(), rows)
        });
        Self {
            catalogue: Catalogue::new(shelves.collect()),
            clock: BusinessClock::starting_at(dataset.epoch()),
        }
    }
}

impl Area for Events {
    fn audit(&self) -> Vec<AuditCheck> {
        let mut looked_at = 0;
        let mut offences: Vec<Offence> = Vec::new();
        for shelf in self.catalogue.shelves() {
            let (bookings, found) = shelf.audit();
            looked_at += bookings;
            offences.extend(found);
        }
        let verdict = |(rule, name): (Rule, &str)| {
            let ids =
                offences.iter().filter(|offence| offence.rule == rule).map(|offence| offence.id.clone());
            AuditCheck::new(name, looked_at, "bookings", ids.collect())
        };
        RULES.into_iter().map(verdict).collect()
    }

    fn reset_load(&self) {
        let now = self.clock.now();
        for shelf in self.catalogue.shelves().iter().filter(|shelf| is_load_event(&shelf.event().id)) {
            shelf.at_desk(|desk| {
                desk.book.forget(now, is_load_address);
                desk.replies = Replies::default();
                desk.counted = Counted::default();
            });
        }
    }

    fn rows(&self, each: &mut dyn FnMut(Record)) {
        for shelf in self.catalogue.shelves() {
            each(Record::Event(shelf.snapshot()));
            let rows: Vec<Rsvp> = shelf.at_desk(|desk| desk.book.rows().collect());
            for row in rows {
                each(Record::Rsvp(row));
            }
        }
    }
}

pub(crate) fn routes(api: Api) -> Api {
    api.listing::<ListEvents>(list, |page| page.events.len())
        .listing::<SearchEvents>(search, |found| found.events.len())
        .endpoint::<GetEvent>(get)
        .waiting::<CreateRsvp, _>(rsvp::register)
        .endpoint::<CancelRsvp>(rsvp::cancel)
        .endpoint::<JoinWaitlist>(rsvp::join_waitlist)
        .endpoint::<ListRegistrations>(rsvp::registrations)
}

#[expect(clippy::needless_pass_by_value, reason = "handlers own what they are given")]
fn list(mock: &Mock, caller: &Caller, params: ListEventsParams, _: Nothing) -> Result<EventPage, ApiError> {
    let limit = page_size(params.limit)?;
    let page = rsvp::page_number(params.page)?;
    let offset = params.offset.unwrap_or_else(|| (page - 1).saturating_mul(limit));
    let span = Span {
        from: date("date_from", params.date_from.as_deref(), days::from)?,
        until: date("date_to", params.date_to.as_deref(), days::until)?,
    };
    let window = (offset as usize, limit as usize);
    let (total, events) = mock.events.catalogue.list(Audience::of(caller), &params, span, window);
    Ok(EventPage {
        has_more: offset as usize + events.len() < total,
        events,
        total: total as u64,
        limit,
        page: (offset / limit).saturating_add(1),
        offset,
    })
}

/// Reads a date filter; one that is none is a 400, as WWMAA's backend has it.
fn date<T>(field: &str, text: Option<&str>, read: fn(&str) -> Option<T>) -> Result<Option<T>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let unreadable = || ApiError::bad_request(format!("Invalid {field} format. Use YYYY-MM-DD"));
    read(text).map(Some).ok_or_else(unreadable)
}

fn search(
    mock: &Mock,
    caller: &Caller,
    params: SearchEventsParams,
    _: Nothing,
) -> Result<EventMatches, ApiError> {
    check_query(&params.q)?;
    let (total, events) = mock.events.catalogue.search(Audience::of(caller), &params.q, MATCHES);
    Ok(EventMatches { events, total: total as u64, query: params.q })
}

#[expect(clippy::needless_pass_by_value, reason = "handlers own what they are given")]
fn get(mock: &Mock, caller: &Caller, params: EventParams, _: Nothing) -> Result<Event, ApiError> {
    let shelf = mock.events.catalogue.get(&params.event_id).ok_or_else(unknown)?;
    if Audience::of(caller).sees(shelf.event()) { Ok(shelf.snapshot()) } else { Err(unknown()) }
}

/// What is said about an event that is not there, or not for the caller to know about.
fn unknown() -> ApiError {
    ApiError::not_found("Event not found")
}

fn is_load_event(id: &str) -> bool {
    [LOAD_EVENT, LOAD_EVENT_SMALL, LOAD_EVENT_BASELINE].contains(&id)
}

/// Addresses that only load registers with.
fn is_load_address(email: &str) -> bool {
    let load = email.starts_with("loadtest+") || email.starts_with("loadtest_user_");
    load && email.ends_with("@wwmaa.com")
}
