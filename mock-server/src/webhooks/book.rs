//! The book of deliveries.

use std::collections::{HashMap, VecDeque};

/// Which events were delivered, how often, and what became of them. The oldest give way.
#[derive(Default)]
pub(super) struct Book {
    entries: HashMap<String, Entry>,
    order: VecDeque<String>,
    /// Whether an entry gave way.
    forgot: bool,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: String,
    /// Deliveries that carried a good signature.
    pub(super) deliveries: u32,
    pub(super) outcome: Outcome,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Somebody is at it.
    Claimed,
    /// It was applied.
    Applied,
    /// The platform does not know its type.
    Ignored,
    /// Applying it failed; the next delivery may try.
    GivenBack,
}

impl Book {
    /// Events that are kept; fewer than the effects that are, so that each has its effect beside it.
    const MAX: usize = 200_000;

    /// Notes a delivery. True for whoever is to apply the event: of all copies, one.
    pub(super) fn claim(&mut self, event_id: &str, kind: &str) -> bool {
        if let Some(entry) = self.entries.get_mut(event_id) {
            entry.deliveries = entry.deliveries.saturating_add(1);
            let is_free = entry.outcome == Outcome::GivenBack;
            if is_free {
                entry.outcome = Outcome::Claimed;
            }
            return is_free;
        }
        if self.order.len() >= Self::MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
            self.forgot = true;
        }
        self.order.push_back(event_id.to_owned());
        let entry = Entry { kind: kind.to_owned(), deliveries: 1, outcome: Outcome::Claimed };
        self.entries.insert(event_id.to_owned(), entry);
        true
    }

    /// Whether an event was delivered before, and not given back.
    pub(super) fn knows(&self, event_id: &str) -> bool {
        self.entries.get(event_id).is_some_and(|entry| entry.outcome != Outcome::GivenBack)
    }

    /// Whether an event is in the book.
    pub(super) fn has(&self, event_id: &str) -> bool {
        self.entries.contains_key(event_id)
    }

    /// Whether an event that is not in the book was never delivered: false once entries gave way.
    pub(super) fn is_whole(&self) -> bool {
        !self.forgot
    }

    /// Notes what became of a claimed event.
    pub(super) fn settle(&mut self, event_id: &str, outcome: Outcome) {
        if let Some(entry) = self.entries.get_mut(event_id) {
            entry.outcome = outcome;
        }
    }

    /// Frees a claimed event.
    pub(super) fn give_back(&mut self, event_id: &str) {
        self.settle(event_id, Outcome::GivenBack);
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
        self.forgot = false;
    }

    /// All events, in the order of their first delivery.
    pub(super) fn events(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.order.iter().filter_map(|id| Some((id.as_str(), self.entries.get(id)?)))
    }
}
