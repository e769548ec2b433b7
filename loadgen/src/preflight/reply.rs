//! Asking, and judging the answer.

use std::marker::PhantomData;

use contract::{Body, Detail, Endpoint, ErrorBody};
use engine::record::Fault;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::Value;

use super::{
    findings::Trouble,
    shape::{self, Difference},
};
use crate::{
    http::{Client, Outgoing, Received},
    scrub::scrub_query,
    sfu::Account,
};

/// A request to an endpoint, being put together.
pub(super) struct Question<E> {
    client: Client,
    outgoing: Outgoing,
    /// Whose account pays for it, where it has a price.
    account: Option<Account>,
    endpoint: PhantomData<E>,
}

impl<E: Endpoint> Question<E> {
    pub(super) fn new(client: Client, params: &E::Params, account: Option<Account>) -> Self {
        let mut outgoing = get(E::path(params));
        outgoing.method = Method::from_bytes(E::method().as_bytes()).unwrap_or_default();
        Self { client, outgoing, account, endpoint: PhantomData }
    }

    pub(super) fn input(self, input: &E::Input) -> Self {
        debug_assert_eq!(E::BODY, Body::Json, "{} takes no JSON body", E::ROUTE);
        self.raw(serde_json::to_vec(input).unwrap_or_default())
    }

    pub(super) fn raw(mut self, body: Vec<u8>) -> Self {
        self.outgoing.body = body.into();
        self.header(header::CONTENT_TYPE, "application/json")
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.header(header::AUTHORIZATION, &format!("Bearer {token}"))
    }

    pub(super) fn header(mut self, name: impl TryInto<HeaderName>, value: &str) -> Self {
        with_header(&mut self.outgoing, name, value);
        self
    }

    /// Sends it.
    pub(super) async fn send(mut self) -> Result<Reply<E>, Trouble> {
        let signed = self.account.as_ref().map(|account| account.signed(E::ROUTE, &self.outgoing));
        let received = exchange(&mut self.client, signed.as_ref().unwrap_or(&self.outgoing)).await?;
        let mut told = received.clone();
        if let Some(account) = &self.account {
            account.hide(&mut told);
        }
        Ok(Reply { received, told, endpoint: PhantomData })
    }
}

/// A GET of a path.
pub(super) fn get(path: String) -> Outgoing {
    let (headers, body) = (HeaderMap::new(), bytes::Bytes::new());
    Outgoing { method: Method::GET, path, signed: None, headers, body, trace: None }
}

/// Adds a header; one that may not travel is left out, and the answer will say what was missing.
pub(super) fn with_header(outgoing: &mut Outgoing, name: impl TryInto<HeaderName>, value: &str) {
    if let (Ok(name), Ok(value)) = (name.try_into(), HeaderValue::try_from(value)) {
        outgoing.headers.insert(name, value);
    }
}

/// Sends a request and takes whatever comes.
pub(super) async fn exchange(client: &mut Client, outgoing: &Outgoing) -> Result<Received, Trouble> {
    client.exchange(outgoing).await.answer.map_err(|fault| unanswered(&fault))
}

/// Why there is no answer.
pub(super) fn unanswered(fault: &Fault) -> Trouble {
    Trouble::Unanswered { detail: fault.to_string() }
}

/// An endpoint's answer.
pub(super) struct Reply<E> {
    received: Received,
    /// The same as findings may tell it, whosever account it was asked with.
    told: Received,
    endpoint: PhantomData<E>,
}

impl<E: Endpoint> Reply<E> {
    fn status(&self) -> u16 {
        self.received.status.as_u16()
    }

    /// A text of the body, whether or not the rest of it fits: `/user/id`.
    pub(super) fn text(&self, pointer: &str) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.received.body).ok()?;
        body.pointer(pointer)?.as_str().map(str::to_owned)
    }

    /// A success in the contract's shape.
    pub(super) fn fits(&self) -> Result<(), Trouble> {
        self.fits_or(&[])
    }

    /// The same, or one of these refusals, in the contract's shape as well.
    pub(super) fn fits_or(&self, refusals: &[u16]) -> Result<(), Trouble> {
        let status = self.status();
        if status != E::OK && !refusals.contains(&status) {
            return Err(unexpected(&self.told, &[&[E::OK], refusals].concat()));
        }
        of_type(&self.told, &["application/json"])?;
        let body = &self.told.body;
        differing(if status == E::OK {
            shape::differences::<E, E::Output>(status, body)
        } else {
            shape::differences::<E, ErrorBody>(status, body)
        })
    }

    /// What must be refused, with this status.
    pub(super) fn is_refused(&self, status: u16, what: &str) -> Result<(), Trouble> {
        if self.status() == E::OK {
            let expected = format!("{status} for {what}");
            return differing(vec![Difference::new("status", expected, self.status().to_string())]);
        }
        self.fits_or(&[status])
    }
}

fn differing(differences: Vec<Difference>) -> Result<(), Trouble> {
    if differences.is_empty() { Ok(()) } else { Err(Trouble::Differs { differences }) }
}

/// The body's media type is one of these.
pub(super) fn of_type(received: &Received, types: &[&str]) -> Result<(), Trouble> {
    let told = received.headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if types.iter().any(|kind| told.starts_with(kind.as_bytes())) {
        return Ok(());
    }
    let told = String::from_utf8_lossy(told);
    let told = if told.is_empty() { "none" } else { &*told };
    let got = format!("{told}: {}", shape::quoted(&received.body));
    differing(vec![Difference::new("content-type", types.join(" or "), got)])
}

/// What a status nobody expected means.
pub(super) fn unexpected(received: &Received, expected: &[u16]) -> Trouble {
    let (status, detail) = (received.status.as_u16(), detail(received));
    match status {
        405 | 501 => Trouble::Missing { status, detail },
        404 if no_such_route(received) => Trouble::Missing { status, detail },
        400.. => Trouble::Refused { status, detail },
        _ => {
            let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            let to = received.headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
            let got = to.map_or_else(|| status.to_string(), |to| format!("{status} to {}", scrub_query(to)));
            let differences = vec![Difference::new("status", expected.join(" or "), got)];
            Trouble::Differs { differences }
        }
    }
}

/// A 404 of the router, not of a handler that looked for something: FastAPI's own words, or no JSON at all.
fn no_such_route(received: &Received) -> bool {
    match serde_json::from_slice::<ErrorBody>(&received.body) {
        Ok(ErrorBody { detail: Detail::Sentence(sentence), .. }) => sentence == "Not Found",
        Ok(_) => false,
        Err(_) => true,
    }
}

/// What a refusal says: its sentence, its fields, or the beginning of its body.
fn detail(received: &Received) -> String {
    let Ok(body) = serde_json::from_slice::<ErrorBody>(&received.body) else {
        return shape::quoted(&received.body);
    };
    match body.detail {
        Detail::Sentence(sentence) => sentence,
        Detail::Fields(fields) => {
            let told = fields.iter().map(|field| {
                let place: Vec<String> = field
                    .loc
                    .iter()
                    .map(|step| match step {
                        contract::error::Loc::Index(index) => index.to_string(),
                        contract::error::Loc::Name(name) => name.clone(),
                    })
                    .collect();
                format!("{}: {}", place.join("."), field.msg)
            });
            told.collect::<Vec<_>>().join("; ")
        }
    }
}
