//! The mock WWMAA API: takes a world as streamed NDJSON at its admin API and replaces what it held.
//!
//! What it must prove first: a loopback address (every address the name stands for), `GET /health` that says
//! `"environment":"mock"`, and an admin token it takes. No proxy is used and no redirect followed, so rows cannot
//! leave the machine by a detour.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contract::error::{Detail, ErrorBody};
use contract::operations::{ADMIN_PREFIX, HealthOutput, WORLD_HEADER};
use fixtures::{Counts, World};
use reqwest::{Body, Client, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::SeedError;
use crate::feed;
use crate::rows;

/// Longest wait for a connection, and for the answer to the first question: a target that is not there is
/// reported well within five seconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a mock took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Rows handed over.
    pub sent: Counts,
    /// Rows the mock says it took; equal, or applying fails.
    pub accepted: Counts,
}

/// What a mock holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Rows by kind.
    pub counts: Counts,
    /// The digest of each kind's rows, as [`World::digests`] makes them; kinds without rows may be absent.
    pub digests: BTreeMap<String, String>,
}

/// An open mock.
#[derive(Debug)]
pub struct Mock {
    url: String,
    token: String,
    client: Client,
    /// The world meant, where it has several.
    world: Option<String>,
}

/// Answer of `POST /__admin/dataset`.
#[derive(Debug, Deserialize)]
struct DatasetAnswer {
    counts: Counts,
}

impl Mock {
    /// Opens the mock at `url` once it has proved to be one.
    pub async fn open(url: &str, token: &str) -> Result<Self, SeedError> {
        let address = parse(url)?;
        refuse_elsewhere(&address).await?;
        crate::tls::choose_ring();
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(PATIENCE)
            .build()
            .map_err(|error| bad_address(url, &error))?;
        let url = address.as_str().trim_end_matches('/').to_owned();
        let mock = Self { url, token: token.to_owned(), client, world: None };
        mock.prove().await?;
        Ok(mock)
    }

    /// The same mock, with one of its worlds meant instead of the default one.
    #[must_use]
    pub fn in_world(self, name: &str) -> Self {
        Self { world: Some(name.to_owned()), ..self }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name and address, for a person.
    pub fn describe(&self) -> String {
        format!("mock at {}", self.url)
    }

    /// Streams a world to the mock. It takes all of it or nothing.
    pub async fn apply(
        &self,
        world: World,
        mut on_progress: impl FnMut(Counts) + Send + 'static,
    ) -> Result<Applied, SeedError> {
        let sent = Arc::new(Mutex::new(Counts::default()));
        let so_far = Arc::clone(&sent);
        let chunks = futures_util::stream::unfold(feed::start(world), |mut feed| async {
            feed.recv().await.map(|chunk| (chunk, feed))
        });
        let body = futures_util::StreamExt::map(chunks, move |chunk| {
            *so_far.lock().unwrap_or_else(PoisonError::into_inner) = chunk.rows;
            on_progress(chunk.rows);
            Ok::<_, std::convert::Infallible>(chunk.bytes)
        });
        let request = self
            .client
            .post(self.admin("dataset"))
            .header("content-type", "application/x-ndjson")
            .body(Body::wrap_stream(body));
        let response = self.authorized(request).send().await;
        let sent = *sent.lock().unwrap_or_else(PoisonError::into_inner);
        let response = response.map_err(|error| self.cut(&sent, &world, &error))?;
        let answer: DatasetAnswer = self.read(response, "the world").await?;
        self.agree(&sent, &answer.counts)?;
        Ok(Applied { sent, accepted: answer.counts })
    }

    /// What it holds now, counted and digested by the mock itself.
    pub async fn held(&self) -> Result<Held, SeedError> {
        let response = self.ask(self.client.get(self.admin("digests"))).await?;
        self.read(response, "the question for its digests").await
    }

    /// Removes rows of load addresses; answers with how many of each kind.
    pub async fn reset_load(&self) -> Result<BTreeMap<String, u64>, SeedError> {
        let response = self.ask(self.client.post(self.admin("reset-load"))).await?;
        self.read(response, "the request to remove what load left").await
    }

    /// Asks it who it is, then shows it the token.
    async fn prove(&self) -> Result<(), SeedError> {
        let health = format!("{}/health", self.url);
        let answer = self.client.get(&health).timeout(PATIENCE).send().await;
        let response = answer.map_err(|error| self.unreachable("GET /health", &error))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| self.unreachable("GET /health", &error))?;
        let found = match serde_json::from_str::<HealthOutput>(&text) {
            Ok(health) if health.environment == "mock" => return self.show_token().await,
            Ok(health) => format!("its health says environment `{}`", health.environment),
            Err(_) => format!("GET /health answered {status} with something else"),
        };
        Err(SeedError::NotAMock { url: self.url.clone(), found })
    }

    /// The cheapest question the admin API has; a wrong token is better known before a world is on its way.
    async fn show_token(&self) -> Result<(), SeedError> {
        let response = self.ask(self.client.get(self.admin("truth"))).await?;
        self.accept(response, "the admin token").await.map(drop)
    }

    fn admin(&self, what: &str) -> String {
        format!("{}{ADMIN_PREFIX}/{what}", self.url)
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.bearer_auth(&self.token);
        match &self.world {
            Some(world) => request.header(WORLD_HEADER, world),
            None => request,
        }
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Response, SeedError> {
        self.authorized(request).send().await.map_err(|error| self.unreachable("its admin API", &error))
    }

    /// The response, if it is a good one; else the mock's own sentence.
    async fn accept(&self, response: Response, what: &'static str) -> Result<Response, SeedError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let sentence = sentence(&response.text().await.unwrap_or_default());
        let url = self.url.clone();
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => SeedError::TokenRefused { url, sentence },
            _ => SeedError::Refused { url, what, status: status.as_u16(), sentence },
        })
    }

    async fn read<T: DeserializeOwned>(
        &self,
        response: Response,
        what: &'static str,
    ) -> Result<T, SeedError> {
        let response = self.accept(response, what).await?;
        response.json().await.map_err(|error| SeedError::Unreadable {
            url: self.url.clone(),
            what,
            cause: causes(&error),
        })
    }

    fn agree(&self, sent: &Counts, accepted: &Counts) -> Result<(), SeedError> {
        let differences: Vec<String> = rows::by_kind(sent)
            .iter()
            .zip(rows::by_kind(accepted))
            .filter(|(sent, accepted)| sent.1 != accepted.1)
            .map(|(sent, accepted)| format!("{} {} sent, {} accepted", sent.0, sent.1, accepted.1))
            .collect();
        if differences.is_empty() {
            return Ok(());
        }
        Err(SeedError::Miscounted { url: self.url.clone(), difference: differences.join("; ") })
    }

    fn unreachable(&self, tried: &str, error: &reqwest::Error) -> SeedError {
        SeedError::Unreachable { url: self.url.clone(), tried: tried.to_owned(), cause: causes(error) }
    }

    fn cut(&self, sent: &Counts, world: &World, error: &reqwest::Error) -> SeedError {
        SeedError::Cut {
            url: self.url.clone(),
            rows: sent.total(),
            planned: world.counts().total(),
            cause: causes(error),
        }
    }
}

fn parse(url: &str) -> Result<Url, SeedError> {
    let address = Url::parse(url).map_err(|error| bad_address(url, &error))?;
    if address.scheme() != "http" {
        return Err(bad_address(url, &"it must begin with http://"));
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err(bad_address(
            url,
            &"it has a user or a password, which everybody on this machine could read",
        ));
    }
    if address.path() != "/" || address.query().is_some() {
        return Err(bad_address(url, &"it must end after the port"));
    }
    Ok(address)
}

/// Refuses an address that is not wholly on this machine. A name is looked up, and every address it stands for
/// must be a loopback one.
async fn refuse_elsewhere(address: &Url) -> Result<(), SeedError> {
    let elsewhere = || SeedError::NotLoopback { url: address.as_str().trim_end_matches('/').to_owned() };
    let port = address.port_or_known_default().unwrap_or(80);
    let host = address.host_str().unwrap_or_default();
    if host.parse::<std::net::IpAddr>().is_err() && !host.starts_with('[') && host != "localhost" {
        return Err(elsewhere());
    }
    let found =
        tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await.map_err(|_| elsewhere())?;
    let mut found = found.peekable();
    if found.peek().is_none() || found.any(|address| !address.ip().is_loopback()) {
        return Err(elsewhere());
    }
    Ok(())
}

fn bad_address(url: &str, reason: &dyn std::fmt::Display) -> SeedError {
    // What is before an @ may be a password, whatever else is wrong.
    let url = match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        (None, Some((_, rest))) => rest.to_owned(),
        (_, None) => url.to_owned(),
    };
    SeedError::BadAddress { url, reason: reason.to_string() }
}

/// What a refusal says: its `detail` sentence, or its text as it came.
fn sentence(body: &str) -> String {
    match serde_json::from_str::<ErrorBody>(body) {
        Ok(ErrorBody { detail: Detail::Sentence(sentence), .. }) => sentence,
        _ if body.trim().is_empty() => "it gave no reason".to_owned(),
        _ => body.chars().take(500).collect(),
    }
}

/// An error with what caused it, outermost first.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests;
