//! One body to its receiver: who may see it, how often it is tried, what the answers mean.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use reqwest::{Client, RequestBuilder, Url};

use crate::telemetry::{
    OutletError, Secret,
    client::{Unfit, client, fit, reason},
};

/// Longest that one answer is waited for.
const WITHIN: Duration = Duration::from_secs(5);
/// Tries of one body, at most. What comes after it waits meanwhile.
const TRIES: u32 = 5;
/// From the first try to the second; twice as long each time after.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest that a receiver may ask to be left alone before a body is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Of what a receiver says, so much is kept.
const WORDS: usize = 200;

/// Where metrics are sent, and as whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Destination {
    url: Url,
    credentials: Credentials,
}

/// Who sends them.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Credentials {
    /// Nobody in particular.
    #[default]
    None,
    /// Whoever has this token.
    Bearer(Secret),
    /// Somebody with a password.
    Basic(String, Secret),
}

/// Why metrics cannot be sent there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDestination {
    /// It is no address.
    #[error("not an address for remote write; it looks like http://127.0.0.1:9090/api/v1/write")]
    Address,
    /// A password that everybody would see.
    #[error(
        "an address with a user or password in it is seen by others: set LOADGEN_REMOTE_WRITE_USER and \
         LOADGEN_REMOTE_WRITE_PASSWORD instead"
    )]
    Userinfo,
    /// A secret that would be readable on its way.
    #[error("a token or password is not sent to another machine over http: use https")]
    Readable,
}

impl Destination {
    /// This address.
    pub fn new(address: &str, credentials: Credentials) -> Result<Self, NoDestination> {
        let url = fit(address, credentials != Credentials::None)?;
        Ok(Self { url, credentials })
    }
}

impl From<Unfit> for NoDestination {
    fn from(why: Unfit) -> Self {
        match why {
            Unfit::Address => Self::Address,
            Unfit::Userinfo => Self::Userinfo,
            Unfit::Readable => Self::Readable,
        }
    }
}

/// What sends bodies.
#[derive(Debug)]
pub(super) struct Post {
    to: Destination,
    client: Client,
}

/// Why a body was not taken this time.
enum Refused {
    /// It never will be.
    ForGood(String),
    /// It may be, after this long if the receiver said so.
    ForNow(String, Option<Duration>),
}

impl Post {
    pub(super) fn new(to: &Destination) -> Result<Self, OutletError> {
        Ok(Self { client: client(&to.url, WITHIN)?, to: to.clone() })
    }

    /// Sends a body, again where that may help; or says why it was not taken.
    pub(super) async fn deliver(&self, body: Vec<u8>) -> Result<(), String> {
        let mut pause = PAUSE;
        let mut tries = 1;
        loop {
            match self.once(body.clone()).await {
                Ok(()) => return Ok(()),
                Err(Refused::ForGood(why)) => return Err(why),
                Err(Refused::ForNow(why, _)) if tries == TRIES => return Err(why),
                Err(Refused::ForNow(_, asked)) => {
                    tokio::time::sleep(asked.unwrap_or(pause).min(LONGEST_PAUSE)).await;
                    (tries, pause) = (tries + 1, pause * 2);
                }
            }
        }
    }

    async fn once(&self, body: Vec<u8>) -> Result<(), Refused> {
        let answer = self.request(body).send().await.map_err(|e| Refused::ForNow(reason(&e), None))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let asked = retry_after(answer.headers());
        let words = answer.text().await.unwrap_or_default();
        let words: String = words.trim().chars().filter(|c| !c.is_control()).take(WORDS).collect();
        let why =
            if words.is_empty() { format!("status {status}") } else { format!("status {status}, {words}") };
        let later = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        Err(if later { Refused::ForNow(why, asked) } else { Refused::ForGood(why) })
    }

    fn request(&self, body: Vec<u8>) -> RequestBuilder {
        let request = self
            .client
            .post(self.to.url.clone())
            .header(header::CONTENT_TYPE, "application/x-protobuf")
            .header(header::CONTENT_ENCODING, "snappy")
            .header("X-Prometheus-Remote-Write-Version", "0.1.0")
            .body(body);
        match &self.to.credentials {
            Credentials::None => request,
            Credentials::Bearer(token) => request.bearer_auth(token.reveal()),
            Credentials::Basic(user, password) => request.basic_auth(user, Some(password.reveal())),
        }
    }
}

/// How long to leave somebody alone, where they say so in seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
