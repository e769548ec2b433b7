//! The site: its pages, and what they name. What is looked at is what page-load checks of every page.

use contract::{
    Endpoint as _,
    endpoint::split_route,
    pages,
    search::{Search, SearchParams},
};
use http::header;

use super::public::WORD;
use crate::{
    http::Received,
    preflight::{
        findings::Trouble,
        kit::{Kit, Thing},
        reply::{exchange, get, of_type, unexpected, with_header},
        shape::Difference,
    },
};

pub(in crate::preflight) async fn home(kit: &Kit) -> Result<(), Trouble> {
    page(kit, pages::HOME).await
}

pub(in crate::preflight) async fn events(kit: &Kit) -> Result<(), Trouble> {
    page(kit, pages::EVENTS).await
}

pub(in crate::preflight) async fn instructors(kit: &Kit) -> Result<(), Trouble> {
    page(kit, pages::INSTRUCTORS).await
}

pub(in crate::preflight) async fn search(kit: &Kit) -> Result<(), Trouble> {
    let api = Search::path(&SearchParams { q: WORD.to_owned(), ..SearchParams::default() });
    let query = api.split_once('?').map_or("", |(_, query)| query);
    let path = format!("{}?{query}", split_route(pages::SEARCH).1);
    is_page(pages::SEARCH, &fetched(kit, path, None).await?)
}

/// Of those who are signed in: the browser carries the token in a cookie.
pub(in crate::preflight) async fn dashboard(kit: &Kit) -> Result<(), Trouble> {
    let cookie = format!("{}={}", pages::TOKEN_COOKIE, kit.need(Thing::MemberToken)?);
    let path = split_route(pages::DASHBOARD).1.to_owned();
    is_page(pages::DASHBOARD, &fetched(kit, path, Some(&cookie)).await?)
}

pub(in crate::preflight) async fn css(kit: &Kit) -> Result<(), Trouble> {
    asset(kit, pages::CSS, &["text/css"]).await
}

pub(in crate::preflight) async fn js(kit: &Kit) -> Result<(), Trouble> {
    asset(kit, pages::JS, &["text/javascript", "application/javascript"]).await
}

pub(in crate::preflight) async fn logo(kit: &Kit) -> Result<(), Trouble> {
    asset(kit, pages::LOGO, &["image/png"]).await
}

async fn page(kit: &Kit, route: &'static str) -> Result<(), Trouble> {
    is_page(route, &fetched(kit, split_route(route).1.to_owned(), None).await?)
}

async fn asset(kit: &Kit, route: &'static str, types: &[&str]) -> Result<(), Trouble> {
    let received = fetched(kit, split_route(route).1.to_owned(), None).await?;
    of_type(&received, types)?;
    if received.headers.contains_key(header::ETAG) {
        return Ok(());
    }
    let missing = Difference::new("etag", "a tag to keep the asset by", "none");
    Err(Trouble::Differs { differences: vec![missing] })
}

async fn fetched(kit: &Kit, path: String, cookie: Option<&str>) -> Result<Received, Trouble> {
    let mut outgoing = get(path);
    if let Some(cookie) = cookie {
        with_header(&mut outgoing, header::COOKIE, cookie);
    }
    let received = exchange(&mut kit.client(), &outgoing).await?;
    if received.status == http::StatusCode::OK { Ok(received) } else { Err(unexpected(&received, &[200])) }
}

/// HTML, whole, of the page asked for, naming what it needs.
fn is_page(route: &'static str, html: &Received) -> Result<(), Trouble> {
    of_type(html, &["text/html"])?;
    let text = String::from_utf8_lossy(&html.body);
    let got = format!("{} bytes without it", html.body.len());
    let lacking = pages::lacking(route, &text).into_iter();
    let differences: Vec<_> =
        lacking.map(|part| Difference::new("the page", format!("`{part}` in it"), got.clone())).collect();
    if differences.is_empty() { Ok(()) } else { Err(Trouble::Differs { differences }) }
}
