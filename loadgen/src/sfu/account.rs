//! An application at Cloudflare Realtime: whose it is shows in every call and nowhere else.

use std::env::{self, VarError};

use contract::endpoint::split_route;
use http::{HeaderValue, Uri, header};

use crate::{
    http::{Outgoing, Received, SignedPath},
    safety,
};

/// Where its API is, unless [`BASE`] says otherwise.
const DEFAULT_BASE: &str = "https://rtc.live.cloudflare.com/v1";
/// The variables it is read from.
const BASE: &str = "CLOUDFLARE_REALTIME_URL";
const APP_ID: &str = "CLOUDFLARE_REALTIME_APP_ID";
const APP_SECRET: &str = "CLOUDFLARE_REALTIME_APP_SECRET";
/// Where the contract's paths of an SFU begin; the base stands for it.
const CONTRACT_BASE: &str = "/v1";
/// Characters an application's id may have: it is a part of a path.
const MOST_ID_CHARS: usize = 64;

/// How the secret travels.
const SCHEME: &str = "Bearer ";

/// Application and secret. Both are marked as sensitive, so that they show in no `Debug` output; what is told of a call
/// that was signed with them has the contract's path ([`Outgoing::path`]), and what the API says of them is
/// [hidden](Self::hidden).
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// The base's path, without a final slash.
    base_path: String,
    app_id: HeaderValue,
    bearer: HeaderValue,
}

/// Why there is no account. What the variables hold is not said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// A variable is not set.
    #[error(
        "--sfu cloudflare takes an application of Cloudflare Realtime: set {APP_ID} and {APP_SECRET} ({0} is not set)"
    )]
    Unset(&'static str),
    /// It holds what cannot travel.
    #[error("{APP_ID} is not an application's id: it has 1 to {MOST_ID_CHARS} letters and digits")]
    AppId,
    /// It holds what cannot travel.
    #[error("{APP_SECRET} holds characters that no header may have")]
    Secret,
    /// It would be readable on its way.
    #[error("{BASE} is not https, and a secret leaves this machine over TLS only")]
    Plain,
    /// The base is no URL.
    #[error("{BASE} is no base of an SFU's API, such as {DEFAULT_BASE}")]
    Base,
}

impl Account {
    /// The account that the environment names, and the origin its API is at.
    pub fn from_env() -> Result<(Self, String), AccountError> {
        let read = |name: &'static str| match env::var(name) {
            Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
            Ok(_) | Err(VarError::NotPresent) => Err(AccountError::Unset(name)),
            Err(VarError::NotUnicode(_)) if name == APP_ID => Err(AccountError::AppId),
            Err(VarError::NotUnicode(_)) => Err(AccountError::Secret),
        };
        let base = env::var(BASE).unwrap_or_else(|_| DEFAULT_BASE.to_owned());
        Self::new(&base, &read(APP_ID)?, &read(APP_SECRET)?)
    }

    /// An account at `base`, such as `https://rtc.live.cloudflare.com/v1`, and the origin of that.
    pub fn new(base: &str, app_id: &str, secret: &str) -> Result<(Self, String), AccountError> {
        let uri: Uri = base.parse().map_err(|_| AccountError::Base)?;
        let (Some(scheme), Some(authority), None) = (uri.scheme_str(), uri.authority(), uri.query()) else {
            return Err(AccountError::Base);
        };
        // A name or password would be in every note that says where the SFU is.
        if authority.as_str().contains('@') {
            return Err(AccountError::Base);
        }
        if scheme != "https" && !safety::is_this_machine(authority.host()) {
            return Err(AccountError::Plain);
        }
        let fits =
            (1..=MOST_ID_CHARS).contains(&app_id.len()) && app_id.bytes().all(|b| b.is_ascii_alphanumeric());
        let id = HeaderValue::try_from(app_id).ok().filter(|_| fits).ok_or(AccountError::AppId)?;
        let bearer = HeaderValue::try_from(format!("{SCHEME}{secret}")).map_err(|_| AccountError::Secret)?;
        let account = Self {
            base_path: uri.path().trim_end_matches('/').to_owned(),
            app_id: hidden(id),
            bearer: hidden(bearer),
        };
        Ok((account, format!("{scheme}://{authority}")))
    }

    /// A call as it is made here: the base's path, this application, its secret. `outgoing` is the same as the contract
    /// has it, with the application and the bearer that the API gave; its path is the one that is told of.
    pub fn signed(&self, route: &'static str, outgoing: &Outgoing) -> Outgoing {
        let mut signed = outgoing.clone();
        let app_place = split_route(route).1.split('/').position(|segment| segment == "{app_id}");
        let segments = outgoing.path.split('/').enumerate().map(|(place, segment)| {
            let is_app = Some(place) == app_place;
            if is_app { self.app_id.to_str().unwrap_or_default() } else { segment }
        });
        let path = segments.collect::<Vec<_>>().join("/");
        let rest = path.strip_prefix(CONTRACT_BASE).unwrap_or(&path);
        signed.signed = Some(SignedPath::new(format!("{}{rest}", self.base_path)));
        signed.headers.insert(header::AUTHORIZATION, self.bearer.clone());
        signed
    }

    /// A text of the API's, as it may be told: application and secret are left out.
    pub fn hidden(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let secret = self.bearer.to_str().ok().and_then(|bearer| bearer.strip_prefix(SCHEME));
        let app_id = self.app_id.to_str().ok();
        for (known, shown) in [(secret, "{secret}"), (app_id, "{app_id}")] {
            if let Some(known) = known.filter(|known| !known.is_empty()) {
                text = text.replace(known, shown);
            }
        }
        text
    }

    /// The same of an answer: what its body says, and where it leads.
    pub fn hide(&self, received: &mut Received) {
        received.body = self.hidden(&String::from_utf8_lossy(&received.body)).into();
        let to = received.headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
        if let Some(to) = to.and_then(|to| HeaderValue::try_from(self.hidden(to)).ok()) {
            received.headers.insert(header::LOCATION, to);
        }
    }
}

fn hidden(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests;
