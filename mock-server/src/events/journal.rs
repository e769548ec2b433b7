//! What happened to an event's seats, in order, and the replay that judges it.
//!
//! The book changes its state and writes down each effect; the audit believes only what was written down. Old
//! entries are folded into a running replay, so the journal stays small and nothing that was wrong is forgotten.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Entries kept as they are; beyond, the older half is folded into the checkpoint.
const KEPT: usize = 4_096;
/// Offences remembered per event: one is enough to fail, some more help to see a pattern.
const OFFENCES: usize = 100;

/// What happened to a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It took a free seat.
    Seated,
    /// It joined the end of the waitlist.
    Waitlisted,
    /// It came off the waitlist into a seat.
    Promoted,
    /// It gave its seat, or its place on the waitlist, back.
    Canceled,
}

/// One effect, numbered without gaps.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) effect: Effect,
    pub(crate) booking: Arc<str>,
    pub(crate) participant: Arc<str>,
}

/// A promise about seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// At no moment are more seats taken than there are.
    SeatsWithinCapacity,
    /// At no moment has a participant more than one seat or place on the waitlist.
    OneBookingPerParticipant,
    /// Whoever waits longest is promoted first, and nobody takes a seat past those who wait.
    WaitlistFirstInFirstOut,
    /// What readers are shown is what the journal says is held.
    CountsShownAreHeld,
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offence {
    pub(crate) rule: Rule,
    /// The booking at fault, or the event when no single booking is.
    pub(crate) id: String,
}

/// Effects in the order they happened.
#[derive(Debug)]
pub(crate) struct Journal {
    checkpoint: Replay,
    entries: VecDeque<Entry>,
    next: u64,
}

impl Journal {
    /// Nothing has happened to `capacity` seats yet.
    pub(crate) fn new(capacity: u32) -> Self {
        Self { checkpoint: Replay::new(capacity), entries: VecDeque::new(), next: 0 }
    }

    /// Writes an effect down.
    pub(crate) fn write(&mut self, effect: Effect, booking: &Arc<str>, participant: &Arc<str>) {
        let entry = Entry {
            sequence: self.next,
            effect,
            booking: Arc::clone(booking),
            participant: Arc::clone(participant),
        };
        self.next += 1;
        self.entries.push_back(entry);
        if self.entries.len() > KEPT {
            for entry in self.entries.drain(..KEPT / 2) {
                self.checkpoint.apply(&entry);
            }
        }
    }

    /// Replays everything from the start.
    pub(crate) fn replay(&self) -> Replay {
        let mut replay = self.checkpoint.clone();
        for entry in &self.entries {
            replay.apply(entry);
        }
        replay
    }

    /// The entries that are kept as they are, for tests that plant a fault.
    #[cfg(test)]
    pub(crate) fn entries_mut(&mut self) -> &mut VecDeque<Entry> {
        &mut self.entries
    }
}

/// Who holds what after some entries, and what was wrong on the way.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    capacity: usize,
    next: u64,
    /// Booking → participant.
    seated: HashMap<Arc<str>, Arc<str>>,
    queue: VecDeque<(Arc<str>, Arc<str>)>,
    /// Participant → seats and places held.
    held: HashMap<Arc<str>, u32>,
    offences: Vec<Offence>,
}

impl Replay {
    fn new(capacity: u32) -> Self {
        Self {
            capacity: capacity as usize,
            next: 0,
            seated: HashMap::new(),
            queue: VecDeque::new(),
            held: HashMap::new(),
            offences: Vec::new(),
        }
    }

    /// Seats taken.
    pub(crate) fn seated(&self) -> usize {
        self.seated.len()
    }

    /// People waiting.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Whether the booking holds a seat.
    pub(crate) fn holds_seat(&self, booking: &str) -> bool {
        self.seated.contains_key(booking)
    }

    /// The waitlist, head first.
    pub(crate) fn queue(&self) -> impl Iterator<Item = &str> {
        self.queue.iter().map(|(booking, _)| booking.as_ref())
    }

    /// What was wrong on the way.
    pub(crate) fn into_offences(self) -> Vec<Offence> {
        self.offences
    }

    fn apply(&mut self, entry: &Entry) {
        if entry.sequence != self.next {
            self.offend(Rule::CountsShownAreHeld, &entry.booking);
        }
        self.next = entry.sequence + 1;
        match entry.effect {
            Effect::Seated => {
                if !self.queue.is_empty() {
                    self.offend(Rule::WaitlistFirstInFirstOut, &entry.booking);
                }
                self.enter(entry);
                self.seat(entry);
            }
            Effect::Waitlisted => {
                self.enter(entry);
                self.queue.push_back((Arc::clone(&entry.booking), Arc::clone(&entry.participant)));
            }
            Effect::Promoted => {
                if self.queue.front().is_none_or(|(head, _)| *head != entry.booking) {
                    self.offend(Rule::WaitlistFirstInFirstOut, &entry.booking);
                }
                self.queue.retain(|(booking, _)| *booking != entry.booking);
                self.seat(entry);
            }
            Effect::Canceled => self.leave(entry),
        }
    }

    fn enter(&mut self, entry: &Entry) {
        let held = self.held.entry(Arc::clone(&entry.participant)).or_default();
        *held += 1;
        if *held > 1 {
            self.offend(Rule::OneBookingPerParticipant, &entry.booking);
        }
    }

    fn seat(&mut self, entry: &Entry) {
        let before = self.seated.insert(Arc::clone(&entry.booking), Arc::clone(&entry.participant));
        if before.is_some() {
            self.offend(Rule::OneBookingPerParticipant, &entry.booking);
        }
        if self.seated.len() > self.capacity {
            self.offend(Rule::SeatsWithinCapacity, &entry.booking);
        }
    }

    fn leave(&mut self, entry: &Entry) {
        let waiting = self.queue.len();
        self.queue.retain(|(booking, _)| *booking != entry.booking);
        let had_place = self.queue.len() < waiting;
        if self.seated.remove(&entry.booking).is_none() && !had_place {
            self.offend(Rule::CountsShownAreHeld, &entry.booking);
            return;
        }
        if let Some(held) = self.held.get_mut(&entry.participant) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.held.remove(&entry.participant);
            }
        }
    }

    fn offend(&mut self, rule: Rule, id: &str) {
        if self.offences.len() < OFFENCES {
            self.offences.push(Offence { rule, id: id.to_owned() });
        }
    }
}
