//! Who calls, and what they sent along.

use contract::ApiError;
use contract::auth::Role;
use http::{HeaderMap, header};

use crate::auth::Claims;

/// Who calls. Which of its parts are there depends on the endpoint's `AUTH`, which the glue has checked:
/// with `Bearer` there is a user; with `Optional` there may be one; with `Session` and `Video` there is a token,
/// which the handler itself checks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// The verified claims of the access token.
    pub(crate) user: Option<Claims>,
    /// The bearer token as it was sent.
    pub(crate) token: Option<String>,
    /// All headers of the request, `x-request-id` included.
    pub(crate) headers: HeaderMap,
}

impl Caller {
    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A cookie's value.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        cookie(&self.headers, name)
    }

    /// The user of an endpoint that asks for one.
    pub(crate) fn claims(&self) -> Result<&Claims, ApiError> {
        self.user.as_ref().ok_or_else(not_authenticated)
    }

    /// Whether the caller is signed in as one of these.
    pub(crate) fn is_one_of(&self, roles: &[Role]) -> bool {
        self.user.as_ref().is_some_and(|user| roles.contains(&user.role))
    }
}

/// The value of the cookie with this name in these headers.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(|line| {
            line.split(';').filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name)
        })
        .map(|(_, value)| value)
}

/// What is said to those who sent no token.
pub(crate) fn not_authenticated() -> ApiError {
    ApiError::forbidden("Not authenticated")
}

/// The bearer token of these headers: none without an `Authorization` header, a 403 for another scheme.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| text.split_once(' ')).and_then(|(scheme, token)| {
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
    });
    match token {
        Some(token) => Ok(Some(token.to_owned())),
        None => Err(ApiError::forbidden("Invalid authentication credentials")),
    }
}
