//! Where a deployment differs from the contract: requests are changed on their way out, answers on their way back, as
//! the target's profile says. Pure; scenarios know nothing of it, and an answer is checked by the contract's types after
//! it was changed as before.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use contract::endpoint::{path_params, render_path, split_route};
use engine::record::{Fault, FaultKind};
use fixtures::targets::{Csrf, Difference, Edit, Mapping, Piece, Pointer, StatusRule, TargetProfile};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::http::{Outgoing, Received};

mod edit;

/// What a profile asks for, ready to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    headers: HeaderMap,
    csrf: Option<Pair>,
    endpoints: BTreeMap<String, Difference>,
}

/// The CSRF pair, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
struct Pair {
    cookie: String,
    header: HeaderName,
    value: HeaderValue,
}

/// A request that went out changed; changes its answer back.
#[derive(Debug)]
pub struct Crossing {
    deployment: Arc<Deployment>,
    route: &'static str,
    /// The request as the contract has it, where an answer's edits read it.
    request: Option<Value>,
}

impl Deployment {
    /// What differs by this profile; `None` when nothing does, so that nothing is looked at.
    pub fn new(profile: &TargetProfile) -> Result<Option<Arc<Self>>, http::Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in &profile.headers {
            headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        let csrf = profile.csrf.as_ref().map(Pair::new).transpose()?;
        if headers.is_empty() && csrf.is_none() && profile.endpoints.is_empty() {
            return Ok(None);
        }
        Ok(Some(Arc::new(Self { headers, csrf, endpoints: profile.endpoints.clone() })))
    }

    /// Whether its requests carry headers that are its own.
    pub fn adds_headers(&self) -> bool {
        !self.headers.is_empty()
    }

    /// Why there is no such endpoint, when there is none.
    pub fn missing(&self, route: &str) -> Option<&str> {
        match self.endpoints.get(route)? {
            Difference::Missing(why) => Some(why),
            Difference::Mapped(_) => None,
        }
    }

    fn mapping(&self, route: &str) -> Option<&Mapping> {
        match self.endpoints.get(route)? {
            Difference::Mapped(mapping) => Some(mapping),
            Difference::Missing(_) => None,
        }
    }

    /// Changes a request of this route to the deployment's. What comes back changes the answer; without it the answer
    /// is the contract's already.
    pub fn adapt(
        self: &Arc<Self>,
        route: &'static str,
        outgoing: &mut Outgoing,
    ) -> Result<Option<Crossing>, Fault> {
        if let Some(why) = self.missing(route) {
            let kind = FaultKind::Other("the target has no such endpoint".into());
            return Err(Fault::new(kind, format!("{route}: {why}")));
        }
        let crossing = self.mapping(route).map(|mapping| {
            let request = change_request(mapping, route, outgoing);
            Crossing { deployment: self.clone(), route, request }
        });
        for (name, value) in &self.headers {
            outgoing.headers.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(pair) = self.csrf.as_ref().filter(|_| !outgoing.method.is_safe()) {
            pair.join(&mut outgoing.headers);
        }
        Ok(crossing)
    }
}

impl Crossing {
    /// The answer as the contract has it, as far as the profile brings it there.
    #[must_use]
    pub fn back(self, mut received: Received) -> Received {
        if let Some(mapping) = self.deployment.mapping(self.route) {
            change_answer(mapping, self.request, &mut received);
        }
        received
    }
}

impl Pair {
    fn new(csrf: &Csrf) -> Result<Self, http::Error> {
        Ok(Self {
            cookie: format!("{}={}", csrf.cookie, csrf.value),
            header: HeaderName::try_from(&csrf.header)?,
            value: HeaderValue::try_from(&csrf.value)?,
        })
    }

    /// Adds the header, and the cookie to those that are there.
    fn join(&self, headers: &mut HeaderMap) {
        headers.insert(self.header.clone(), self.value.clone());
        let others = headers.get(header::COOKIE).and_then(|value| value.to_str().ok());
        let cookies =
            others.map_or_else(|| self.cookie.clone(), |others| format!("{others}; {}", self.cookie));
        if let Ok(cookies) = HeaderValue::try_from(cookies) {
            headers.insert(header::COOKIE, cookies);
        }
    }
}

/// Does the mapping to a request; gives it as it was, where the answer's edits ask for it.
fn change_request(mapping: &Mapping, route: &'static str, outgoing: &mut Outgoing) -> Option<Value> {
    let (_, template) = split_route(route);
    let wants_request = mapping.answer.iter().chain(&mapping.refusal).any(reads_request);
    let touches_body = mapping.request.iter().any(|edit| touches(edit, "body"));
    let mut document = Map::new();
    let params = path_params(template, &outgoing.path).into_iter().map(|(name, value)| (name, value.into()));
    document.insert("params".to_owned(), params.collect::<Map<_, _>>().into());
    // Bytes that were signed stay as they are: a body that nothing asks for is not even read.
    if (touches_body || wants_request)
        && let Ok(body) = serde_json::from_slice::<Value>(&outgoing.body)
    {
        document.insert("body".to_owned(), body);
    }
    let mut document = Value::Object(document);
    let request = wants_request.then(|| document.clone());
    edit::apply(&mapping.request, &mut document);
    if touches_body {
        set_body(outgoing, document.get("body"));
    }
    readdress(mapping, template, &document, outgoing);
    request
}

fn set_body(outgoing: &mut Outgoing, body: Option<&Value>) {
    if let Some(body) = body {
        outgoing.body = body.to_string().into();
        outgoing.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    } else {
        outgoing.body = Bytes::new();
        outgoing.headers.remove(header::CONTENT_TYPE);
    }
}

/// Method and path of the deployment's endpoint; parameters its path does not name go into the query.
fn readdress(mapping: &Mapping, template: &str, document: &Value, outgoing: &mut Outgoing) {
    let params = document.get("params").and_then(Value::as_object).into_iter().flatten();
    let params: Vec<(String, String)> =
        params.filter_map(|(name, value)| Some((name.clone(), edit::written(value)?))).collect();
    let template = match &mapping.route {
        Some((method, template)) => {
            if let Ok(method) = Method::from_bytes(method.as_bytes()) {
                outgoing.method = method;
            }
            template
        }
        None => template,
    };
    outgoing.path = render_path(template, &params);
}

fn touches(edit: &Edit, root: &str) -> bool {
    let (at, other) = match edit {
        Edit::Move(from, to) | Edit::Copy(from, to) => (to, Some(from)),
        Edit::Set(at, _)
        | Edit::Default(at, _)
        | Edit::Drop(at)
        | Edit::Text(at, _)
        | Edit::Utc(at)
        | Edit::Scale(at, _)
        | Edit::Words(at, _)
        | Edit::Lift(at) => (at, None),
    };
    at.root() == Some(root) || other.is_some_and(|from| from.root() == Some(root))
}

fn reads_request(edit: &Edit) -> bool {
    let begins = |at: &Pointer| at.root() == Some("request");
    match edit {
        Edit::Copy(from, _) => begins(from),
        Edit::Text(_, pieces) => {
            pieces.iter().any(|piece| if let Piece::Value(at) = piece { begins(at) } else { false })
        }
        _ => false,
    }
}

/// Does the mapping to an answer. A body that is no JSON stays as it is.
fn change_answer(mapping: &Mapping, request: Option<Value>, received: &mut Received) {
    if mapping.status.is_empty() && mapping.answer.is_empty() && mapping.refusal.is_empty() {
        return;
    }
    let body: Option<Value> = serde_json::from_slice(&received.body).ok();
    let mut document = json!({});
    if let Some(body) = body {
        document["body"] = body;
    }
    let rule = mapping.status.iter().find(|rule| fits(rule, &document, received));
    if let Some(status) = rule.and_then(|rule| StatusCode::from_u16(rule.to).ok()) {
        received.status = status;
    }
    let edits = if received.status.is_success() { &mapping.answer } else { &mapping.refusal };
    if edits.is_empty() || document.get("body").is_none() {
        return;
    }
    if let Some(request) = request {
        document["request"] = request;
    }
    edit::apply(edits, &mut document);
    received.body = document.get("body").map(|body| Bytes::from(body.to_string())).unwrap_or_default();
}

fn fits(rule: &StatusRule, document: &Value, received: &Received) -> bool {
    if received.status.as_u16() != rule.from {
        return false;
    }
    let Some(text) = &rule.text else { return true };
    match &rule.at {
        None => String::from_utf8_lossy(&received.body).contains(text),
        Some(at) => edit::texts(document, at).any(|found| found.contains(text)),
    }
}
