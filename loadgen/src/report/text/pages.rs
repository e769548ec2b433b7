//! What real browsers saw, in plain text.

use crate::{
    report::view::{Pages, PagesView},
    words::number,
};

pub(super) fn part(out: &mut String, view: &PagesView<'_>) {
    put!(out, "\nwhat real browsers saw");
    match view {
        PagesView::Unseen(why) => put!(out, "  {why}"),
        PagesView::Seen(pages) => seen(out, pages),
    }
}

fn seen(out: &mut String, pages: &Pages<'_>) {
    put!(out, "  {}", pages.setting);
    pages.brief.iter().take(1).for_each(|sentence| put!(out, "  {sentence}"));
    if let Some(first) = pages.parts.first() {
        put!(out, "\nwhere an LCP's time went: means of the {} visits that settled with one", first.visits);
        for part in &pages.parts {
            put!(out, "  {:18} {}  {} ({})", part.name, part.bar(), part.mean, part.share);
        }
        put!(out, "  {}", pages.largest);
    }
    put!(out, "\np75 of visits, beside web.dev's thresholds");
    for vital in &pages.vitals {
        let (name, p75, class, n) = (vital.name, &vital.p75, vital.class, number(vital.samples));
        put!(out, "  {name:4} {p75} of {n}: {class} (good up to {}, poor over {})", vital.good, vital.poor);
    }
    put!(out, "\nLCP by page, device and cache: p75, p95, largest content");
    for group in &pages.groups {
        let spread = &group.spread;
        let n = number(spread.samples);
        put!(out, "  {:12} {}, {}, of {n}", group.name, spread.p75, spread.p95);
        put!(out, "  {:12} {}", "", group.largest);
    }
    put!(out, "\nhow the visits went");
    pages.ends.iter().for_each(|(what, n)| put!(out, "  {what}: {}", number(*n)));
    for (what, first) in pages.wrong.lists() {
        put!(out, "  {what}");
        for line in first {
            put!(out, "    {line}");
        }
    }
    put!(out, "  {}", pages.canary.sentence);
    if !pages.films.is_empty() {
        put!(out, "\nthe slowest visits; report.html has pictures of them, and what each loaded over time");
    }
    for film in &pages.films {
        put!(out, "  {}", film.heading);
        film.largest.iter().for_each(|(said, what)| put!(out, "    {said}: {what}"));
        film.about.iter().for_each(|line| put!(out, "    {line}"));
    }
}
