//! How a virtual user asks for something: typed, checked, timed and recorded in one go.

use std::borrow::Cow;

use bytes::Bytes;
use contract::{ApiError, Body, Endpoint, ErrorBody};
use engine::{
    clock,
    driver::Due,
    record::{Fault, Sample, TimingId},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::de::DeserializeOwned;

use crate::{
    context::Context,
    deployment::Crossing,
    http::{Exchange, Outgoing, Received},
    scrub::scrub,
    sfu::pace,
    target::Target,
    telemetry::traces::Over,
};

/// What an endpoint answered; either way among what the step expects.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<T> {
    /// Its success.
    Done(T),
    /// A refusal the step allows for.
    Refused(ApiError),
}

impl<T> Answer<T> {
    /// The success, if it was one.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(output) => Some(output),
            Self::Refused(_) => None,
        }
    }

    /// The refusal's status, if it was one.
    pub fn refusal(&self) -> Option<u16> {
        match self {
            Self::Done(_) => None,
            Self::Refused(error) => Some(error.status),
        }
    }
}

/// A check by name: `ensure(page.total > 0, "events listed", || "total is 0".into())?`. Failures are counted
/// by the name, so it never carries anything that differs from request to request.
pub fn ensure(
    holds: bool,
    check: impl Into<Cow<'static, str>>,
    seen: impl FnOnce() -> String,
) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::body(check, seen())) }
}

/// Series one request can be recorded under: its endpoint's, and these many groups.
const MOST_GROUPS: usize = 7;

/// Due time and groups of a request, and how it is recorded.
#[derive(Debug)]
struct Recording<'a> {
    context: &'a mut Context,
    route: &'static str,
    due: Option<Due>,
    groups: &'a [TimingId],
}

impl Recording<'_> {
    /// Each time it is sent it has a trace of its own.
    async fn exchange(&mut self, request: &mut Outgoing) -> (Due, Exchange) {
        request.trace = self.context.trace(self.route);
        let due = self.due.unwrap_or_else(Due::now);
        (due, self.context.client_for(self.route).exchange(request).await)
    }

    /// The same at an SFU, which is asked no faster than it lets itself be asked. What it refuses with the request to
    /// wait is recorded, `statuses` being those the step expects, and asked again after that.
    async fn exchange_at_pace(&mut self, request: &mut Outgoing, statuses: &[u16]) -> (Due, Exchange) {
        let account = self.context.account(self.route).cloned();
        let mut signed = account.as_ref().map(|account| account.signed(self.route, request));
        let mut retries = pace::MOST_RETRIES;
        loop {
            let now = clock::now();
            let at = self.context.pace.next(now);
            if at > now {
                clock::sleep_until(at).await;
            }
            let (due, mut exchange) = self.exchange(signed.as_mut().unwrap_or(&mut *request)).await;
            let Ok(received) = &mut exchange.answer else { return (due, exchange) };
            // Of a refusal nothing is used but what it says, and that is evidence.
            if let Some(account) = account.as_ref().filter(|_| !received.status.is_success()) {
                account.hide(received);
            }
            let waits = self.context.pace.told_to_wait(clock::now(), received.status, &received.headers);
            if !waits || retries == 0 {
                return (due, exchange);
            }
            retries -= 1;
            let outcome = expected(request, received, statuses);
            self.record(due, &exchange, outcome);
            self.due = None;
        }
    }

    fn record(&self, due: Due, exchange: &Exchange, outcome: Result<(), Fault>) {
        record(self.context, self.route, self.groups, due, exchange, outcome);
    }
}

fn record(
    context: &Context,
    route: &'static str,
    groups: &[TimingId],
    due: Due,
    exchange: &Exchange,
    outcome: Result<(), Fault>,
) {
    let fault = outcome.as_ref().err().map(|fault| &fault.kind);
    context.traced(route, &Over::exchange(due, exchange, fault));
    let Some(recorder) = context.maybe_recorder() else { return };
    let own = context.series(route);
    let mut ids = [own; 1 + MOST_GROUPS];
    let groups = &groups[..groups.len().min(MOST_GROUPS)];
    ids[1..=groups.len()].copy_from_slice(groups);
    let ids = &ids[..=groups.len()];
    recorder.phases(ids, due, &exchange.phases);
    recorder.timing(ids, Sample::new(due, exchange.sent, exchange.done, outcome));
}

/// A request being put together; `K` says what for: see [`Call`] and [`Fetch`].
#[derive(Debug)]
pub struct Asking<'a, K> {
    recording: Recording<'a>,
    outgoing: Result<Outgoing, Fault>,
    /// The statuses the step expects (of a call: beside its endpoint's success).
    statuses: &'a [u16],
    kind: std::marker::PhantomData<fn() -> K>,
}

/// A request to an endpoint.
pub type Call<'a, E> = Asking<'a, To<E>>;

/// A request for a page or an asset.
pub type Fetch<'a> = Asking<'a, Page>;

/// To the endpoint `E`, typed.
#[derive(Debug)]
pub struct To<E>(std::marker::PhantomData<E>);

/// For a page or an asset, as it comes.
#[derive(Debug)]
pub struct Page;

impl<'a, K> Asking<'a, K> {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl TryInto<HeaderName>, value: impl TryInto<HeaderValue>) -> Self {
        set_header(&mut self.outgoing, name, value);
        self
    }

    /// When the request is due: [`Turn::due`](engine::driver::Turn) for the first of a turn, what thinking
    /// returned for one after a pause; now, when nothing is said.
    #[must_use]
    pub fn due(mut self, due: Due) -> Self {
        self.recording.due = Some(due);
        self
    }

    /// Records it under these groups as well as under its own route.
    #[must_use]
    pub fn under(mut self, groups: &'a [TimingId]) -> Self {
        debug_assert!(groups.len() <= MOST_GROUPS, "at most {MOST_GROUPS} groups");
        self.recording.groups = groups;
        self
    }

    /// Sends it, makes of what came an answer or a fault, and records which.
    async fn sent<T>(
        mut self,
        read: impl FnOnce(&Outgoing, Received, &[u16]) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut outgoing = self.outgoing?;
        let crossing = self.recording.context.adapt(self.recording.route, &mut outgoing)?;
        let (due, mut exchange) = if Target::is_of_sfu(self.recording.route) {
            self.recording.exchange_at_pace(&mut outgoing, self.statuses).await
        } else {
            self.recording.exchange(&mut outgoing).await
        };
        let received = std::mem::replace(&mut exchange.answer, Err(Fault::reset("")));
        let received = received.map(|received| back(crossing, received));
        let answer = received.and_then(|received| read(&outgoing, received, self.statuses));
        let answer = answer.map_err(|fault| match self.recording.context.account(self.recording.route) {
            Some(account) => Fault { detail: account.hidden(&fault.detail), ..fault },
            None => fault,
        });
        self.recording.record(due, &exchange, answer.as_ref().map(|_| ()).map_err(Clone::clone));
        answer
    }
}

impl<'a, E: Endpoint> Call<'a, E> {
    pub(crate) fn new(context: &'a mut Context, params: &E::Params) -> Self {
        // Without parameters the template is the path: nothing to encode.
        let path = if size_of::<E::Params>() == 0 { E::template().to_owned() } else { E::path(params) };
        let outgoing = outgoing(E::method(), path);
        Self {
            recording: Recording { context, route: E::ROUTE, due: None, groups: &[] },
            outgoing,
            statuses: &[],
            kind: std::marker::PhantomData,
        }
    }

    /// The JSON body.
    #[must_use]
    pub fn input(mut self, input: &E::Input) -> Self {
        debug_assert_eq!(E::BODY, Body::Json, "{} takes no JSON body", E::ROUTE);
        match serde_json::to_vec(input) {
            Ok(body) => self.set_body(body.into()),
            Err(e) => self.outgoing = Err(unsendable(&e)),
        }
        self
    }

    /// A body as it is, bytes that were signed, say.
    #[must_use]
    pub fn raw(mut self, body: impl Into<Bytes>) -> Self {
        self.set_body(body.into());
        self
    }

    fn set_body(&mut self, body: Bytes) {
        if let Ok(outgoing) = &mut self.outgoing {
            outgoing.body = body;
            outgoing.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
    }

    /// Signs the request with a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header(header::AUTHORIZATION, format!("Bearer {token}"))
    }

    /// Statuses other than the endpoint's success that the step expects; they come as
    /// [`Answer::Refused`] and are no errors.
    #[must_use]
    pub fn or(mut self, statuses: &'a [u16]) -> Self {
        self.statuses = statuses;
        self
    }

    /// Sends it and reads the answer as the contract has it.
    pub async fn send(self) -> Result<Answer<E::Output>, Fault> {
        self.checked(|_| Ok(())).await
    }

    /// As [`Self::send`], and the answer must pass a check (see [`ensure`]): what fails it is recorded as
    /// an error of this request.
    pub async fn checked(
        self,
        check: impl FnOnce(&Answer<E::Output>) -> Result<(), Fault>,
    ) -> Result<Answer<E::Output>, Fault> {
        self.sent(|outgoing, received, refusals| {
            let answer = understand::<E>(outgoing, &received, refusals)?;
            check(&answer).map(|()| answer)
        })
        .await
    }
}

impl<'a> Fetch<'a> {
    pub(crate) fn new(context: &'a mut Context, route: &'static str, path: String) -> Self {
        let outgoing = outgoing(contract::endpoint::split_route(route).0, path);
        let recording = Recording { context, route, due: None, groups: &[] };
        Self { recording, outgoing, statuses: &[200], kind: std::marker::PhantomData }
    }

    /// The statuses the step expects; 200 when nothing is said.
    #[must_use]
    pub fn expecting(mut self, statuses: &'a [u16]) -> Self {
        self.statuses = statuses;
        self
    }

    /// Sends it and reads the answer, which must pass a check.
    pub async fn checked(
        self,
        check: impl FnOnce(&Received) -> Result<(), Fault>,
    ) -> Result<Received, Fault> {
        self.sent(|outgoing, received, statuses| {
            expected(outgoing, &received, statuses)?;
            check(&received).map(|()| received)
        })
        .await
    }
}

/// One of the requests of a burst.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its one name, as in [`contract::pages::CSS`].
    pub route: &'static str,
    /// Its path.
    pub path: String,
    /// Headers, such as `if-none-match`.
    pub headers: HeaderMap,
    /// The statuses the step expects.
    pub statuses: &'static [u16],
}

impl Context {
    /// Loads what a page names, as a browser does: see [`crate::http::Client::burst`]. All are due at `due`;
    /// each is recorded under its route and `groups`; each answer must pass `check`.
    pub async fn burst(
        &mut self,
        due: Due,
        assets: &[Asset],
        groups: &[TimingId],
        check: impl Fn(&Asset, &Received) -> Result<(), Fault>,
    ) -> Vec<Result<Received, Fault>> {
        let mut requests: Vec<Outgoing> = assets
            .iter()
            .map(|asset| Outgoing {
                method: Method::GET,
                path: asset.path.clone(),
                signed: None,
                headers: asset.headers.clone(),
                body: Bytes::new(),
                trace: self.trace(asset.route),
            })
            .collect();
        let changed =
            assets.iter().zip(&mut requests).map(|(asset, request)| self.adapt(asset.route, request));
        let crossings: Vec<_> = match changed.collect() {
            Ok(crossings) => crossings,
            Err(fault) => return vec![Err(fault); assets.len()],
        };
        let Some(first) = assets.first() else { return Vec::new() };
        let exchanges = self.client_for(first.route).burst(&requests).await;
        let mut answers = Vec::with_capacity(assets.len());
        for (((asset, request), crossing), mut exchange) in
            assets.iter().zip(&requests).zip(crossings).zip(exchanges)
        {
            let received = std::mem::replace(&mut exchange.answer, Err(Fault::reset("")));
            let answer = received.map(|received| back(crossing, received)).and_then(|received| {
                expected(request, &received, asset.statuses)?;
                check(asset, &received).map(|()| received)
            });
            let outcome = answer.as_ref().map(|_| ()).map_err(Clone::clone);
            record(self, asset.route, groups, due, &exchange, outcome);
            answers.push(answer);
        }
        answers
    }
}

/// The contract's answer, where the request went out changed.
fn back(crossing: Option<Crossing>, received: Received) -> Received {
    match crossing {
        Some(crossing) => crossing.back(received),
        None => received,
    }
}

fn outgoing(method: &'static str, path: String) -> Result<Outgoing, Fault> {
    let method = Method::from_bytes(method.as_bytes()).map_err(|e| unsendable(&e))?;
    Ok(Outgoing { method, path, signed: None, headers: HeaderMap::new(), body: Bytes::new(), trace: None })
}

fn set_header(
    outgoing: &mut Result<Outgoing, Fault>,
    name: impl TryInto<HeaderName>,
    value: impl TryInto<HeaderValue>,
) {
    let Ok(request) = outgoing else { return };
    match (name.try_into(), value.try_into()) {
        (Ok(name), Ok(value)) => drop(request.headers.insert(name, value)),
        _ => *outgoing = Err(unsendable(&"a header with bytes that may not travel")),
    }
}

fn unsendable(why: &dyn std::fmt::Display) -> Fault {
    Fault::new(engine::record::FaultKind::Other("request cannot be built".into()), why.to_string())
}

fn understand<E: Endpoint>(
    outgoing: &Outgoing,
    received: &Received,
    refusals: &[u16],
) -> Result<Answer<E::Output>, Fault> {
    let status = received.status.as_u16();
    if status == E::OK {
        return parse(outgoing, received, "shape differs").map(Answer::Done);
    }
    expected(outgoing, received, refusals)?;
    let body: ErrorBody = parse(outgoing, received, "refusal's shape differs")?;
    let retry_after =
        received.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Ok(Answer::Refused(ApiError { status, body, retry_after }))
}

fn expected(outgoing: &Outgoing, received: &Received, statuses: &[u16]) -> Result<(), Fault> {
    let status = received.status.as_u16();
    if statuses.contains(&status) {
        return Ok(());
    }
    Err(Fault::status(
        status,
        format!("{} {}: {status} {}", outgoing.method, outgoing.path, excerpt(&received.body)),
    ))
}

fn parse<T: DeserializeOwned>(
    outgoing: &Outgoing,
    received: &Received,
    check: &'static str,
) -> Result<T, Fault> {
    let json = received
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    ensure(json, "not JSON", || {
        format!("{} {}: {}", outgoing.method, outgoing.path, excerpt(&received.body))
    })?;
    serde_json::from_slice(&received.body).map_err(|first| {
        // Only an answer that does not fit pays for finding out where.
        let mut reader = serde_json::Deserializer::from_slice(&received.body);
        let place = serde_path_to_error::deserialize::<_, T>(&mut reader).err();
        let at = place.map_or_else(String::new, |e| format!(" at {}", e.path()));
        Fault::body(
            check,
            format!("{} {}{at}: {first}; {}", outgoing.method, outgoing.path, excerpt(&received.body)),
        )
    })
}

/// The beginning of a body, for evidence: without the tokens that an answer may hold, of whatever shape it is.
fn excerpt(body: &[u8]) -> String {
    const MOST: usize = 200;
    /// Tokens are long, and what stands for them is not.
    const READ: usize = 3 * MOST;
    let text = scrub(&String::from_utf8_lossy(&body[..body.len().min(READ)]));
    match text.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None if body.len() > READ => format!("{text}…"),
        None => text,
    }
}
