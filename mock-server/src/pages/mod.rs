//! The pages a browser visits and the assets they load. Everything that is the same for everybody is rendered
//! and compressed once, when the mock starts.

pub(crate) mod content;
mod layout;

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

/// All that is made once.
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
}

static SITE: LazyLock<Site> = LazyLock::new(|| Site {
    home: page(layout::home()),
    events: page(layout::events()),
    instructors: page(layout::instructors()),
    search: page(layout::search("")),
    dashboard: Content::new(Kind::PrivatePage, layout::dashboard().into_string().into_bytes()),
    login: page(layout::login()),
    css: Content::new(Kind::Css, include_bytes!("static/main.css").to_vec()),
    js: Content::new(Kind::Js, include_bytes!("static/main.js").to_vec()),
    logo: Content::new(Kind::Png, include_bytes!("static/logo.png").to_vec()),
    hero: Content::new(Kind::Png, include_bytes!("static/hero.png").to_vec()),
});

fn page(markup: maud::Markup) -> Content {
    Content::new(Kind::Page, markup.into_string().into_bytes())
}

pub(crate) fn routes(api: Api) -> Api {
    // Now, not when the first visitor waits for it.
    LazyLock::force(&SITE);
    let same = |api: Api, route, pick: fn(&'static Site) -> &'static Content| {
        api.route(route, move |_: Arc<Mock>, request: Request| async move {
            pick(&SITE).answer(request.headers())
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
async fn search(_: Arc<Mock>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let pairs = serde_urlencoded::from_str::<Vec<(String, String)>>(query).unwrap_or_default();
    match pairs.into_iter().find_map(|(name, value)| (name == "q" && !value.is_empty()).then_some(value)) {
        None => SITE.search.answer(request.headers()),
        Some(asked) => {
            let html = layout::search(&asked).into_string().into_bytes();
            content::answer_once(Kind::Page, html, request.headers())
        }
    }
}

async fn dashboard(mock: Arc<Mock>, request: Request) -> Response {
    if is_signed_in(&mock, request.headers()) {
        return SITE.dashboard.answer(request.headers());
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
