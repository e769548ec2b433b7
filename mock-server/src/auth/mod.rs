//! Signing in: people, tokens, lockout.

use contract::ApiError;
use contract::auth::Role;

use crate::api::Api;
use crate::app::Settings;
use crate::area::Area;
use crate::dataset::Dataset;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    /// The person's id.
    pub(crate) sub: String,
    /// E-mail address, lower case.
    pub(crate) email: String,
    /// What they may do.
    pub(crate) role: Role,
}

pub(crate) struct Auth {}

impl Auth {
    pub(crate) fn load(_dataset: &Dataset, _settings: &Settings) -> Self {
        Self {}
    }

    /// The claims of an access token that is valid now; a 401 otherwise.
    pub(crate) fn verify(&self, _token: &str) -> Result<Claims, ApiError> {
        Err(ApiError::unauthorized("Could not validate credentials"))
    }
}

impl Area for Auth {}

pub(crate) fn routes(api: Api) -> Api {
    api
}
