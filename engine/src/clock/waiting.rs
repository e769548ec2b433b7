//! Who waits for which moment: the part of a timer that can be tested without time.

use std::{cmp::Ordering, collections::BTreeMap};

use tokio::time::Instant;

/// Those who wait, by the moment they wait for. Whoever leaves is forgotten at once, so it is never larger
/// than the number that wait.
#[derive(Debug)]
pub struct Waiting<T> {
    by_moment: BTreeMap<Place, T>,
    came: u64,
}

/// A place among those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    at: Instant,
    /// Sets those apart who wait for the same moment; who came first leaves first.
    number: u64,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self { by_moment: BTreeMap::new(), came: 0 }
    }
}

impl<T> Waiting<T> {
    /// Somebody begins to wait for `at`.
    pub fn add(&mut self, at: Instant, who: T) -> Place {
        let place = Place { at, number: self.came };
        self.came += 1;
        self.by_moment.insert(place, who);
        place
    }

    /// Whoever is at this place, unless their moment has come.
    pub fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        self.by_moment.get_mut(&place)
    }

    /// Somebody no longer waits. Nothing happens when their moment has come already.
    pub fn remove(&mut self, place: Place) -> Option<T> {
        self.by_moment.remove(&place)
    }

    /// The next one whose moment has come by `now`, earliest first.
    pub fn take_due(&mut self, now: Instant) -> Option<T> {
        let first = self.by_moment.first_entry()?;
        match first.key().at.cmp(&now) {
            Ordering::Less | Ordering::Equal => Some(first.remove()),
            Ordering::Greater => None,
        }
    }

    /// The earliest moment that is waited for.
    pub fn next(&self) -> Option<Instant> {
        self.by_moment.first_key_value().map(|(place, _)| place.at)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.by_moment.len()
    }

    /// Whether nobody does.
    pub fn is_empty(&self) -> bool {
        self.by_moment.is_empty()
    }
}
