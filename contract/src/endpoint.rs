//! What an endpoint is: one name, its parameters, what goes in and what comes out.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// An endpoint of the API. `ROUTE` is its one name: the mock's route, the key in a latency profile, the
/// subject of a goal, the row in a report and the operation in OpenAPI.
pub trait Endpoint {
    /// Method and path template, as in `POST /api/events/{event_id}/rsvp`.
    const ROUTE: &'static str;
    /// What it is for, in a sentence.
    const SUMMARY: &'static str;
    /// The status of a successful answer.
    const OK: u16;
    /// The statuses of the refusals it may answer with, beside those every route shares
    /// ([`SHARED_ERRORS`]).
    const ERRORS: &'static [u16];
    /// Who may call it.
    const AUTH: Auth;
    /// How its body travels.
    const BODY: Body;
    /// Request headers that change what it does (`Idempotency-Key`, `Stripe-Signature`).
    const HEADERS: &'static [&'static str];

    /// Path and query parameters together: a field named in the template goes into the path, the others into
    /// the query.
    type Params: Serialize + DeserializeOwned + JsonSchema;
    /// The JSON body it takes ([`Nothing`] when it takes none).
    type Input: Serialize + DeserializeOwned + JsonSchema;
    /// The JSON body of its successful answer.
    type Output: Serialize + DeserializeOwned + JsonSchema;

    /// The HTTP method, in capitals.
    fn method() -> &'static str {
        split_route(Self::ROUTE).0
    }

    /// The path template, with `{name}` for each path parameter.
    fn template() -> &'static str {
        split_route(Self::ROUTE).1
    }

    /// Path and query for these parameters, percent-encoded, ready for the request line.
    fn path(params: &Self::Params) -> String {
        render_path(Self::template(), params)
    }
}

/// Statuses any route may answer with: a body that breaks off, a path that is none, a wrong method, a body that does
/// not come in time, one too large, a queue that is full.
pub const SHARED_ERRORS: &[u16] = &[400, 404, 405, 408, 413, 503];

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Anybody.
    Open,
    /// Anybody; a bearer token shows more.
    Optional,
    /// The bearer of an access token of a member.
    Bearer,
    /// The bearer of the access token a live session's join answered with.
    Session,
    /// The bearer of a video token.
    Video,
}

/// How a request's body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    None,
    /// JSON, required.
    Json,
    /// Bytes that are checked before they are read (signed webhooks).
    Raw,
}

/// No parameters, no body, or an answer without content worth a type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Nothing {}

/// Splits `POST /api/x` into method and path template. A name without a space is a path asked for by GET.
pub fn split_route(route: &'static str) -> (&'static str, &'static str) {
    route.split_once(' ').unwrap_or(("GET", route))
}

/// Bytes a path segment may carry as they are (RFC 3986 unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Path and query for these parameters (a flat struct, or pairs of strings), percent-encoded: a name that the
/// template has goes into the path, the others into the query.
pub fn render_path<P: Serialize>(template: &str, params: &P) -> String {
    let encoded = serde_urlencoded::to_string(params).expect("parameters are flat structs of scalars");
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(&encoded).expect("what was just encoded decodes");
    let mut path = template.to_owned();
    let mut query = Vec::new();
    for (name, value) in pairs {
        let slot = format!("{{{name}}}");
        if path.contains(&slot) {
            path = path.replace(&slot, &utf8_percent_encode(&value, SEGMENT).to_string());
        } else {
            query.push((name, value));
        }
    }
    if !query.is_empty() {
        path.push('?');
        path.push_str(&serde_urlencoded::to_string(&query).expect("pairs of strings encode"));
    }
    path
}

/// The parameters that a path and its query carry, by the template it was made from: what [`render_path`] took.
pub fn path_params(template: &str, path: &str) -> Vec<(String, String)> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let slots = template.split('/').zip(path.split('/')).filter_map(|(slot, value)| {
        let name = slot.strip_prefix('{')?.strip_suffix('}')?;
        Some((name.to_owned(), percent_decode_str(value).decode_utf8_lossy().into_owned()))
    });
    slots.chain(form_pairs(query).into_owned()).collect()
}

/// A parameter that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct ParamError {
    /// The parameter's name, empty when the query itself cannot be read.
    pub field: String,
    /// What was wrong with it.
    pub message: String,
}

impl ParamError {
    /// Whether the parameter is required and was not given.
    pub fn is_missing(&self) -> bool {
        self.message.starts_with(MISSING)
    }
}

/// How serde begins to say that a field is not there.
const MISSING: &str = "missing field `";

/// Reads parameters from the path's captures and the raw query string. Unknown ones are ignored; of a name
/// given twice the path's wins, then the first.
pub fn read_params<P: DeserializeOwned>(captures: &[(String, String)], query: &str) -> Result<P, ParamError> {
    let mut pairs: Vec<(String, String)> = captures.to_vec();
    let asked: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|e| ParamError { field: String::new(), message: e.to_string() })?;
    for (name, value) in asked {
        if !pairs.iter().any(|(known, _)| *known == name) {
            pairs.push((name, value));
        }
    }
    read_pairs(&pairs).map_err(|mut error| {
        if let Some(field) = at_fault::<P>(&pairs, &error) {
            error.field = field;
        }
        error
    })
}

fn read_pairs<P: DeserializeOwned>(pairs: &[(String, String)]) -> Result<P, ParamError> {
    let encoded = serde_urlencoded::to_string(pairs).expect("pairs of strings encode");
    let input = serde_urlencoded::Deserializer::new(form_pairs(&encoded));
    serde_path_to_error::deserialize(input).map_err(|e| {
        let message = e.inner().to_string();
        let field = match message.strip_prefix(MISSING) {
            Some(rest) => rest.trim_end_matches('`').to_owned(),
            None => e.path().to_string(),
        };
        ParamError { field, message }
    })
}

/// Which parameter is at fault when the reader could not tell, as with those of a flattened struct: the one
/// without which the others can be read, or fail for another reason.
fn at_fault<P: DeserializeOwned>(pairs: &[(String, String)], error: &ParamError) -> Option<String> {
    if error.is_missing() || pairs.iter().any(|(name, _)| *name == error.field) {
        return None;
    }
    let is_guilty = |name: &&String| {
        let others: Vec<_> = pairs.iter().filter(|(other, _)| other != *name).cloned().collect();
        match read_pairs::<P>(&others) {
            Ok(_) => true,
            Err(other) => !other.is_missing() && other != *error,
        }
    };
    pairs.iter().map(|(name, _)| name).find(is_guilty).cloned()
}

/// Reads a yes or no as FastAPI does, whatever its case: Python's `True` and a form's `on` are yes. A flattened
/// struct is read from buffered text, so a word is all that arrives there.
pub(crate) fn flag<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<bool>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Bool(bool),
        Word(String),
    }
    let word = match Option::<Given>::deserialize(input)? {
        None => return Ok(None),
        Some(Given::Bool(value)) => return Ok(Some(value)),
        Some(Given::Word(word)) => word.to_ascii_lowercase(),
    };
    match word.as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(Some(true)),
        "false" | "f" | "no" | "n" | "off" | "0" => Ok(Some(false)),
        _ => Err(serde::de::Error::custom("Input should be a valid boolean, such as `true` or `false`")),
    }
}

fn form_pairs(encoded: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(encoded.as_bytes())
}

/// Declares an endpoint type: its documentation is its summary, its route its name.
macro_rules! endpoint {
    (
        #[doc = $summary:literal]
        $name:ident = $route:literal, $auth:ident, $body:ident $input:ty => $ok:literal $output:ty,
        params $params:ty, errors [$($error:literal),*] $(, headers [$($header:literal),*])?
    ) => {
        #[doc = $summary]
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl $crate::endpoint::Endpoint for $name {
            const ROUTE: &'static str = $route;
            const SUMMARY: &'static str = $summary;
            const OK: u16 = $ok;
            const ERRORS: &'static [u16] = &[$($error),*];
            const AUTH: $crate::endpoint::Auth = $crate::endpoint::Auth::$auth;
            const BODY: $crate::endpoint::Body = $crate::endpoint::Body::$body;
            const HEADERS: &'static [&'static str] = &[$($($header),*)?];
            type Params = $params;
            type Input = $input;
            type Output = $output;
        }
    };
}
pub(crate) use endpoint;
