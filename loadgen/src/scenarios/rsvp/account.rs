//! What registrants were told, held against the list an instructor sees.

use std::collections::{BTreeMap, BTreeSet};

use contract::{
    Nothing,
    auth::{Login, LoginInput, SEEDED_PASSWORD, load_instructor_email},
    events::{
        Event, EventParams, GetEvent, ListRegistrations, Registration, RegistrationsParams, RsvpStatus,
    },
};
use engine::record::Recorder;

use super::{Outcome, Shared, Wish, intent::Venue};
use crate::context::Context;

/// What registrants were told.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// By event: addresses and bookings that were confirmed and not given back.
    seats: BTreeMap<Venue, BTreeMap<String, String>>,
    /// By event: bookings that queue.
    waiting: BTreeMap<Venue, BTreeSet<String>>,
    /// Events asked for a seat at all.
    asked: BTreeSet<Venue>,
}

impl Journal {
    pub(super) fn asked(&mut self, wish: &Wish, outcome: &Outcome) {
        self.asked.insert(wish.venue);
        if let Outcome::Confirmed { booking_id } = outcome {
            self.seats.entry(wish.venue).or_default().insert(wish.email.clone(), booking_id.clone());
        }
    }

    pub(super) fn queued(&mut self, wish: &Wish, booking_id: String) {
        self.waiting.entry(wish.venue).or_default().insert(booking_id);
    }

    pub(super) fn canceled(&mut self, wish: &Wish) {
        self.seats.entry(wish.venue).or_default().remove(&wish.email);
    }
}

/// Pages of registrations read of one event, at most: ten thousand rows.
const MOST_PAGES: u32 = 100;

impl Shared {
    /// Reads the lists of all events that were asked for, as an instructor, and accounts for them. What cannot
    /// be read leaves its goals short of their number, so they do not pass by silence.
    pub(super) async fn settle(&self, journal: &Journal, context: &mut Context, recorder: &Recorder) {
        for &venue in &journal.asked {
            match self.look(venue, context).await {
                Ok((event, rows)) => self.account_for(venue, &event, &rows, journal, recorder),
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

    fn account_for(
        &self,
        venue: Venue,
        event: &Event,
        rows: &[Registration],
        journal: &Journal,
        recorder: &Recorder,
    ) {
        let series = self.series;
        let seated: Vec<_> = rows.iter().filter(|row| row.status == RsvpStatus::Confirmed).collect();
        let sold = seated.len() as u64;
        if sold > u64::from(event.capacity) {
            recorder.counter(series.oversold, || format!("{}: {sold} of {} seats", event.id, event.capacity));
        }
        for email in repeated(rows) {
            recorder.counter(series.duplicates, || format!("{}: {email} is in the list twice", event.id));
        }
        let waiting = rows.iter().any(|row| row.status == RsvpStatus::Waitlist);
        let counted = sold == u64::from(event.current_registrations);
        recorder.share(series.sold_out, counted && (!waiting || sold == u64::from(event.capacity)));
        let held: BTreeMap<_, _> =
            seated.iter().map(|row| (row.email.as_str(), row.booking_id.as_str())).collect();
        for (email, booking_id) in journal.seats.get(&venue).into_iter().flatten() {
            recorder.share(series.read_back, held.get(email.as_str()) == Some(&booking_id.as_str()));
        }
        if let Some(queue) = journal.waiting.get(&venue) {
            self.check_order(event, rows, queue, recorder);
        }
    }

    /// Whoever came off the waitlist had joined it before everyone who is still on it.
    fn check_order(
        &self,
        event: &Event,
        rows: &[Registration],
        queue: &BTreeSet<String>,
        recorder: &Recorder,
    ) {
        let queued = || rows.iter().filter(|row| queue.contains(&row.booking_id));
        let Some(head) =
            queued().filter(|row| row.status == RsvpStatus::Waitlist).min_by_key(|row| row.created_at)
        else {
            return;
        };
        for row in
            queued().filter(|row| row.status == RsvpStatus::Confirmed && row.created_at > head.created_at)
        {
            recorder.counter(self.series.queue_jumped, || {
                format!("{}: {} was promoted before {}", event.id, row.booking_id, head.booking_id)
            });
        }
    }
}

/// Addresses that hold or wait for more than one seat.
fn repeated(rows: &[Registration]) -> impl Iterator<Item = &str> {
    let active = rows.iter().filter(|row| matches!(row.status, RsvpStatus::Confirmed | RsvpStatus::Waitlist));
    let mut seen = BTreeSet::new();
    active.map(|row| row.email.as_str()).filter(move |email| !seen.insert(*email))
}
