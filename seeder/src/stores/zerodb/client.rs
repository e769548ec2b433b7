//! Asking the API: who asks, how long is waited, what is sent again, and what an answer means.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder, StatusCode, redirect};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::Mutex;

use super::address::Address;
use super::patience::{self, Jitter};
use super::{Access, NAME, refusal};
use crate::environment::Environment;
use crate::error::{Fault, SeedError};
use crate::stores::mock::causes;
use crate::stores::objects::Place;

/// A way into a project.
pub(super) struct Client {
    http: reqwest::Client,
    address: Address,
    api_key: String,
    account: Option<(String, String)>,
    token: Mutex<Token>,
    pub(super) jitter: Jitter,
}

/// What is shown as the bearer, and how many there were before it.
#[derive(Clone)]
struct Token {
    text: String,
    number: u64,
}

/// What is asked.
pub(super) struct Call<'a> {
    pub(super) doing: &'a str,
    pub(super) method: Method,
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, usize)],
    pub(super) body: Option<&'a Value>,
    /// Whether doing it twice is the same as doing it once.
    pub(super) repeatable: bool,
}

/// What came of it.
pub(super) enum Reply {
    /// It was done.
    Done(Value),
    /// 404.
    Missing(SeedError),
    /// 409.
    Exists,
    /// 405 or 501: this API has no such call.
    Unknown(SeedError),
    /// It may have been done or not, and must not be asked again blindly.
    Unclear(SeedError),
}

/// What came of sending it once.
enum Sent {
    Answered(Reply),
    /// The token is not taken.
    Stranger(SeedError),
    /// It may pass later; `undone` when it is certain that nothing was done.
    Later {
        error: SeedError,
        wait: Option<Duration>,
        undone: bool,
    },
    Refused(SeedError),
}

impl Client {
    /// A client of the project at this address, if the address proves to be the environment's. Sends nothing.
    pub(super) fn open(environment: Environment, access: &Access) -> Result<Self, SeedError> {
        let address = Address::prove(environment, access)?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(patience::ANSWER)
            .build()
            .map_err(|error| SeedError::store(NAME, Fault::Broken, "making a client", causes(&error)))?;
        let token = Mutex::new(Token { text: access.api_key.clone(), number: 0 });
        let (api_key, account) = (access.api_key.clone(), access.account.clone());
        Ok(Self { http, address, api_key, account, token, jitter: Jitter::default() })
    }

    pub(super) fn describe(&self) -> String {
        format!("{NAME} at {}, project {}", self.address.host, self.address.project)
    }

    /// Where the ledger's objects must be.
    pub(super) fn place(&self) -> Place {
        let Address { host, project, .. } = &self.address;
        Place { store: NAME, host: host.clone(), account: Some(project.clone()) }
    }

    pub(super) fn project(&self) -> &str {
        &self.address.project
    }

    /// Logs in, if there is an account, and asks the cheapest question there is: a wrong key or project is better known
    /// before anything is on its way.
    pub(super) async fn enter(&self) -> Result<(), SeedError> {
        if self.account.is_some() {
            self.renew(0).await?;
        }
        self.tables().await.map(drop)
    }

    /// Asks, as often as it takes and may be. A token that is not taken any more is renewed once.
    pub(super) async fn ask(&self, call: &Call<'_>) -> Result<Reply, SeedError> {
        let token = self.token.lock().await.clone();
        match self.patiently(call, Some(&token.text)).await? {
            Ok(reply) => Ok(reply),
            Err(stranger) if self.account.is_none() => Err(stranger),
            Err(_) => {
                let text = self.renew(token.number).await?;
                self.patiently(call, Some(&text)).await?.map_or_else(Err, Ok)
            }
        }
    }

    /// Logs in anew, unless somebody did since token `number` was handed out.
    async fn renew(&self, number: u64) -> Result<String, SeedError> {
        let mut token = self.token.lock().await;
        let Some((username, password)) = self.account.as_ref().filter(|_| token.number == number) else {
            return Ok(token.text.clone());
        };
        let body = json!({ "username": username, "password": password });
        let doing = "logging in";
        let path = ["v1", "public", "auth", "login-json"];
        let call = Call {
            doing,
            method: Method::POST,
            path: &path,
            query: &[],
            body: Some(&body),
            repeatable: true,
        };
        let denied = |cause: &str| SeedError::store(NAME, Fault::Denied, doing, cause);
        let text = match self.patiently(&call, None).await?? {
            Reply::Done(answer) => answer["access_token"].as_str().map(str::to_owned),
            Reply::Missing(error) | Reply::Unknown(error) | Reply::Unclear(error) => return Err(error),
            Reply::Exists => return Err(denied("409 Conflict")),
        };
        token.text = text.ok_or_else(|| denied("the answer holds no access_token"))?;
        token.number += 1;
        Ok(token.text.clone())
    }

    /// Sends it, again after each failure that may pass and does not forbid it, until patience runs out. The inner
    /// error is a token that is not taken.
    async fn patiently(
        &self,
        call: &Call<'_>,
        token: Option<&str>,
    ) -> Result<Result<Reply, SeedError>, SeedError> {
        let mut attempt = 0;
        loop {
            let (error, asked, undone) = match self.once(call, token).await {
                Sent::Answered(reply) => return Ok(Ok(reply)),
                Sent::Stranger(error) => return Ok(Err(error)),
                Sent::Refused(error) => return Err(error),
                Sent::Later { error, wait, undone } => (error, wait.unwrap_or_default(), undone),
            };
            let may_repeat = undone || call.repeatable;
            let wait = if may_repeat { asked.max(self.jitter.wait(attempt)) } else { asked };
            attempt += 1;
            if attempt == patience::ATTEMPTS || wait > patience::LONGEST {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            if !may_repeat {
                return Ok(Ok(Reply::Unclear(error)));
            }
        }
    }

    async fn once(&self, call: &Call<'_>, token: Option<&str>) -> Sent {
        let response = match self.request(call, token).send().await {
            Ok(response) => response,
            Err(error) => return self.lost(call, &error),
        };
        let (status, wait) = (response.status(), patience::asked_for(response.headers()));
        let text = match response.text().await {
            Ok(text) => text,
            Err(error) => return self.lost(call, &error),
        };
        if status.is_success() {
            return self.read(call, &text);
        }
        let words = self.without_secrets(&refusal::sentence(&text));
        let cause = format!("{} {}: {words}", status.as_u16(), status.canonical_reason().unwrap_or_default());
        let error = |kind| SeedError::store(NAME, kind, call.doing, &cause);
        match status {
            StatusCode::NOT_FOUND => Sent::Answered(Reply::Missing(error(refusal::kind(status)))),
            StatusCode::CONFLICT => Sent::Answered(Reply::Exists),
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                Sent::Answered(Reply::Unknown(error(Fault::Broken)))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Sent::Stranger(error(refusal::kind(status))),
            _ if refusal::may_pass(status) => {
                let undone = status == StatusCode::TOO_MANY_REQUESTS;
                let asks =
                    wait.map_or(String::new(), |wait| format!(" (it asks to wait {} s)", wait.as_secs()));
                let cause = format!("{cause}{asks}");
                let error = SeedError::store(NAME, refusal::kind(status), call.doing, cause);
                Sent::Later { error, wait, undone }
            }
            _ if token.is_none() => Sent::Refused(error(Fault::Denied)),
            _ => Sent::Refused(error(refusal::kind(status))),
        }
    }

    fn request(&self, call: &Call<'_>, token: Option<&str>) -> RequestBuilder {
        let mut url = self.address.at(call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut()
                .extend_pairs(call.query.iter().map(|(name, value)| (name, value.to_string())));
        }
        let mut request =
            self.http.request(call.method.clone(), url).header("x-project-id", &self.address.project);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        match call.body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.to_string()),
            None => request,
        }
    }

    /// A good answer; one without a body says nothing more.
    fn read(&self, call: &Call<'_>, text: &str) -> Sent {
        if text.trim().is_empty() {
            return Sent::Answered(Reply::Done(Value::Null));
        }
        match serde_json::from_str(text) {
            Ok(answer) => Sent::Answered(Reply::Done(answer)),
            Err(error) => {
                let start: String = self.without_secrets(text).chars().take(80).collect();
                let cause = format!("the answer cannot be read ({error}): {start}");
                Sent::Refused(SeedError::store(NAME, Fault::Broken, call.doing, cause))
            }
        }
    }

    /// No answer, or not all of it.
    fn lost(&self, call: &Call<'_>, error: &reqwest::Error) -> Sent {
        if error.is_builder() {
            let cause = self.without_secrets(&causes(error));
            return Sent::Refused(SeedError::store(NAME, Fault::Broken, call.doing, cause));
        }
        let undone = error.is_connect();
        let (kind, cause) = if error.is_timeout() && !undone {
            (Fault::Unreachable, format!("no answer within {} s", patience::ANSWER.as_secs()))
        } else {
            (if undone { Fault::Unreachable } else { Fault::Cut }, self.without_secrets(&causes(error)))
        };
        Sent::Later { error: SeedError::store(NAME, kind, call.doing, cause), wait: None, undone }
    }

    /// Servers repeat what they were sent; keys and passwords are not repeated any further.
    fn without_secrets(&self, text: &str) -> String {
        // While it is being renewed there is no token worth hiding.
        let token = self.token.try_lock().map(|token| token.text.clone()).unwrap_or_default();
        let password = self.account.as_ref().map_or("", |(_, password)| password);
        [self.api_key.as_str(), token.as_str(), password]
            .into_iter()
            .filter(|secret| !secret.is_empty())
            .fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    }
}
