//! The world cut into chunks: each is put in place, or removed, in one transaction.
//!
//! A chunk is a range of places in one part of the world. A row stands at the same place in every world that has it
//! (ids follow from the place or from an address that carries it), so the same bounds mean the same rows, and two
//! worlds differ chunk by chunk.

use std::fmt;

use fixtures::{Record, World};

/// A part of the world whose rows are written together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Members, by their place.
    Members,
    /// Instructors, by their place.
    Instructors,
    /// Events by their place, each with its RSVPs.
    Events,
    /// The load events, which have no RSVPs.
    LoadEvents,
    /// Subscriptions, by the place of the member who pays.
    Subscriptions,
    /// Content, by its place.
    Content,
    /// Live sessions.
    Sessions,
}

impl Part {
    /// All of them; rows refer only to parts before their own. Removal goes backwards.
    pub const ALL: [Self; 7] = [
        Self::Members,
        Self::Instructors,
        Self::Events,
        Self::LoadEvents,
        Self::Subscriptions,
        Self::Content,
        Self::Sessions,
    ];

    /// Its name in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Instructors => "instructors",
            Self::Events => "events",
            Self::LoadEvents => "load_events",
            Self::Subscriptions => "subscriptions",
            Self::Content => "content",
            Self::Sessions => "sessions",
        }
    }

    /// The part of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// How many places it has in a world.
    fn places(self, world: World) -> u32 {
        match self {
            Self::Members | Self::Subscriptions => world.member_count(),
            Self::Instructors => world.size().instructors,
            Self::Events => world.size().events,
            Self::LoadEvents => world.load_events().len() as u32,
            Self::Content => world.size().content,
            Self::Sessions => world.sessions().len() as u32,
        }
    }

    /// Places per chunk: some ten thousand rows, at most some ten megabytes. Larger ones gain nothing; smaller ones pay
    /// more for their transactions, and a COPY of less than about 60 kB waits 40 ms for an acknowledgement that TCP
    /// delays (sqlx leaves Nagle's algorithm on).
    const fn stride(self) -> u32 {
        match self {
            Self::Members | Self::Instructors => 10_000,
            Self::Events => 500,
            Self::Subscriptions => 20_000,
            Self::Content => 2_500,
            Self::LoadEvents | Self::Sessions => u32::MAX,
        }
    }
}

/// Which places of which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bounds {
    /// The part.
    pub part: Part,
    /// First place.
    pub first: u32,
    /// The place after the last.
    pub past: u32,
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}..{}", self.part.name(), self.first, self.past)
    }
}

impl Bounds {
    /// A world's chunks, in the order in which they are written.
    pub fn of(world: World) -> Vec<Self> {
        let mut all = Vec::new();
        for part in Part::ALL {
            let (places, mut first) = (part.places(world), 0);
            while first < places {
                let past = first.saturating_add(part.stride()).min(places);
                all.push(Self { part, first, past });
                first = past;
            }
        }
        all
    }

    /// The same places in another world, as far as it has them.
    #[must_use]
    pub fn within(self, world: World) -> Self {
        let places = self.part.places(world);
        Self { first: self.first.min(places), past: self.past.min(places), ..self }
    }

    /// Makes the rows at these places, one after the other; those that are referred to come first.
    pub fn rows(self, world: World, mut each: impl FnMut(Record)) {
        let places = self.first..self.past;
        let (skipped, taken) = (self.first as usize, places.len());
        match self.part {
            Part::Members => places.for_each(|i| each(Record::Member(world.member(i)))),
            Part::Instructors => places.for_each(|i| each(Record::Instructor(world.instructor(i)))),
            Part::Events => world.events_with_rsvps(places).for_each(|(event, rsvps)| {
                each(Record::Event(event));
                for rsvp in rsvps {
                    each(Record::Rsvp(rsvp));
                }
            }),
            Part::LoadEvents => {
                let events = world.load_events().into_iter().skip(skipped).take(taken);
                events.for_each(|event| each(Record::Event(event)));
            }
            Part::Subscriptions => {
                places
                    .filter_map(|i| world.subscription_of(i))
                    .for_each(|row| each(Record::Subscription(row)));
            }
            Part::Content => places.for_each(|i| each(Record::Content(world.content(i)))),
            Part::Sessions => {
                let sessions = world.sessions().into_iter().skip(skipped).take(taken);
                sessions.for_each(|session| each(Record::Session(session)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use fixtures::Size;

    use super::*;

    fn world(size: Size) -> World {
        World::new(3, size)
    }

    fn small() -> Size {
        Size { members: 12_000, instructors: 30, events: 230, content: 2_600, ..Size::default() }
    }

    #[test]
    fn chunks_are_the_whole_world_and_nothing_twice() {
        let world = world(small());
        let mut chunked: Vec<Record> = Vec::new();
        for bounds in Bounds::of(world) {
            bounds.rows(world, |row| chunked.push(row));
        }
        let mut whole: Vec<Record> = world.records().filter(|record| record.id().is_some()).collect();
        let key = |record: &Record| (record.kind(), record.id().map(str::to_owned));
        chunked.sort_by_key(key);
        whole.sort_by_key(key);
        assert_eq!(chunked, whole);
    }

    #[test]
    fn places_keep_their_ids_in_other_worlds() {
        let (old, new) = (world(small()), World::new(9, Size { members: 500, events: 40, ..small() }));
        let ids = |world: World, bounds: Bounds| {
            let mut ids = Vec::new();
            bounds.rows(world, |row| ids.extend(row.id().map(|id| format!("{} {id}", row.kind()))));
            ids
        };
        let place_of: std::collections::HashMap<String, Bounds> = Bounds::of(old)
            .into_iter()
            .flat_map(|bounds| ids(old, bounds).into_iter().map(move |id| (id, bounds)))
            .collect();
        for bounds in Bounds::of(new) {
            for id in ids(new, bounds) {
                let elsewhere =
                    place_of.get(&id).is_some_and(|old| (old.part, old.first) != (bounds.part, bounds.first));
                assert!(!elsewhere, "{id} stands at {bounds} and at {}", place_of[&id]);
            }
        }
    }
}
