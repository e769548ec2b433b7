//! What a browser fetches of a page, and what is right of what comes.

use contract::{endpoint::split_route, pages};
use engine::record::Fault;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{
    call::{Asset, ensure},
    http::Received,
};

/// HTML, whole, of the page asked for, naming what it needs.
pub(super) fn is_page(route: &'static str, html: &Received) -> Result<(), Fault> {
    of_kind(html, &["text/html"])?;
    let text = String::from_utf8_lossy(&html.body);
    let missing = pages::lacking(route, &text).into_iter().next();
    ensure(missing.is_none(), "the page asked for", || {
        format!("{route}: no `{}` in {} bytes", missing.unwrap_or_default(), html.body.len())
    })
}

/// An asset to be fetched, or to be asked about by the tag it is kept under.
pub(super) fn asset(route: &'static str, tag: Option<&HeaderValue>) -> Asset {
    let headers = tag.map(|tag| (header::IF_NONE_MATCH, tag.clone())).into_iter().collect::<HeaderMap>();
    let statuses: &[u16] = if tag.is_some() { &[304] } else { &[200] };
    Asset { route, path: split_route(route).1.to_owned(), headers, statuses }
}

/// An asset of its kind that can be kept, or word that the kept one is still good.
pub(super) fn is_asset(asset: &Asset, received: &Received) -> Result<(), Fault> {
    if received.status == StatusCode::NOT_MODIFIED {
        return Ok(());
    }
    let kinds: &[&str] = match asset.route {
        pages::CSS => &["text/css"],
        pages::JS => &["text/javascript", "application/javascript"],
        _ => &["image/png"],
    };
    of_kind(received, kinds)?;
    ensure(!received.body.is_empty(), "an asset with content", || asset.route.to_owned())?;
    ensure(received.headers.contains_key(header::ETAG), "an asset with an ETag", || asset.route.to_owned())
}

fn of_kind(received: &Received, kinds: &[&str]) -> Result<(), Fault> {
    let told = received.headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    ensure(kinds.iter().any(|kind| told.starts_with(kind.as_bytes())), "content type", || {
        format!("{}, not {}", String::from_utf8_lossy(told), kinds.join(" or "))
    })
}
