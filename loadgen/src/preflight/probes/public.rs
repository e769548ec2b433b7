//! What anybody may ask.

use contract::{
    Nothing,
    events::{
        EventParams, GetEvent, LOAD_EVENT, ListEvents, ListEventsParams, SearchEvents, SearchEventsParams,
    },
    instructors::{ListInstructors, ListInstructorsParams},
    search::{Search, SearchParams},
    subscriptions::ListPlans,
};

use crate::preflight::{
    findings::Trouble,
    kit::{Kit, Thing},
};

/// A word that the site knows.
pub(super) const WORD: &str = "kata";
/// Entries of a list: enough to see their shape.
const LIMIT: u32 = 20;

pub(in crate::preflight) async fn list_events(kit: &Kit) -> Result<(), Trouble> {
    let params = ListEventsParams { limit: Some(LIMIT), ..ListEventsParams::default() };
    let reply = kit.to::<ListEvents>(&params).send().await?;
    kit.keep(Thing::Event, reply.text("/events/0/id"));
    reply.fits()
}

pub(in crate::preflight) async fn search_events(kit: &Kit) -> Result<(), Trouble> {
    kit.to::<SearchEvents>(&SearchEventsParams { q: WORD.to_owned() }).send().await?.fits()
}

/// One of the events listed; where there is no list, the one that people will crowd into.
pub(in crate::preflight) async fn get_event(kit: &Kit) -> Result<(), Trouble> {
    let event_id = kit.need(Thing::Event).unwrap_or_else(|_| LOAD_EVENT.to_owned());
    kit.to::<GetEvent>(&EventParams { event_id }).send().await?.fits()
}

pub(in crate::preflight) async fn search(kit: &Kit) -> Result<(), Trouble> {
    let params = SearchParams { q: WORD.to_owned(), limit: Some(LIMIT), ..SearchParams::default() };
    kit.to::<Search>(&params).send().await?.fits()
}

pub(in crate::preflight) async fn list_plans(kit: &Kit) -> Result<(), Trouble> {
    kit.to::<ListPlans>(&Nothing {}).send().await?.fits()
}

pub(in crate::preflight) async fn list_instructors(kit: &Kit) -> Result<(), Trouble> {
    let params = ListInstructorsParams { limit: Some(LIMIT), ..ListInstructorsParams::default() };
    kit.to::<ListInstructors>(&params).send().await?.fits()
}
