//! One event: what does not change about it, its book behind a lock of its own, and the counts it shows.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use contract::events::Event;
use fixtures::Rsvp;

use super::book::Book;
use super::defects::Counted;
use super::journal::Offence;
use super::replies::Replies;
use crate::sync::lock;

/// What a request may change about an event, under one lock.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) book: Book,
    pub(crate) replies: Replies,
    /// For the defect `stale-capacity`.
    pub(crate) counted: Counted,
}

/// An event on the shelf.
#[derive(Debug)]
pub(crate) struct Shelf {
    event: Event,
    desk: Mutex<Desk>,
    /// What lists and views show, so that they need no lock: written only under it.
    taken: AtomicU32,
    waiting: AtomicU32,
}

impl Shelf {
    /// An event with these bookings.
    pub(crate) fn new(event: Event, rows: Vec<Rsvp>) -> Self {
        let book = Book::seeded(&event.id, event.capacity, rows);
        Self {
            taken: AtomicU32::new(book.taken()),
            waiting: AtomicU32::new(book.waiting()),
            desk: Mutex::new(Desk { book, replies: Replies::default(), counted: Counted::default() }),
            event,
        }
    }

    /// What does not change about the event. Its counts are those of the dataset: see [`Shelf::snapshot`].
    pub(crate) fn event(&self) -> &Event {
        &self.event
    }

    /// The event as it is now.
    pub(crate) fn snapshot(&self) -> Event {
        Event {
            current_registrations: self.taken(),
            waitlist_count: self.waiting.load(Ordering::Acquire),
            ..self.event.clone()
        }
    }

    /// Seats taken, as shown.
    pub(crate) fn taken(&self) -> u32 {
        self.taken.load(Ordering::Acquire)
    }

    /// Does something at the desk, alone, and shows what came of it.
    pub(crate) fn at_desk<T>(&self, work: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desk = lock(&self.desk);
        let outcome = work(&mut desk);
        self.taken.store(desk.book.taken(), Ordering::Release);
        self.waiting.store(desk.book.waiting(), Ordering::Release);
        outcome
    }

    /// Judges the book, and how many bookings it looked at.
    pub(crate) fn audit(&self) -> (usize, Vec<Offence>) {
        let desk = lock(&self.desk);
        let (taken, waiting) = (self.taken(), self.waiting.load(Ordering::Acquire));
        (desk.book.bookings().len(), desk.book.audit(taken, waiting))
    }
}
