//! What registrants were told, held against the list an instructor sees.

use std::collections::{BTreeMap, BTreeSet};

use contract::{
    Nothing,
    auth::{Login, LoginInput, SEEDED_PASSWORD, load_instructor_email},
    events::{
        Event, EventParams, GetEvent, ListRegistrations, Registration, RegistrationsParams, RsvpStatus,
    },
};
use engine::{clock::Instant, record::Recorder};

use super::{
    Shared,
    intent::Venue,
    registrant::{Outcome, Wish},
};
use crate::context::Context;

/// What registrants were told.
#[derive(Debug, Default)]
pub(super) struct Journal {
    venues: BTreeMap<Venue, Told>,
}

/// What those who wanted to go to one event were told.
#[derive(Debug, Default)]
struct Told {
    /// By address: bookings that were confirmed and not given back.
    seats: BTreeMap<String, Seat>,
    /// By booking: those who queue.
    queue: BTreeMap<String, Queued>,
    /// How many were turned away because it was full.
    turned_away: u64,
}

#[derive(Debug)]
struct Seat {
    booking_id: String,
    asked: Instant,
}

/// When a place in the queue was asked for, and when it was had.
#[derive(Debug, Clone, Copy)]
pub(super) struct Queued {
    pub(super) asked: Instant,
    pub(super) answered: Instant,
}

impl Journal {
    pub(super) fn asked(&mut self, wish: &Wish, outcome: &Outcome, asked: Instant) {
        let told = self.venues.entry(wish.venue).or_default();
        match outcome {
            Outcome::Confirmed { booking_id } => {
                let seat = Seat { booking_id: booking_id.clone(), asked };
                told.seats.insert(wish.email.clone(), seat);
            }
            Outcome::Full => told.turned_away += 1,
            _ => {}
        }
    }

    pub(super) fn queued(&mut self, wish: &Wish, booking_id: String, queued: Queued) {
        self.venues.entry(wish.venue).or_default().queue.insert(booking_id, queued);
    }

    pub(super) fn gives_back(&mut self, wish: &Wish) {
        self.venues.entry(wish.venue).or_default().seats.remove(&wish.email);
    }
}

/// Pages of registrations read of one event, at most: ten thousand rows.
const MOST_PAGES: u32 = 100;

impl Shared {
    /// Reads the lists of all events that were asked for, as an instructor, and accounts for them. What cannot
    /// be read leaves its goals short of their number, so they do not pass by silence.
    pub(super) async fn settle(&self, journal: &Journal, context: &mut Context, recorder: &Recorder) {
        for (&venue, told) in &journal.venues {
            match self.look(venue, context).await {
                Ok((event, rows)) => self.account_for(&event, &rows, told, recorder),
                Err(why) => tracing::warn!("{}: registrations cannot be read: {why}", venue.event_id()),
            }
        }
    }

    async fn look(&self, venue: Venue, context: &mut Context) -> Result<(Event, Vec<Registration>), String> {
        let input = LoginInput { email: load_instructor_email(0), password: SEEDED_PASSWORD.to_owned() };
        let told = |fault: engine::record::Fault| fault.to_string();
        let login = context.call::<Login>(&Nothing {}).input(&input).send().await.map_err(told)?;
        let token = login.done().ok_or("no login")?.access_token;
        let event_id = venue.event_id().to_owned();
        let mut rows = Vec::new();
        for page in 1..=MOST_PAGES {
            let params = RegistrationsParams {
                event_id: event_id.clone(),
                email: None,
                limit: Some(100),
                page: Some(page),
            };
            let call = context.call::<ListRegistrations>(&params).bearer(&token);
            let answer = call.send().await.map_err(told)?.done().ok_or("no list")?;
            let last = answer.registrations.is_empty();
            rows.extend(answer.registrations);
            if last || rows.len() as u64 >= answer.total {
                break;
            }
        }
        let event = context.call::<GetEvent>(&EventParams { event_id }).send().await.map_err(told)?;
        Ok((event.done().ok_or("no event")?, rows))
    }

    fn account_for(&self, event: &Event, rows: &[Registration], told: &Told, recorder: &Recorder) {
        let series = self.series;
        let seated: BTreeMap<_, _> = rows
            .iter()
            .filter(|row| row.status == RsvpStatus::Confirmed)
            .map(|row| (row.booking_id.as_str(), row.email.as_str()))
            .collect();
        let (sold, capacity) = (seated.len() as u64, u64::from(event.capacity));
        recorder.share(series.within_capacity, sold <= capacity);
        let twice: Vec<_> = repeated(rows).collect();
        recorder.share(series.one_each, twice.is_empty());
        for email in twice {
            recorder.counter(series.duplicates, || format!("{}: {email} is in the list twice", event.id));
        }
        // Whoever was told "full" would have taken a seat that is empty now.
        let demand = told.seats.len() as u64 + told.turned_away;
        let counted = sold == u64::from(event.current_registrations);
        recorder.share(series.sold_out, counted && (demand < capacity || sold >= capacity));
        for (email, seat) in &told.seats {
            recorder.share(series.read_back, seated.get(seat.booking_id.as_str()) == Some(&email.as_str()));
        }
        if !told.queue.is_empty() {
            recorder.share(series.in_order, told.in_order(rows));
        }
    }
}

impl Told {
    /// Nobody who asked after somebody had joined the queue got a seat while that one still waits, and nobody
    /// who queued is gone. What the registrants saw counts, not what times the list shows.
    fn in_order(&self, rows: &[Registration]) -> bool {
        let status: BTreeMap<_, _> = rows.iter().map(|row| (row.booking_id.as_str(), row.status)).collect();
        let of = |booking: &String| status.get(booking.as_str()).copied();
        let kept = self
            .queue
            .keys()
            .all(|booking| matches!(of(booking), Some(RsvpStatus::Waitlist | RsvpStatus::Confirmed)));
        let waiting = self.queue.iter().filter(|(booking, _)| of(booking) == Some(RsvpStatus::Waitlist));
        let Some(head) = waiting.map(|(_, queued)| queued.answered).min() else { return kept };
        let promoted = self.queue.iter().filter(|(booking, _)| of(booking) == Some(RsvpStatus::Confirmed));
        let took = promoted.map(|(_, queued)| queued.asked).chain(self.seats.values().map(|seat| seat.asked));
        kept && took.into_iter().all(|asked| asked < head)
    }
}

/// Addresses that hold or wait for more than one seat.
fn repeated(rows: &[Registration]) -> impl Iterator<Item = &str> {
    let active = rows.iter().filter(|row| matches!(row.status, RsvpStatus::Confirmed | RsvpStatus::Waitlist));
    let mut seen = BTreeSet::new();
    active.map(|row| row.email.as_str()).filter(move |email| !seen.insert(*email))
}
