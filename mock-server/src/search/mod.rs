//! The search area.

use crate::api::Api;
use crate::area::Area;
use crate::dataset::Dataset;

pub(crate) struct Search {}

impl Search {
    pub(crate) fn load(_dataset: &Dataset) -> Self {
        Self {}
    }
}

impl Area for Search {}

pub(crate) fn routes(api: Api) -> Api {
    api
}
