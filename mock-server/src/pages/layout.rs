//! The pages' markup. Header, hero and texts come from the server; the lists are filled in by `main.js`. What stands
//! `below` the list is out of sight when a page opens, and takes the page's weight.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The pages of the navigation, and their names.
const NAVIGATION: [(&str, &str); 5] = [
    ("/", "Home"),
    ("/events", "Events"),
    ("/instructors", "Instructors"),
    ("/search", "Search"),
    ("/dashboard", "My dashboard"),
];

/// What differs from page to page.
struct Page<'a> {
    path: &'a str,
    title: &'a str,
    lead: &'a str,
}

/// The start page.
pub(crate) fn home(below: &str) -> Markup {
    let lead = "Karate, judo, jiu-jitsu, kendo and more: one association, one calendar, one mat.";
    let content = html! {
        h2 { "Coming up" }
        p { "Train with us in the dojo around the corner or from your living room. "
            a href="/events" { "See all events" } " or " a href="/instructors" { "meet the instructors" } "." }
        (list("events"))
    };
    Page { path: "/", title: "World Wide Martial Arts Association", lead }.render(&content, below)
}

/// The events page.
pub(crate) fn events(below: &str) -> Markup {
    let lead = "Tournaments, seminars, belt tests and open mats.";
    Page { path: "/events", title: "Events", lead }.render(&list("events"), below)
}

/// The instructors page.
pub(crate) fn instructors(below: &str) -> Markup {
    let lead = "Black belts who teach, from every style and state.";
    Page { path: "/instructors", title: "Instructors", lead }.render(&list("instructors"), below)
}

/// The search page, with what was asked in its field.
pub(crate) fn search(asked: &str, below: &str) -> Markup {
    let lead = "Articles, videos, techniques, events and people.";
    let content = html! {
        form action="/search" method="get" role="search" {
            input type="search" name="q" value=(asked) maxlength="500" placeholder="kata" aria-label="Search for";
            button { "Search" }
        }
        @if !asked.is_empty() { h2 { "Results for “" (asked) "”" } }
        (list("search"))
    };
    Page { path: "/search", title: "Search", lead }.render(&content, below)
}

/// The dashboard.
pub(crate) fn dashboard(below: &str) -> Markup {
    let lead = "Your events, your training, your membership.";
    Page { path: "/dashboard", title: "My dashboard", lead }.render(&list("dashboard"), below)
}

/// The sign-in page.
pub(crate) fn login(below: &str) -> Markup {
    let content = html! {
        form class="stack" method="post" data-login {
            input type="email" name="email" required autocomplete="username" placeholder="E-mail" aria-label="E-mail";
            input type="password" name="password" required autocomplete="current-password" placeholder="Password"
                aria-label="Password";
            button { "Sign in" }
        }
        p role="status" aria-live="polite" {}
        // As high as a list before it is filled.
        div class="room" {}
    };
    Page { path: "/login", title: "Sign in", lead: "Good to see you again." }.render(&content, below)
}

/// A list that `main.js` fills in.
fn list(name: &str) -> Markup {
    html! {
        p role="status" aria-live="polite" {}
        ul class="list" data-list=(name) {}
        noscript { p { "This list needs JavaScript." } }
    }
}

impl Page<'_> {
    fn render(&self, content: &Markup, below: &str) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) " · WWMAA" }
                    meta name="description" content=(self.lead);
                    link rel="icon" type="image/png" href="/static/images/logo.png";
                    link rel="stylesheet" href="/static/css/main.css";
                    script src="/static/js/main.js" defer {}
                }
                body data-page=(contract::pages::name(self.path)) {
                    (self.header())
                    figure class="hero" {
                        img src="/static/images/hero.png" alt="The sun sets behind three ridges of hills"
                            width="1200" height="480" fetchpriority="high";
                        figcaption { h1 { (self.title) } p { (self.lead) } }
                    }
                    main { (content) div class="below" { (PreEscaped(below)) } }
                    footer { "World Wide Martial Arts Association " (PreEscaped("&middot;")) " a stand-in for load tests" }
                }
            }
        }
    }

    fn header(&self) -> Markup {
        html! {
            header class="bar" {
                a class="brand" href="/" {
                    img src="/static/images/logo.png" alt="" width="48" height="48";
                    span { "WWMAA" }
                }
                nav aria-label="Main" {
                    @for (path, name) in NAVIGATION {
                        a href=(path) aria-current=[(path == self.path).then_some("page")] { (name) }
                    }
                    a href="/login" { "Sign in" }
                }
            }
        }
    }
}
