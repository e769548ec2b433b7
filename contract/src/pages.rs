//! The pages a browser visits and the assets they load.

use crate::endpoint::split_route;

/// The start page.
pub const HOME: &str = "GET /";
/// The events page.
pub const EVENTS: &str = "GET /events";
/// The instructors page.
pub const INSTRUCTORS: &str = "GET /instructors";
/// The search page, with `?q=`.
pub const SEARCH: &str = "GET /search";
/// The dashboard; 302 to [`LOGIN`] without a token in header or `access_token` cookie.
pub const DASHBOARD: &str = "GET /dashboard";
/// The sign-in page.
pub const LOGIN: &str = "GET /login";

/// The style sheet.
pub const CSS: &str = "GET /static/css/main.css";
/// The script, which makes the page's API call and fills the list in.
pub const JS: &str = "GET /static/js/main.js";
/// The logo.
pub const LOGO: &str = "GET /static/images/logo.png";
/// The hero image, which is the largest content of a page.
pub const HERO: &str = "GET /static/images/hero.png";

/// Cookie a signed-in browser carries its access token in.
pub const TOKEN_COOKIE: &str = "access_token";

/// The three assets every page names and a visitor fetches.
pub const ASSETS: [&str; 3] = [CSS, JS, LOGO];

/// Pages and assets alike.
pub const ROUTES: &[&str] = &[HOME, EVENTS, INSTRUCTORS, SEARCH, DASHBOARD, LOGIN, CSS, JS, LOGO, HERO];

/// What the HTML of this page must hold and this text lacks: the assets it names, its [`marker`], its end.
pub fn lacking(page: &str, html: &str) -> Vec<String> {
    let assets = ASSETS.iter().map(|asset| split_route(asset).1.to_owned());
    assets.chain([marker(page), "</html>".to_owned()]).filter(|part| !html.contains(part.as_str())).collect()
}

/// A page's short name: `home` for the start page, the path without slashes for the others. Takes a route
/// ([`EVENTS`]) or a path (`/events`).
pub fn name(page: &str) -> &str {
    let path = page.split_once(' ').map_or(page, |(_, path)| path);
    match path.trim_matches('/') {
        "" => "home",
        name => name,
    }
}

/// What the HTML of this page holds and no other page's: an attribute of its `body`, its [`name`].
pub fn marker(page: &str) -> String {
    format!("data-page=\"{}\"", name(page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_lacks_is_named() {
        let whole = "<body data-page=\"events\">/static/css/main.css /static/js/main.js /static/images/logo.png</body></html>";
        assert_eq!(lacking(EVENTS, whole), Vec::<String>::new());
        assert_eq!(lacking(LOGIN, whole), ["data-page=\"login\""]);
        assert_eq!(lacking(EVENTS, &whole.replace("main.js", "gone.js")), ["/static/js/main.js"]);
        assert_eq!(lacking(HOME, "").len(), ASSETS.len() + 2);
    }
}
