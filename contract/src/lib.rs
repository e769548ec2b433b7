//! What WWMAA speaks: every endpoint of the launch API as a type with its one name, the bodies and frames
//! that travel, Stripe's signed events, and the OpenAPI document made from the same types.
//!
//! Pure data: no I/O, no clock, nothing async. The mock serves these types and the load generator calls them,
//! so a change of shape breaks both in the same `cargo check`.
#![warn(missing_docs)]

pub mod auth;
pub mod dashboard;
pub mod endpoint;
pub mod error;
pub mod events;
pub mod instructors;
pub mod openapi;
pub mod operations;
pub mod pages;
pub mod rtc;
pub mod search;
pub mod sfu;
pub mod stripe;
pub mod subscriptions;
pub mod webhooks;
pub mod ws;

pub use endpoint::{Auth, Body, Endpoint, Nothing};
pub use error::{ApiError, Detail, ErrorBody, FieldError};

/// Calls `$visit!` with every endpoint type of the JSON API, so that lists (OpenAPI, route tables, latency
/// profiles) are written once, here.
#[macro_export]
macro_rules! for_each_endpoint {
    ($visit:ident) => {
        $visit! {
            $crate::auth::Login, $crate::auth::Refresh, $crate::auth::Me, $crate::auth::Logout, $crate::auth::Register,
            $crate::events::ListEvents, $crate::events::SearchEvents, $crate::events::GetEvent,
            $crate::events::CreateRsvp, $crate::events::ListRegistrations, $crate::events::CancelRsvp,
            $crate::events::JoinWaitlist,
            $crate::search::Search,
            $crate::subscriptions::ListPlans, $crate::subscriptions::MySubscription,
            $crate::instructors::ListInstructors,
            $crate::dashboard::GetDashboard,
            $crate::webhooks::ReceiveStripe,
            $crate::rtc::JoinSession, $crate::rtc::VideoToken, $crate::rtc::VideoHealth, $crate::rtc::LeaveSession,
            $crate::sfu::NewSession, $crate::sfu::NewTracks, $crate::sfu::Renegotiate, $crate::sfu::CloseTracks,
            $crate::sfu::UpdateTracks, $crate::sfu::GetSession,
            $crate::operations::Health, $crate::operations::ApiHealth
        }
    };
}

macro_rules! routes_of {
    ($($endpoint:ty),* $(,)?) => { &[$(<$endpoint as Endpoint>::ROUTE),*] };
}

/// The route of every JSON endpoint, in the order of API.md.
pub const ENDPOINT_ROUTES: &[&str] = for_each_endpoint!(routes_of);

/// Every route a latency profile, a goal or a report row may name: endpoints, pages, assets and the socket.
pub fn measured_routes() -> impl Iterator<Item = &'static str> {
    ENDPOINT_ROUTES.iter().chain(pages::ROUTES).copied().chain([ws::ROUTE])
}
