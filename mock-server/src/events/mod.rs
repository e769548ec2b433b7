//! The events area.

use crate::api::Api;
use crate::area::Area;
use crate::dataset::Dataset;

pub(crate) struct Events {}

impl Events {
    pub(crate) fn load(_dataset: &Dataset) -> Self {
        Self {}
    }
}

impl Area for Events {}

pub(crate) fn routes(api: Api) -> Api {
    api
}

/// What a member's dashboard shows of the events area.
#[derive(Debug, Default)]
pub(crate) struct MemberEvents {
    /// Events they hold a seat of that have not ended, soonest first.
    pub(crate) upcoming: Vec<contract::events::Event>,
    /// Their bookings, latest first.
    pub(crate) recent: Vec<contract::dashboard::Activity>,
    /// Events they came to, and how many hours those lasted together.
    pub(crate) attended: u32,
    pub(crate) hours_trained: f64,
}

impl Events {
    /// What concerns the person with this e-mail address, by the business clock's `now`.
    pub(crate) fn of_member(&self, _email: &str, _now: chrono::DateTime<chrono::Utc>) -> MemberEvents {
        MemberEvents::default()
    }
}
