//! What real browsers saw, in HTML.

use maud::{Markup, html};

use super::{chip, unbroken};
use crate::{
    report::{
        chart,
        view::{FilmView, Group, Pages, PagesView, Spread, not_done},
    },
    words::{count, number},
};

/// Classes of the parts of an LCP, in their order.
const PARTS: [&str; 4] = ["ttfb", "delay", "load", "render"];
/// Classes of web.dev's classes.
const RATED: [&str; 3] = ["good", "fair", "poor"];

pub(super) fn part(view: &PagesView<'_>) -> Markup {
    html! {
        h3 { "What did real browsers see?" }
        @match view {
            PagesView::Unseen(why) => p { (why) },
            PagesView::Seen(pages) => {
                p { (pages.setting) }
                (lcp(pages))
                (time(pages))
                (vitals(pages))
                (groups(&pages.groups))
                (visits(pages))
                (canary(pages))
                (films(&pages.films))
            }
        }
    }
}

fn lcp(pages: &Pages<'_>) -> Markup {
    let Spread { samples, p75, p95 } = &pages.spread;
    let shares = pages.rated.iter().zip(RATED).map(|(rated, class)| (class, rated.of_one));
    html! {
        h4 { "Largest Contentful Paint" }
        p {
            @if let Some((word, reason)) = &pages.verdict { (chip(word)) " " @if !reason.is_empty() { (unbroken(reason)) ". " } }
            @if *samples == 0 { "No visit has one." } @else {
                "p75 " b { (unbroken(p75)) } ", p95 " b { (unbroken(p95)) } ", of " (count(*samples, "visit", "visits")) "; in brackets the 95 % interval."
            }
        }
        @if *samples > 0 {
            figure {
                (chart::stacked(&shares.collect::<Vec<_>>(), "LCP in three classes"))
                figcaption.keys { @for (rated, class) in pages.rated.iter().zip(RATED) {
                    span { span class={ "key box " (class) } {} (unbroken(&rated.name)) ": " b { (unbroken(&rated.share)) } " (" (number(rated.visits)) ")" }
                } }
            }
            figure {
                div.scroll.wide { (chart::scatter(&pages.dots)) }
                figcaption.keys {
                    span { span class="key round" {} "cold: nothing cached" }
                    span { span class="key round returning" {} "returning: with what the browser kept" }
                    span { "▲ " (not_done()) ", at the top whatever the scale" }
                }
            }
        }
    }
}

/// Where the time went.
fn time(pages: &Pages<'_>) -> Markup {
    let shares = pages.parts.iter().zip(PARTS).map(|(part, class)| (class, part.of_one));
    html! {
        @if let Some(first) = pages.parts.first() {
            h4 { "Where the time went" }
            p { (unbroken(&pages.largest)) }
            figure {
                (chart::stacked(&shares.collect::<Vec<_>>(), "the four parts of an LCP"))
                figcaption.keys {
                    @for (part, class) in pages.parts.iter().zip(PARTS) {
                        span { span class={ "key box " (class) } {} (part.name) ": " b { (unbroken(&part.mean)) } " (" (unbroken(&part.share)) ")" }
                    }
                    span { "means of the " (count(first.visits, "visit", "visits")) " that settled with an LCP" }
                }
            }
        }
    }
}

fn vitals(pages: &Pages<'_>) -> Markup {
    html! {
        h4 { "Beside web.dev's thresholds" }
        div.scroll { table {
            thead { tr { th { "" } th.n { "n" } th.n { "p75" } th { "" } th.n { "good up to" } th.n { "poor over" } } }
            tbody { @for vital in &pages.vitals { tr {
                td { (vital.name) } td.n { (number(vital.samples)) } td.n { b { (vital.p75) } }
                td { (class(vital.class)) } td.n { (vital.good) } td.n { (vital.poor) }
            } } }
        } }
    }
}

fn class(word: &str) -> Markup {
    let tone = match word {
        "good" => "pass",
        "poor" => "fail",
        "needs improvement" => "doubt",
        _ => "mute",
    };
    html! { span class=(tone) { (word) } }
}

fn groups(groups: &[Group]) -> Markup {
    html! {
        @if !groups.is_empty() {
            h4 { "LCP by page, device and cache" }
            div.scroll { table.lcps {
                thead { tr { th { "" } th.n { "n" } th.n { "p75" } th.n { "p95" } th { "largest content, most often" } } }
                @for by in groups.chunk_by(|a, b| a.by == b.by) {
                    tbody {
                        @for group in by { tr {
                            td { (group.name) } td.n { (number(group.spread.samples)) }
                            td.n { (group.spread.p75) } td.n { (group.spread.p95) } td.any { (group.largest) }
                        } }
                    }
                }
            } }
        }
    }
}

fn visits(pages: &Pages<'_>) -> Markup {
    let wrong = &pages.wrong;
    html! {
        h4 { "How the visits went" }
        table.narrow { tbody { @for (what, n) in &pages.ends { tr { td { (what) } td.n { (number(*n)) } } } } }
        @for (what, first) in wrong.lists() {
            details open { summary { (what) }
                ul { @for line in first { li { code { (line) } } } }
            }
        }
    }
}

fn canary(pages: &Pages<'_>) -> Markup {
    html! {
        h4 { "Were the browsers well?" }
        div.scroll { table.narrow {
            thead { tr { th { "the generator's own page" } th.n { "n" } th.n { "LCP beyond being held back" } } }
            tbody { @for [when, n, took] in &pages.canary.rows { tr { td { (when) } td.n { (n) } td.n { (took) } } } }
        } }
        p { (unbroken(&pages.canary.sentence)) }
    }
}

fn films(films: &[FilmView<'_>]) -> Markup {
    html! {
        @if !films.is_empty() {
            h4 { "The slowest visits" }
            p { "A picture is taken as soon as the browser tells of larger content. Below, what the page loaded: waiting is pale, receiving is strong, what failed is red, what was cached is hollow." }
            @for (place, film) in films.iter().enumerate() { (one(film, place == 0)) }
        }
    }
}

fn one(film: &FilmView<'_>, open: bool) -> Markup {
    let label = format!("what visit {} loaded, over time", film.visit);
    html! {
        article.film {
            h5 { (unbroken(&film.heading)) }
            p {
                @if let Some((said, what)) = &film.largest { (unbroken(said)) ": " code { (what) } ". " }
                @for line in &film.about { (unbroken(line)) " " }
            }
            @if !film.pictures.is_empty() {
                div.strip { @for picture in &film.pictures {
                    figure {
                        @if let Some(jpeg) = picture.jpeg {
                            img src={ "data:image/jpeg;base64," (jpeg) } alt=(picture.alt);
                        } @else { p { "no picture" } }
                        figcaption { (unbroken(&picture.at)) }
                    }
                } }
            }
            @if !film.bars.is_empty() {
                details open[open] { summary { (count(film.bars.len() as u64, "request", "requests")) " over time" }
                    div.scroll.fetches { (chart::fetches(&film.bars, &film.marks, &label)) }
                }
            }
        }
    }
}
