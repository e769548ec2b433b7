//! A page for people: what the mock does now, and its switches, in a browser.
//!
//! The page and what it loads are the same for everybody and need no token; all they show comes from the admin
//! API, which asks for one. Plain HTML, CSS and ES modules as they lie in `page/`, and uPlot for the charts,
//! vendored: nothing is built, nothing comes from another host.

use std::sync::LazyLock;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, HeaderValue, header};

use crate::pages::content::{Content, Kind};

/// Where the page is.
pub(crate) const PATH: &str = "/__admin";

/// What the page may load and from where: its own files and its own API, nothing inline.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page and what it loads: path, kind, content.
const FILES: [(&str, Kind, &str); 12] = [
    (PATH, Kind::Page, include_str!("page/page.html")),
    ("/__admin/page/icon.svg", Kind::Svg, include_str!("page/icon.svg")),
    ("/__admin/page/page.css", Kind::Css, include_str!("page/page.css")),
    ("/__admin/page/page.js", Kind::Js, include_str!("page/page.js")),
    ("/__admin/page/admin.js", Kind::Js, include_str!("page/admin.js")),
    ("/__admin/page/dom.js", Kind::Js, include_str!("page/dom.js")),
    ("/__admin/page/figures.js", Kind::Js, include_str!("page/figures.js")),
    ("/__admin/page/latency.js", Kind::Js, include_str!("page/latency.js")),
    ("/__admin/page/switches.js", Kind::Js, include_str!("page/switches.js")),
    ("/__admin/page/books.js", Kind::Js, include_str!("page/books.js")),
    ("/__admin/page/uPlot.js", Kind::Js, include_str!("../../../assets/uplot/uPlot.iife.min.js")),
    ("/__admin/page/uPlot.css", Kind::Css, include_str!("../../../assets/uplot/uPlot.min.css")),
];

/// The files, ready to be sent: compressed when somebody first asks for the page, which most mocks never see.
static CONTENTS: LazyLock<[Content; FILES.len()]> =
    LazyLock::new(|| FILES.map(|(_, kind, text)| Content::new(kind, text.into())));

/// The page and its files. No token: there is nothing in them to guard.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.into_iter().enumerate().fold(Router::new(), |router, (place, (path, ..))| {
        router.route(path, get(move |headers: HeaderMap| async move { answer(place, &headers) }))
    })
}

/// The content in this place. A browser asks each time whether it changed: a mock is often replaced by a newer one.
fn answer(place: usize, request: &HeaderMap) -> Response {
    let mut response = CONTENTS[place].answer(request);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The page's address, the token in its fragment, which no browser sends to a server.
pub(crate) fn address(base: &str, token: &str) -> String {
    let fragment = serde_urlencoded::to_string([("token", token)]).expect("a pair of texts can be encoded");
    format!("{base}{PATH}#{fragment}")
}
