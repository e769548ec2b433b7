//! The probes: what is asked of each route.

pub(super) mod live;
pub(super) mod members;
pub(super) mod pages;
pub(super) mod public;
pub(super) mod registration;
pub(super) mod stripe;
