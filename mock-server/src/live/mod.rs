//! The live area.

use crate::api::Api;
use crate::area::Area;
use crate::dataset::Dataset;

pub(crate) struct Live {}

impl Live {
    pub(crate) fn load(_dataset: &Dataset) -> Self {
        Self {}
    }
}

impl Area for Live {}

pub(crate) fn routes(api: Api) -> Api {
    api
}
