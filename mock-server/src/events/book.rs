//! An event's book: its seats, the bookings by e-mail address, and the waitlist, first in, first out.
//!
//! Pure state without a lock or a clock. Whoever holds the book exclusively may change it, and every change is
//! one call, so no interleaving can oversell a seat: the store keeps each book behind its own mutex.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use contract::events::{Participant, PaymentStatus, RsvpStatus};
use fixtures::Rsvp;
use uuid::Uuid;

use super::journal::{Effect, Journal, Offence, Rule};

/// A booking, or a place on the waitlist.
#[derive(Debug, Clone)]
pub(crate) struct Booking {
    pub(crate) id: Arc<str>,
    /// The address as [`key`] spells it.
    email: Arc<str>,
    /// Everything else, as a dataset carries it; for `position` ask [`Book::rows`].
    pub(crate) row: Rsvp,
}

impl Booking {
    fn from_row(row: Rsvp) -> Self {
        Self { id: row.id.as_str().into(), email: key(&row.email).into(), row }
    }

    /// Whether it has a seat, whoever came in the end.
    pub(crate) fn has_seat(&self) -> bool {
        matches!(self.row.status, RsvpStatus::Confirmed | RsvpStatus::Attended | RsvpStatus::NoShow)
    }
}

/// Why there is no seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The participant holds this seat already.
    HasSeat(Arc<str>),
    /// The participant has this place on the waitlist.
    Waits(Arc<str>),
    /// Every seat is taken.
    Full,
    /// There is a seat, but it was not paid for: the sentence says why.
    Unpaid(&'static str),
}

/// Why there is no place on the waitlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// The participant holds this seat already.
    HasSeat(Arc<str>),
    /// The participant has this place already.
    Waits(Arc<str>),
    /// A seat is free: take that.
    SeatFree,
}

/// What a cancellation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Released {
    /// What goes back, in cents.
    pub(crate) refund: Option<u64>,
    /// The booking that took the seat.
    pub(crate) promoted: Option<Arc<str>>,
}

/// What a planted defect does not look at when a seat is asked for; by default everything is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slip {
    /// Whether the event is full, as somebody found earlier.
    pub(crate) is_full: Option<bool>,
    /// Whoever has a seat gets another.
    pub(crate) second_seat: bool,
}

/// Whose turn it is when a seat gets free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Whoever waits longest.
    Head,
    /// Whoever came last: a planted defect.
    Tail,
}

/// Seats, bookings and waitlist of one event.
#[derive(Debug)]
pub(crate) struct Book {
    event_id: String,
    capacity: u32,
    /// In the order they were asked for.
    bookings: Vec<Booking>,
    /// Address → its bookings, oldest first.
    by_email: HashMap<Arc<str>, Vec<usize>>,
    /// Who waits, head first.
    queue: VecDeque<usize>,
    taken: u32,
    /// Bookings ever made, forgotten ones too: no two share an id.
    made: u64,
    journal: Journal,
}

/// How an address is compared: without regard to case or surrounding space.
pub(crate) fn key(email: &str) -> String {
    email.trim().to_lowercase()
}

impl Book {
    /// The empty book of an event.
    pub(crate) fn new(event_id: &str, capacity: u32) -> Self {
        Self {
            event_id: event_id.to_owned(),
            capacity,
            bookings: Vec::new(),
            by_email: HashMap::new(),
            queue: VecDeque::new(),
            taken: 0,
            made: 0,
            journal: Journal::new(capacity),
        }
    }

    /// The book these rows make. Their past is replayed into the journal, so an audit judges it too.
    pub(crate) fn seeded(event_id: &str, capacity: u32, mut rows: Vec<Rsvp>) -> Self {
        rows.sort_by_key(|row| row.created_at);
        let mut book = Self::new(event_id, capacity);
        let life = timeline(&rows);
        for row in rows {
            book.push(Booking::from_row(row));
        }
        for (effect, slot) in life {
            book.write(effect, slot);
        }
        book
    }

    /// Takes a seat for somebody who has none. `charge` is asked only once a seat is there; when it refuses,
    /// nothing has changed. It answers with the cents it took.
    #[cfg(test)]
    pub(crate) fn register(
        &mut self,
        who: &Participant,
        now: DateTime<Utc>,
        charge: impl FnOnce() -> Result<Option<u64>, &'static str>,
    ) -> Result<&Booking, Refusal> {
        self.register_with(Slip::default(), who, now, charge)
    }

    /// The same, with what a planted defect does not look at.
    pub(crate) fn register_with(
        &mut self,
        slip: Slip,
        who: &Participant,
        now: DateTime<Utc>,
        charge: impl FnOnce() -> Result<Option<u64>, &'static str>,
    ) -> Result<&Booking, Refusal> {
        let email = key(&who.email);
        if let Some(booking) = self.active(&email).filter(|_| !slip.second_seat) {
            let id = Arc::clone(&booking.id);
            return Err(if booking.has_seat() { Refusal::HasSeat(id) } else { Refusal::Waits(id) });
        }
        if slip.is_full.unwrap_or(self.is_full()) {
            return Err(Refusal::Full);
        }
        let amount = charge().map_err(Refusal::Unpaid)?;
        let slot = self.enter(who, email, RsvpStatus::Confirmed, now);
        let row = &mut self.bookings[slot].row;
        row.amount = amount;
        row.payment_status = amount.map(|_| PaymentStatus::Succeeded);
        self.write(Effect::Seated, slot);
        Ok(&self.bookings[slot])
    }

    /// Queues somebody for a full event; answers with the booking and its place, from 1.
    pub(crate) fn wait(&mut self, who: &Participant, now: DateTime<Utc>) -> Result<(&Booking, u32), NoPlace> {
        let email = key(&who.email);
        if let Some(booking) = self.active(&email) {
            let id = Arc::clone(&booking.id);
            return Err(if booking.has_seat() { NoPlace::HasSeat(id) } else { NoPlace::Waits(id) });
        }
        if !self.is_full() {
            return Err(NoPlace::SeatFree);
        }
        let slot = self.enter(who, email, RsvpStatus::Waitlist, now);
        self.write(Effect::Waitlisted, slot);
        Ok((&self.bookings[slot], self.waiting()))
    }

    /// Gives a seat, or a place on the waitlist, back. A freed seat goes to the head of the waitlist in the same
    /// step. What was paid goes back if `refundable`.
    #[cfg(test)]
    pub(crate) fn cancel(&mut self, email: &str, now: DateTime<Utc>, refundable: bool) -> Option<Released> {
        self.cancel_for(Turn::Head, email, now, refundable)
    }

    /// The same, with whose turn it is.
    pub(crate) fn cancel_for(
        &mut self,
        turn: Turn,
        email: &str,
        now: DateTime<Utc>,
        refundable: bool,
    ) -> Option<Released> {
        let slot = self.active_slot(&key(email))?;
        let had_seat = self.bookings[slot].has_seat();
        let row = &mut self.bookings[slot].row;
        row.status = RsvpStatus::Canceled;
        row.canceled_at = Some(now);
        let paid = row.payment_status == Some(PaymentStatus::Succeeded);
        let refund = row.amount.filter(|_| paid && refundable);
        if refund.is_some() {
            row.payment_status = Some(PaymentStatus::Refunded);
        }
        if had_seat {
            self.taken -= 1;
        } else {
            self.queue.retain(|waiting| *waiting != slot);
        }
        self.write(Effect::Canceled, slot);
        Some(Released { refund, promoted: self.promote(turn, now) })
    }

    /// The participant's bookings, oldest first, canceled ones included.
    pub(crate) fn bookings_of(&self, email: &str) -> impl Iterator<Item = &Booking> {
        self.by_email.get(key(email).as_str()).into_iter().flatten().map(|slot| &self.bookings[*slot])
    }

    /// Every booking as a dataset carries it, places in the queue as they are now.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Rsvp> {
        let places: HashMap<usize, u32> = self.queue.iter().copied().zip(1..).collect();
        self.bookings
            .iter()
            .enumerate()
            .map(move |(slot, booking)| Rsvp { position: places.get(&slot).copied(), ..booking.row.clone() })
    }

    /// All bookings, oldest first.
    pub(crate) fn bookings(&self) -> &[Booking] {
        &self.bookings
    }

    /// Seats taken.
    pub(crate) fn taken(&self) -> u32 {
        self.taken
    }

    /// People waiting.
    pub(crate) fn waiting(&self) -> u32 {
        self.queue.len() as u32
    }

    /// Removes the rows of those addresses and starts the journal afresh from what stays; seats this frees go to
    /// whoever still waits. Answers with how many rows went.
    pub(crate) fn forget(&mut self, now: DateTime<Utc>, gone: impl Fn(&str) -> bool) -> usize {
        let before = self.bookings.len();
        let fresh = Self { made: self.made, ..Self::new(&self.event_id, self.capacity) };
        let mut kept = std::mem::replace(self, fresh).bookings;
        kept.retain(|booking| !gone(&booking.email));
        for booking in kept {
            self.push(booking);
        }
        for slot in 0..self.bookings.len() {
            if self.bookings[slot].has_seat() {
                self.write(Effect::Seated, slot);
            }
        }
        for slot in self.queue.clone() {
            self.write(Effect::Waitlisted, slot);
        }
        while self.promote(Turn::Head, now).is_some() {}
        before - self.bookings.len()
    }

    /// Judges the journal from its start, and what readers are shown (`shown_taken`, `shown_waiting` and the
    /// rows) against it.
    pub(crate) fn audit(&self, shown_taken: u32, shown_waiting: u32) -> Vec<Offence> {
        let replay = self.journal.replay();
        let queue: Vec<&str> = self.queue.iter().map(|slot| self.bookings[*slot].id.as_ref()).collect();
        let misread = self
            .bookings
            .iter()
            .filter(|booking| booking.has_seat() != replay.holds_seat(&booking.id))
            .map(|booking| Offence { rule: Rule::CountsShownAreHeld, id: booking.id.to_string() })
            .take(100);
        let mut offences: Vec<Offence> = misread.collect();
        let agree = replay.seated() == shown_taken as usize
            && replay.waiting() == shown_waiting as usize
            && self.taken == shown_taken
            && replay.queue().eq(queue.iter().copied());
        if let Some(head) = queue.first().filter(|_| replay.seated() < self.capacity as usize) {
            offences.push(Offence { rule: Rule::WaitlistFirstInFirstOut, id: (*head).to_owned() });
        }
        if !agree {
            offences.push(Offence { rule: Rule::CountsShownAreHeld, id: self.event_id.clone() });
        }
        offences.extend(replay.into_offences());
        offences
    }

    /// Whether every seat is taken.
    pub(crate) fn is_full(&self) -> bool {
        self.taken >= self.capacity
    }

    /// The head of the waitlist takes a free seat, if there are both.
    fn promote(&mut self, turn: Turn, now: DateTime<Utc>) -> Option<Arc<str>> {
        if self.is_full() {
            return None;
        }
        let slot = match turn {
            Turn::Head => self.queue.pop_front(),
            Turn::Tail => self.queue.pop_back(),
        }?;
        let row = &mut self.bookings[slot].row;
        row.status = RsvpStatus::Confirmed;
        row.promoted_at = Some(now);
        self.taken += 1;
        self.write(Effect::Promoted, slot);
        Some(Arc::clone(&self.bookings[slot].id))
    }

    fn active(&self, email: &str) -> Option<&Booking> {
        self.active_slot(email).map(|slot| &self.bookings[slot])
    }

    /// Only the latest booking of an address can be active: a new one is made only when that is canceled.
    fn active_slot(&self, email: &str) -> Option<usize> {
        let slot = *self.by_email.get(email)?.last()?;
        (self.bookings[slot].row.status != RsvpStatus::Canceled).then_some(slot)
    }

    fn enter(&mut self, who: &Participant, email: String, status: RsvpStatus, now: DateTime<Utc>) -> usize {
        self.made += 1;
        let name = format!("{}/{}/{}", self.event_id, email, self.made);
        self.push(Booking::from_row(Rsvp {
            id: Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string(),
            event_id: self.event_id.clone(),
            member_id: String::new(),
            email,
            first_name: who.first_name.trim().to_owned(),
            last_name: who.last_name.trim().to_owned(),
            phone: who.phone.clone(),
            status,
            payment_status: None,
            amount: None,
            created_at: now,
            waitlisted: status == RsvpStatus::Waitlist,
            promoted_at: None,
            canceled_at: None,
            position: None,
        }))
    }

    fn push(&mut self, booking: Booking) -> usize {
        let slot = self.bookings.len();
        if booking.has_seat() {
            self.taken += 1;
        }
        if booking.row.status == RsvpStatus::Waitlist {
            self.queue.push_back(slot);
        }
        self.by_email.entry(Arc::clone(&booking.email)).or_default().push(slot);
        self.bookings.push(booking);
        slot
    }

    fn write(&mut self, effect: Effect, slot: usize) {
        let booking = &self.bookings[slot];
        self.journal.write(effect, &booking.id, &booking.email);
    }
}

/// The effects that made these rows, in order. Of one instant, seats are asked for first, then given back, then
/// given to those who wait: a promotion happens at the moment its seat was freed.
fn timeline(rows: &[Rsvp]) -> Vec<(Effect, usize)> {
    let mut life = Vec::with_capacity(rows.len() * 2);
    for (slot, row) in rows.iter().enumerate() {
        let asked = if row.waitlisted { Effect::Waitlisted } else { Effect::Seated };
        life.push((row.created_at, 0, slot, asked));
        life.extend(row.canceled_at.map(|at| (at, 1, slot, Effect::Canceled)));
        life.extend(row.promoted_at.map(|at| (at, 2, slot, Effect::Promoted)));
    }
    life.sort_by_key(|(at, rank, slot, _)| (*at, *rank, *slot));
    life.into_iter().map(|(_, _, slot, effect)| (effect, slot)).collect()
}

#[cfg(test)]
mod tests;
