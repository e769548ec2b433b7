//! Content over HTTP: encodings, validators, caching.

use std::io::Write as _;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};

/// What kind of content it is; type and caching follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A page that is the same for everybody.
    Page,
    /// A page for those who signed in.
    PrivatePage,
    Css,
    Js,
    Svg,
    Png,
}

impl Kind {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Page | Self::PrivatePage => "text/html; charset=utf-8",
            Self::Css => "text/css; charset=utf-8",
            Self::Js => "text/javascript; charset=utf-8",
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
        }
    }

    const fn cache_control(self) -> &'static str {
        match self {
            Self::Page => "public, max-age=0, must-revalidate",
            Self::PrivatePage => "private, no-cache",
            Self::Css | Self::Js | Self::Svg | Self::Png => "public, max-age=3600, must-revalidate",
        }
    }

    /// What the answer depends on beside its path.
    const fn vary(self) -> Option<&'static str> {
        match self {
            Self::Page | Self::Css | Self::Js | Self::Svg => Some("accept-encoding"),
            Self::PrivatePage => Some("accept-encoding, authorization, cookie"),
            // Compressed already.
            Self::Png => None,
        }
    }
}

/// How a body is encoded on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    /// The best one a client takes: brotli before gzip before none, unless its weights say otherwise.
    fn for_client(headers: &HeaderMap) -> Self {
        let accepted =
            headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let accepted: Vec<(&str, f32)> = accepted.flat_map(|value| value.split(',')).map(weighted).collect();
        let weight = |encoding: Self| {
            let named = |wanted: &str| accepted.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            named(encoding.name()).or_else(|| named("*")).map_or(0.0, |(_, weight)| *weight)
        };
        let mut best = (Self::Identity, 0.0);
        for encoding in [Self::Brotli, Self::Gzip] {
            let weight = weight(encoding);
            if weight > best.1 {
                best = (encoding, weight);
            }
        }
        best.0
    }
}

/// An encoding's name and its weight (RFC 9110, 12.4.2).
fn weighted(item: &str) -> (&str, f32) {
    let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
    let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.parse().ok());
    (name.trim(), weight.unwrap_or(0.0))
}

/// Content, in every encoding it is sent in.
#[derive(Debug)]
pub(crate) struct Content {
    kind: Kind,
    identity: Variant,
    compressed: Option<Compressed>,
}

#[derive(Debug)]
struct Compressed {
    brotli: Variant,
    gzip: Variant,
}

/// Content in one encoding.
#[derive(Debug)]
struct Variant {
    body: Bytes,
    encoding: Encoding,
    etag: HeaderValue,
}

impl Variant {
    /// Strong validators are of the bytes as sent, so each encoding has its own.
    fn new(body: Vec<u8>, encoding: Encoding) -> Self {
        let digest = hex::encode(&Sha256::digest(&body)[..12]);
        let etag = HeaderValue::from_str(&format!("\"{digest}\"")).expect("hexadecimal is a valid header");
        Self { body: body.into(), encoding, etag }
    }

    fn answer(&self, kind: Kind, request: &HeaderMap) -> Response {
        let unchanged = is_known(request, &self.etag);
        let body = if unchanged { Body::empty() } else { Body::from(self.body.clone()) };
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        let mut set =
            |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
        set(header::CACHE_CONTROL, kind.cache_control());
        if let Some(vary) = kind.vary() {
            set(header::VARY, vary);
        }
        if !unchanged {
            set(header::CONTENT_TYPE, kind.media_type());
            set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
            if self.encoding != Encoding::Identity {
                set(header::CONTENT_ENCODING, self.encoding.name());
            }
        }
        headers.insert(header::ETAG, self.etag.clone());
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        response
    }
}

/// Whether the client holds this version (`If-None-Match`, compared weakly as RFC 9110, 13.1.2 says).
fn is_known(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let held = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    held.flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held).as_bytes() == etag.as_bytes())
}

impl Content {
    /// Content to be sent many times: compressed as well as it gets.
    pub(crate) fn new(kind: Kind, body: Vec<u8>) -> Self {
        let compressed = (kind != Kind::Png).then(|| Compressed {
            brotli: Variant::new(brotli(&body, 9), Encoding::Brotli),
            gzip: Variant::new(gzip(&body, Compression::best()), Encoding::Gzip),
        });
        Self { kind, identity: Variant::new(body, Encoding::Identity), compressed }
    }

    /// The answer to a request for it.
    pub(crate) fn answer(&self, request: &HeaderMap) -> Response {
        let variant = match (&self.compressed, Encoding::for_client(request)) {
            (Some(compressed), Encoding::Brotli) => &compressed.brotli,
            (Some(compressed), Encoding::Gzip) => &compressed.gzip,
            _ => &self.identity,
        };
        variant.answer(self.kind, request)
    }
}

/// The answer with content made for this request alone: compressed fast.
pub(crate) fn answer_once(kind: Kind, body: Vec<u8>, request: &HeaderMap) -> Response {
    let encoding = Encoding::for_client(request);
    let body = match encoding {
        Encoding::Brotli => brotli(&body, 1),
        Encoding::Gzip => gzip(&body, Compression::fast()),
        Encoding::Identity => body,
    };
    Variant::new(body, encoding).answer(kind, request)
}

fn gzip(body: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("writing to memory cannot fail")
}

pub(super) fn brotli(body: &[u8], quality: i32) -> Vec<u8> {
    let mut compressed = Vec::new();
    let parameters =
        brotli::enc::BrotliEncoderParams { quality, size_hint: body.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &body[..], &mut compressed, &parameters)
        .expect("writing to memory cannot fail");
    compressed
}
