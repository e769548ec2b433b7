//! The pages a browser visits and the assets they load. Everything that is the same for everybody is rendered
//! and compressed once, when the mock starts.

pub(crate) mod content;
mod filler;
mod hero;
mod layout;
mod weight;

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use contract::pages::{
    CSS, DASHBOARD, EVENTS, HERO, HOME, INSTRUCTORS, JS, LOGIN, LOGO, SEARCH, TOKEN_COOKIE,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::api::Api;
use crate::caller::{self, Caller};
use crate::mock::Mock;
use content::{Content, Kind};

pub use weight::{PageWeight, PageWeightError};

/// Bytes at weight 1: prose on each page, and the whole of style sheet and script. They are of the size that a
/// well-kept site has (HTTP Archive's median page, <https://httparchive.org/reports/page-weight>, is several times as
/// heavy); pages, style sheet and script hold at least what they need.
const PROSE: usize = 8_000;
const STYLE: usize = 20_000;
const SCRIPT: usize = 100_000;

/// All that is made once.
#[derive(Debug)]
struct Site {
    home: Content,
    events: Content,
    instructors: Content,
    search: Content,
    dashboard: Content,
    login: Content,
    css: Content,
    js: Content,
    logo: Content,
    hero: Content,
    /// What stands below the results of a search.
    below_results: String,
}

impl Site {
    fn of(weight: PageWeight) -> Self {
        let below = |path| filler::sections(path, weight.bytes(PROSE));
        let below_results = below("/search");
        Self {
            home: page(Kind::Page, layout::home(&below("/"))),
            events: page(Kind::Page, layout::events(&below("/events"))),
            instructors: page(Kind::Page, layout::instructors(&below("/instructors"))),
            search: page(Kind::Page, layout::search("", &below_results)),
            dashboard: page(Kind::PrivatePage, layout::dashboard(&below("/dashboard"))),
            login: page(Kind::Page, layout::login(&below("/login"))),
            css: Content::new(Kind::Css, style(weight.bytes(STYLE)).into_bytes()),
            js: Content::new(Kind::Js, script(weight.bytes(SCRIPT)).into_bytes()),
            logo: Content::new(Kind::Png, include_bytes!("static/logo.png").to_vec()),
            hero: Content::new(Kind::Png, hero::picture(weight.bytes(hero::USUAL))),
            below_results,
        }
    }
}

fn page(kind: Kind, markup: maud::Markup) -> Content {
    Content::new(kind, markup.into_string().into_bytes())
}

/// The style sheet in about so many bytes.
fn style(bytes: usize) -> String {
    let needed = include_str!("static/main.css");
    needed.to_owned() + &filler::rules(bytes.saturating_sub(needed.len()))
}

/// The script in about so many bytes: what modules are, the modules, what the page does.
fn script(bytes: usize) -> String {
    let (before, after) = (include_str!("static/modules.js"), include_str!("static/main.js"));
    before.to_owned() + &filler::modules(bytes.saturating_sub(before.len() + after.len())) + after
}

/// The site of usual weight, made once for all mocks of a process.
static USUAL: LazyLock<Arc<Site>> = LazyLock::new(|| Arc::new(Site::of(PageWeight::default())));

/// The pages and assets of a process, in one weight.
#[derive(Debug)]
pub(crate) struct Pages(Arc<Site>);

impl Pages {
    /// All made and compressed now, not when the first visitor waits for it.
    pub(crate) fn of(weight: PageWeight) -> Self {
        let usual = weight == PageWeight::default();
        Self(if usual { Arc::clone(&USUAL) } else { Arc::new(Site::of(weight)) })
    }
}

impl Default for Pages {
    fn default() -> Self {
        Self::of(PageWeight::default())
    }
}

pub(crate) fn routes(api: Api) -> Api {
    let same = |api: Api, route, pick: fn(&Site) -> &Content| {
        api.route(route, move |mock: Arc<Mock>, request: Request| async move {
            pick(&mock.settings.pages.0).answer(request.headers())
        })
    };
    let api = same(api, HOME, |site| &site.home);
    let api = same(api, EVENTS, |site| &site.events);
    let api = same(api, INSTRUCTORS, |site| &site.instructors);
    let api = same(api, LOGIN, |site| &site.login);
    let api = same(api, CSS, |site| &site.css);
    let api = same(api, JS, |site| &site.js);
    let api = same(api, LOGO, |site| &site.logo);
    let api = same(api, HERO, |site| &site.hero);
    api.route(SEARCH, search).route(DASHBOARD, dashboard)
}

/// The only page that is made anew for each visit: it repeats what was asked.
async fn search(mock: Arc<Mock>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let pairs = serde_urlencoded::from_str::<Vec<(String, String)>>(query).unwrap_or_default();
    let site = &mock.settings.pages.0;
    match pairs.into_iter().find_map(|(name, value)| (name == "q" && !value.is_empty()).then_some(value)) {
        None => site.search.answer(request.headers()),
        Some(asked) => {
            let html = layout::search(&asked, &site.below_results).into_string().into_bytes();
            content::answer_once(Kind::Page, html, request.headers())
        }
    }
}

async fn dashboard(mock: Arc<Mock>, request: Request) -> Response {
    if is_signed_in(&mock, request.headers()) {
        return mock.settings.pages.0.dashboard.answer(request.headers());
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_static("/login"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whether a good access token comes with the request, in its header or in its cookie.
fn is_signed_in(mock: &Mock, headers: &HeaderMap) -> bool {
    let caller = Caller { headers: headers.clone(), ..Caller::default() };
    let bearer = caller::bearer(headers).ok().flatten();
    let token = bearer.or_else(|| caller.cookie(TOKEN_COOKIE).map(str::to_owned));
    token.is_some_and(|token| mock.auth.verify(&token).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filler_compresses_as_what_people_write_does() {
        for body in [filler::sections("/", PROSE), style(STYLE), script(SCRIPT)] {
            let ratio = body.len() as f64 / content::brotli(body.as_bytes(), 9).len() as f64;
            assert!((2.5..8.0).contains(&ratio), "{ratio}: {}", &body[..60]);
        }
    }

    #[test]
    fn no_page_is_lighter_than_what_it_needs() {
        let (style, script) = (style(0), script(0));
        assert!(style.ends_with("}\n") && style.contains(".hero img"));
        assert!(
            script.contains("\"use strict\"")
                && script.contains("fill(pages[")
                && !script.contains("define(\"")
        );
    }
}
