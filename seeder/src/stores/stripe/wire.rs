//! Sending async-stripe's requests. Its own client is not used: it keeps `Retry-After` to itself, has no pace, and
//! opens a connection for every call.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, Response};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use stripe_client_core::{RequestBuilder, StripeMethod, VERSION};

use super::answer::{ErrorBody, Failure, Page, Refusal, Remote};
use super::pace::{Manners, Pace};
use super::{requests, retry};

/// Asks Stripe.
pub(super) struct Wire {
    http: reqwest::Client,
    base_url: String,
    key: String,
    manners: Manners,
    pace: Pace,
}

impl Wire {
    pub(super) fn new(base_url: &str, key: &str, manners: Manners) -> Result<Self, reqwest::Error> {
        crate::tls::choose_ring();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(manners.patience);
        // What is on this machine is not reached through somebody else's.
        let http = if base_url.starts_with("http://") { http.no_proxy() } else { http };
        Ok(Self {
            http: http.build()?,
            base_url: base_url.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
            pace: Pace::new(manners.between_calls),
            manners,
        })
    }

    pub(super) const fn at_a_time(&self) -> usize {
        self.manners.at_a_time
    }

    /// The account that the key opens. A restricted key may be one that must not read it (the right `Accounts: read` is
    /// missing): then the key's own digest stands for the account, and another key for another account.
    pub(super) async fn account(&self) -> Result<String, Failure> {
        match self.object(requests::account(), None).await {
            Ok(account) => Ok(account.id),
            Err(Failure::Refused(refusal))
                if self.key.starts_with("rk_") && matches!(refusal.status, 401 | 403) =>
            {
                Ok(digest(&self.key))
            }
            Err(failure) => Err(failure),
        }
    }

    /// Sends a request as often as it takes and is decent, each time under the same idempotency key. Objects in live
    /// mode are not taken for an answer.
    pub(super) async fn object(&self, request: RequestBuilder, key: Option<&str>) -> Result<Remote, Failure> {
        let object: Remote = self.ask(&request, key).await?;
        if object.livemode { Err(Failure::Live(object.id)) } else { Ok(object) }
    }

    /// A page of a list.
    pub(super) async fn page(&self, request: RequestBuilder) -> Result<Page, Failure> {
        let page: Page = self.ask(&request, None).await?;
        match page.data.iter().find(|object| object.livemode) {
            Some(object) => Err(Failure::Live(object.id.clone())),
            None => Ok(page),
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        request: &RequestBuilder,
        key: Option<&str>,
    ) -> Result<T, Failure> {
        let luck = RandomState::new();
        let mut tries = 0;
        loop {
            tries += 1;
            self.pace.turn().await;
            let failure = match self.once(request, key, tries).await {
                Ok(body) => {
                    return serde_json::from_slice(&body)
                        .map_err(|error| Failure::Unreadable(error.to_string()));
                }
                Err(failure) => failure,
            };
            let luck = luck.hash_one(tries) as f64 / u64::MAX as f64;
            let Some(wait) = retry::wait(&failure, tries, luck, &self.manners) else { return Err(failure) };
            if matches!(&failure, Failure::Refused(refusal) if refusal.status == 429) {
                self.pace.rest(wait);
            } else {
                tokio::time::sleep(wait).await;
            }
        }
    }

    async fn once(
        &self,
        request: &RequestBuilder,
        key: Option<&str>,
        tries: u32,
    ) -> Result<Vec<u8>, Failure> {
        let method = match request.method {
            StripeMethod::Get => Method::GET,
            StripeMethod::Post => Method::POST,
            StripeMethod::Delete => Method::DELETE,
        };
        let query = request.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
        let url = format!("{}/v1{}{query}", self.base_url, request.path);
        let mut call = self
            .http
            .request(method, url)
            .bearer_auth(&self.key)
            .header("stripe-version", VERSION.as_str())
            .header("user-agent", concat!("wwmaa-seed/", env!("CARGO_PKG_VERSION")));
        if let Some(key) = key {
            call = call.header("idempotency-key", key);
        }
        if let Some(body) = &request.body {
            call = call.header("content-type", "application/x-www-form-urlencoded").body(body.clone());
        }
        let response = call.send().await.map_err(|error| self.broken(&error))?;
        let refusal = (!response.status().is_success()).then(|| read_headers(&response, tries));
        let body = response.bytes().await.map_err(|error| self.broken(&error))?;
        match refusal {
            None => Ok(body.to_vec()),
            Some(refusal) => Err(Failure::Refused(in_its_words(refusal, &body))),
        }
    }

    fn broken(&self, error: &reqwest::Error) -> Failure {
        let cause = std::iter::successors(std::error::Error::source(error), |cause| cause.source())
            .fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
        match error {
            error if error.is_connect() => Failure::Unreachable(cause),
            error if error.is_timeout() => Failure::Silent(self.manners.patience),
            _ => Failure::Cut(cause),
        }
    }
}

/// The beginning of a key's SHA-256: tells keys apart, and leads back to none.
fn digest(key: &str) -> String {
    let digest = hex::encode(Sha256::digest(key.as_bytes()));
    format!("key-{}", &digest[..16])
}

fn read_headers(response: &Response, tries: u32) -> Refusal {
    let text = |name| header(response.headers(), name);
    let seconds = |text: &str| text.parse().ok().map(Duration::from_secs);
    Refusal {
        status: response.status().as_u16(),
        kind: None,
        code: None,
        message: String::new(),
        request_id: text("request-id").map(str::to_owned),
        retry_after: text("retry-after").and_then(seconds),
        should_retry: text("stripe-should-retry").and_then(|text| text.parse().ok()),
        is_replayed: text("idempotent-replayed") == Some("true"),
        tries,
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The refusal with what its body says; at least the beginning of it, if it is none of Stripe's.
fn in_its_words(refusal: Refusal, body: &[u8]) -> Refusal {
    match serde_json::from_slice::<ErrorBody>(body) {
        Ok(ErrorBody { error }) => {
            let message = error.message.unwrap_or_else(|| "it gave no reason".to_owned());
            Refusal { kind: error.kind, code: error.code, message, ..refusal }
        }
        Err(_) => Refusal { message: String::from_utf8_lossy(body).chars().take(300).collect(), ..refusal },
    }
}
