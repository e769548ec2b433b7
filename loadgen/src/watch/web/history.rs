//! What happened so far, ready to be sent again. Bounded however long the run is: old seconds get sparse.

use std::collections::VecDeque;

use bytes::Bytes;
use engine::record::{Live, Totals};

use crate::watch::stream::{Entry, Event};

/// Seconds that are kept, at most.
const SECONDS: usize = 4_000;
/// Of these, so many of the newest without a gap.
const RECENT: u64 = 600;
/// Of all that came, so many are left when they get sparse, at most.
const SPARSE: u64 = 3_000;
/// Entries beside them that are kept.
const OTHERS: usize = 2_000;

/// The stream so far.
#[derive(Debug, Default)]
pub struct History {
    told: VecDeque<Told>,
    /// Seconds that came, and how many of them are kept.
    came: u64,
    seconds: usize,
}

#[derive(Debug)]
struct Told {
    id: u64,
    /// Which second it is, counted from 0; none of what is no second.
    second: Option<u64>,
    frame: Bytes,
}

impl History {
    /// Takes an entry; its id is larger than all before.
    pub fn push(&mut self, entry: &Entry) {
        let second = matches!(entry.event, Event::Second { .. }).then_some(self.came);
        self.told.push_back(Told { id: entry.id, second, frame: frame(entry) });
        if second.is_some() {
            self.came += 1;
            self.seconds += 1;
        }
        if self.seconds > SECONDS {
            self.thin();
        }
        if self.told.len() - self.seconds > OTHERS {
            self.forget();
        }
    }

    /// Of seconds that are not recent every second, fourth, eighth … stays: those left are as far apart
    /// everywhere, and those that stay the next time are among them.
    fn thin(&mut self) {
        let apart = self.came.div_ceil(SPARSE).next_power_of_two();
        let recent = self.came.saturating_sub(RECENT);
        let stays = |second: u64| second >= recent || second.is_multiple_of(apart);
        self.told.retain(|told| told.second.is_none_or(stays));
        self.seconds = self.told.iter().filter(|told| told.second.is_some()).count();
    }

    /// The oldest sentence goes; the first entry, which says what the run is, stays.
    fn forget(&mut self) {
        let oldest = self.told.iter().enumerate().skip(1).find(|(_, told)| told.second.is_none());
        if let Some(place) = oldest.map(|(place, _)| place) {
            self.told.remove(place);
        }
    }

    /// The next entries after `id`, at most so many, as they are sent, and the id of the last of them.
    pub fn after(&self, id: u64, most: usize) -> Option<(u64, Bytes)> {
        let from = self.told.partition_point(|told| told.id <= id);
        let next = self.told.iter().skip(from).take(most);
        let last = next.clone().last()?.id;
        Some((last, next.flat_map(|told| told.frame.iter().copied()).collect()))
    }

    /// The id of the newest entry; 0 before any.
    pub fn newest(&self) -> u64 {
        self.told.back().map_or(0, |told| told.id)
    }
}

/// An entry as an event of the stream. JSON has no line breaks of its own.
fn frame(entry: &Entry) -> Bytes {
    let json = match &entry.event {
        // The page draws no totals, and they would be the larger part of every second.
        Event::Second { live } => {
            let live = Box::new(Live { totals: Totals::default(), ..live.as_ref().clone() });
            serde_json::to_string(&Entry { event: Event::Second { live }, ..*entry })
        }
        _ => serde_json::to_string(entry),
    };
    format!("id: {}\ndata: {}\n\n", entry.id, json.unwrap_or_default()).into()
}
