//! Pages and assets.

use crate::api::Api;

pub(crate) fn routes(api: Api) -> Api {
    api
}
