//! What a member's dashboard shows of events.

use chrono::{DateTime, Utc};
use contract::dashboard::Activity;
use contract::events::{Event, EventStatus, RsvpStatus};

use super::Events;
use super::book::Booking;

/// Bookings shown as recent activity.
const RECENT: usize = 10;

/// What concerns one person.
#[derive(Debug, Default)]
pub(crate) struct MemberEvents {
    /// Events they hold a seat of that have not ended, soonest first.
    pub(crate) upcoming: Vec<Event>,
    /// Their bookings, latest first.
    pub(crate) recent: Vec<Activity>,
    /// Events they came to, and how many hours those lasted together.
    pub(crate) attended: u32,
    pub(crate) hours_trained: f64,
}

impl Events {
    /// What concerns the person with this e-mail address, by the business clock's `now`.
    pub(crate) fn of_member(&self, email: &str, now: DateTime<Utc>) -> MemberEvents {
        let mut theirs = MemberEvents::default();
        for shelf in self.catalogue.shelves() {
            let bookings: Vec<Booking> =
                shelf.at_desk(|desk| desk.book.bookings_of(email).cloned().collect());
            let event = shelf.event();
            let is_ahead = event.end_date > now && event.status == EventStatus::Published;
            if is_ahead && bookings.iter().any(Booking::has_seat) {
                theirs.upcoming.push(shelf.snapshot());
            }
            if bookings.iter().any(|booking| booking.row.status == RsvpStatus::Attended) {
                theirs.attended += 1;
                theirs.hours_trained += (event.end_date - event.start_date).num_minutes() as f64 / 60.0;
            }
            theirs.recent.extend(bookings.iter().map(|booking| activity(booking, event)));
        }
        theirs.upcoming.sort_by(|a, b| a.start_date.cmp(&b.start_date).then_with(|| a.id.cmp(&b.id)));
        theirs.recent.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.description.cmp(&b.description)));
        theirs.recent.truncate(RECENT);
        theirs
    }
}

/// The last thing that happened to a booking.
fn activity(booking: &Booking, event: &Event) -> Activity {
    let row = &booking.row;
    let (kind, verb, at) = match row.status {
        RsvpStatus::Canceled => ("cancellation", "Canceled", row.canceled_at),
        RsvpStatus::Waitlist => ("waitlist", "Joined the waitlist of", None),
        RsvpStatus::Attended => ("attendance", "Attended", Some(event.start_date)),
        RsvpStatus::NoShow => ("no_show", "Missed", Some(event.start_date)),
        RsvpStatus::Confirmed => ("rsvp", "Registered for", row.promoted_at),
    };
    let at = at.unwrap_or(row.created_at);
    Activity { kind: kind.to_owned(), description: format!("{verb} {}", event.title), at }
}
