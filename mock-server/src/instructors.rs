//! The instructors area.

use crate::api::Api;
use crate::area::Area;
use crate::dataset::Dataset;

pub(crate) struct Instructors {}

impl Instructors {
    pub(crate) fn load(_dataset: &Dataset) -> Self {
        Self {}
    }
}

impl Area for Instructors {}

pub(crate) fn routes(api: Api) -> Api {
    api
}
