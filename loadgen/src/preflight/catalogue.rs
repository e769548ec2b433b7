//! For each route that a scenario asks, the probe of it.

use std::collections::BTreeSet;

use contract::{
    Endpoint as _,
    auth::{Login, Me, Refresh},
    dashboard::GetDashboard,
    events::{CancelRsvp, CreateRsvp, GetEvent, JoinWaitlist, ListEvents, ListRegistrations, SearchEvents},
    instructors::ListInstructors,
    pages,
    rtc::{JoinSession, LeaveSession, VideoHealth, VideoToken},
    search::Search,
    sfu::{CloseTracks, NewSession, NewTracks, Renegotiate, UpdateTracks},
    subscriptions::{ListPlans, MySubscription},
    webhooks::ReceiveStripe,
    ws,
};

use super::{
    findings::Trouble,
    kit::Kit,
    probes::{live, members, pages as site, public, registration, stripe},
};
use crate::scenario::Local;

/// What is asked of one route.
pub(super) struct Probe {
    /// Its one name.
    pub(super) route: &'static str,
    /// Routes that are asked before: they give what this one needs, or must not come after it.
    pub(super) after: &'static [&'static str],
    /// Asks, and holds the answer against the contract.
    pub(super) ask: Ask,
}

impl Probe {
    /// Whether it gives back what another has taken: then there is always time for it.
    pub(super) fn gives_back(&self) -> bool {
        [CancelRsvp::ROUTE, LeaveSession::ROUTE].contains(&self.route)
    }
}

type Ask = for<'a> fn(&'a Kit) -> Local<'a, Result<(), Trouble>>;

macro_rules! probe {
    ($route:expr, $ask:path) => {
        probe!($route, $ask, after [])
    };
    ($route:expr, $ask:path, after [$($after:expr),*]) => {
        Probe { route: $route, after: &[$($after),*], ask: |kit| Box::pin($ask(kit)) }
    };
}

static PROBES: &[Probe] = &[
    probe!(Login::ROUTE, members::login),
    probe!(Refresh::ROUTE, members::refresh, after[Login::ROUTE]),
    probe!(Me::ROUTE, members::me, after[Login::ROUTE]),
    probe!(MySubscription::ROUTE, members::my_subscription, after[Login::ROUTE]),
    probe!(GetDashboard::ROUTE, members::dashboard, after[Login::ROUTE]),
    probe!(ListEvents::ROUTE, public::list_events),
    probe!(SearchEvents::ROUTE, public::search_events),
    probe!(GetEvent::ROUTE, public::get_event, after[ListEvents::ROUTE]),
    probe!(Search::ROUTE, public::search),
    probe!(ListPlans::ROUTE, public::list_plans),
    probe!(ListInstructors::ROUTE, public::list_instructors),
    probe!(CreateRsvp::ROUTE, registration::create),
    probe!(ListRegistrations::ROUTE, registration::read_back, after[CreateRsvp::ROUTE]),
    probe!(JoinWaitlist::ROUTE, registration::queue),
    probe!(CancelRsvp::ROUTE, registration::cancel, after [ListRegistrations::ROUTE, JoinWaitlist::ROUTE]),
    probe!(ReceiveStripe::ROUTE, stripe::deliver),
    probe!(JoinSession::ROUTE, live::join),
    probe!(VideoToken::ROUTE, live::video_token, after[JoinSession::ROUTE]),
    probe!(VideoHealth::ROUTE, live::video_health, after[JoinSession::ROUTE]),
    probe!(NewSession::ROUTE, live::new_sessions, after[VideoToken::ROUTE]),
    probe!(NewTracks::ROUTE, live::new_tracks, after[NewSession::ROUTE]),
    probe!(Renegotiate::ROUTE, live::renegotiate, after[NewTracks::ROUTE]),
    probe!(UpdateTracks::ROUTE, live::update_tracks, after[VideoToken::ROUTE]),
    probe!(CloseTracks::ROUTE, live::close_tracks, after[VideoToken::ROUTE]),
    probe!(ws::ROUTE, live::socket, after [VideoHealth::ROUTE, Renegotiate::ROUTE]),
    probe!(LeaveSession::ROUTE, live::leave, after[ws::ROUTE]),
    probe!(pages::HOME, site::home),
    probe!(pages::EVENTS, site::events),
    probe!(pages::INSTRUCTORS, site::instructors),
    probe!(pages::SEARCH, site::search),
    probe!(pages::DASHBOARD, site::dashboard, after[Login::ROUTE]),
    probe!(pages::CSS, site::css),
    probe!(pages::JS, site::js),
    probe!(pages::LOGO, site::logo),
];

/// Every route that there is a probe of.
pub fn routes() -> impl Iterator<Item = &'static str> {
    PROBES.iter().map(|probe| probe.route)
}

/// Where a route stands in the contract.
pub(super) fn place(route: &str) -> Option<usize> {
    contract::measured_routes().position(|known| known == route)
}

/// The probe of a route.
#[cfg(test)]
pub(super) fn probe_of(route: &str) -> Option<&'static Probe> {
    PROBES.iter().find(|probe| probe.route == route)
}

/// The probes of these routes and of all that they follow.
pub(super) fn with_those_before(routes: impl Iterator<Item = &'static str>) -> Vec<&'static Probe> {
    let mut wanted = BTreeSet::new();
    let mut open: Vec<&'static str> = routes.collect();
    while let Some(route) = open.pop() {
        if wanted.insert(route) {
            open.extend(PROBES.iter().filter(|probe| probe.route == route).flat_map(|probe| probe.after));
        }
    }
    PROBES.iter().filter(|probe| wanted.contains(probe.route)).collect()
}
