//! The subscriptions area.

use crate::api::Api;
use crate::area::Area;
use crate::dataset::Dataset;

pub(crate) struct Subscriptions {}

impl Subscriptions {
    pub(crate) fn load(_dataset: &Dataset) -> Self {
        Self {}
    }
}

impl Area for Subscriptions {}

pub(crate) fn routes(api: Api) -> Api {
    api
}
