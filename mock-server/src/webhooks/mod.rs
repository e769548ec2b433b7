//! Stripe's webhooks.

use crate::api::Api;
use crate::area::Area;

pub(crate) struct Webhooks {}

impl Webhooks {
    pub(crate) fn load() -> Self {
        Self {}
    }
}

impl Area for Webhooks {}

pub(crate) fn routes(api: Api) -> Api {
    api
}
