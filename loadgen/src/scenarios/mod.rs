//! The six launch scenarios, one file each.

mod api;
pub(crate) mod page;
mod rsvp;
pub(crate) mod rtc;
mod search;
mod webhooks;

use crate::scenario::Scenario;

/// Every scenario, in the order the suite runs them.
pub const ALL: [&dyn Scenario; 6] = [
    &search::SearchLoad,
    &rtc::RtcLoad,
    &webhooks::WebhooksLoad,
    &rsvp::RsvpLoad,
    &page::PageLoad,
    &api::ApiLoad,
];

/// The scenario of this name.
pub fn find(name: &str) -> Option<&'static dyn Scenario> {
    ALL.into_iter().find(|scenario| scenario.name() == name)
}
