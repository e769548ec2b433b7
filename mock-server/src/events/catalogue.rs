//! Which events there are, in every order they are listed in.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contract::auth::Role;
use contract::events::{Event, EventSort, EventStatus, ListEventsParams, Order, PriceFilter, Visibility};

use super::shelf::Shelf;
use crate::caller::Caller;
use crate::search::index::{Fields, Hits, Index};
use crate::search::set::DocSet;

/// Who looks at events, by how much they may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Anybody: public events that are announced.
    Public,
    /// Whoever is signed in: members-only events too.
    SignedIn,
    /// Those who teach or run the place: drafts too.
    Staff,
}

/// Roles that see drafts and read lists of registrations.
pub(crate) const STAFF: &[Role] = &[Role::Instructor, Role::Admin];

impl Audience {
    /// The audience this caller belongs to.
    pub(crate) fn of(caller: &Caller) -> Self {
        if caller.is_one_of(STAFF) {
            Self::Staff
        } else if caller.user.is_some() {
            Self::SignedIn
        } else {
            Self::Public
        }
    }

    /// Whether they may see the event.
    pub(crate) fn sees(self, event: &Event) -> bool {
        match self {
            Self::Staff => true,
            Self::SignedIn => event.status != EventStatus::Draft,
            Self::Public => event.status != EventStatus::Draft && event.visibility == Visibility::Public,
        }
    }
}

/// Bounds of an event's start: from the first, before the second.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) until: Option<DateTime<Utc>>,
}

/// The events, sorted once for all lists.
#[derive(Debug)]
pub(crate) struct Catalogue {
    shelves: Vec<Shelf>,
    by_id: HashMap<String, u32>,
    by_start: [Vec<u32>; 2],
    by_title: [Vec<u32>; 2],
    index: Index,
}

impl Catalogue {
    /// The catalogue of these events.
    pub(crate) fn new(mut shelves: Vec<Shelf>) -> Self {
        // By id, so that ties in any order break by id.
        shelves.sort_by(|a, b| a.event().id.cmp(&b.event().id));
        let title = |i: u32| shelves[i as usize].event().title.to_lowercase();
        let start = |i: u32| shelves[i as usize].event().start_date;
        let tags: Vec<String> = shelves.iter().map(|shelf| tags(shelf.event())).collect();
        let texts = shelves.iter().zip(&tags).map(|(shelf, tags)| Fields {
            title: &shelf.event().title,
            tags,
            body: &shelf.event().description,
        });
        Self {
            by_id: (0..).zip(&shelves).map(|(i, shelf)| (shelf.event().id.clone(), i)).collect(),
            by_start: both_ways(shelves.len(), start),
            by_title: both_ways(shelves.len(), title),
            index: Index::new(texts),
            shelves,
        }
    }

    /// The event with this id.
    pub(crate) fn get(&self, id: &str) -> Option<&Shelf> {
        self.by_id.get(id).map(|i| &self.shelves[*i as usize])
    }

    /// All events, by id.
    pub(crate) fn shelves(&self) -> &[Shelf] {
        &self.shelves
    }

    /// The events that match, in the order asked for: how many there are, and those of one page. Nothing is
    /// copied before the page is known.
    pub(crate) fn list(
        &self,
        audience: Audience,
        asked: &ListEventsParams,
        span: Span,
        (skip, take): (usize, usize),
    ) -> (usize, Vec<Event>) {
        let matching = |i: &u32| {
            let event = self.shelves[*i as usize].event();
            audience.sees(event) && matches(event, asked, span)
        };
        let backwards = asked.order == Some(Order::Desc);
        let order = match asked.sort {
            Some(EventSort::Popularity) => &self.by_popularity(backwards),
            Some(EventSort::Title) => &self.by_title[usize::from(backwards)],
            Some(EventSort::StartDate) | None => &self.by_start[usize::from(backwards)],
        };
        let mut total = 0;
        let mut page = Vec::with_capacity(take);
        for i in order.iter().filter(|i| matching(i)) {
            if total >= skip && page.len() < take {
                page.push(self.shelves[*i as usize].snapshot());
            }
            total += 1;
        }
        (total, page)
    }

    /// The events that fit the words best.
    pub(crate) fn search(&self, audience: Audience, query: &str, best: usize) -> (usize, Vec<Event>) {
        let mut visible = DocSet::none(self.shelves.len());
        for (i, _) in (0..).zip(&self.shelves).filter(|(_, shelf)| audience.sees(shelf.event())) {
            visible.insert(i);
        }
        let Hits { total, best } = self.index.search(query, Some(&visible), best);
        (total, best.iter().map(|(i, _)| self.shelves[*i as usize].snapshot()).collect())
    }

    /// Seats change hands all the time, so this order is made when it is asked for.
    fn by_popularity(&self, backwards: bool) -> Vec<u32> {
        let mut taken: Vec<(i64, u32)> = (0..)
            .zip(&self.shelves)
            .map(|(i, shelf)| (i64::from(shelf.taken()), i))
            .map(|(taken, i)| (if backwards { -taken } else { taken }, i))
            .collect();
        taken.sort_unstable();
        taken.into_iter().map(|(_, i)| i).collect()
    }
}

fn tags(event: &Event) -> String {
    let teacher = event.instructor_name.as_deref().unwrap_or_default();
    format!("{} {} {} {} {teacher}", event.tags.join(" "), event.style, event.city, event.location_name)
}

/// The numbers below `count` by this key, ascending and descending; equal keys in the order of numbers both ways.
fn both_ways<K: Ord>(count: usize, key: impl Fn(u32) -> K) -> [Vec<u32>; 2] {
    let mut ascending: Vec<u32> = (0..count as u32).collect();
    ascending.sort_by_cached_key(|i| key(*i));
    let mut descending: Vec<u32> = (0..count as u32).collect();
    descending.sort_by_cached_key(|i| std::cmp::Reverse(key(*i)));
    [ascending, descending]
}

fn matches(event: &Event, asked: &ListEventsParams, span: Span) -> bool {
    let is = |have: &str, want: &Option<String>| {
        want.as_ref().is_none_or(|want| have.eq_ignore_ascii_case(want.trim()))
    };
    asked.event_type.is_none_or(|kind| event.event_type == kind)
        && is(&event.style, &asked.style)
        && is(&event.city, &asked.city)
        && is(&event.state, &asked.state)
        && asked.is_online.is_none_or(|online| event.is_online == online)
        && asked.price.is_none_or(|price| (price == PriceFilter::Free) == (event.price == 0))
        && span.from.is_none_or(|from| event.start_date >= from)
        && span.until.is_none_or(|until| event.start_date < until)
}
