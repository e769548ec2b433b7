//! What real browsers saw, in Markdown.

use super::{cell, code, code_cell, plain};
use crate::{
    report::view::{Pages, PagesView},
    words::number,
};

/// In a page that has the essentials only.
pub(super) fn brief(out: &mut String, view: &PagesView<'_>) {
    put!(out, "## Real browsers\n");
    view.brief().iter().for_each(|sentence| put!(out, "- {}", plain(sentence)));
    put!(out, "");
}

pub(super) fn part(out: &mut String, view: &PagesView<'_>) {
    put!(out, "\n### What did real browsers see?\n");
    match view {
        PagesView::Unseen(why) => put!(out, "{}", plain(why)),
        PagesView::Seen(pages) => seen(out, pages),
    }
}

fn seen(out: &mut String, pages: &Pages<'_>) {
    put!(out, "{}\n", plain(&pages.setting));
    pages.brief.iter().take(1).for_each(|sentence| put!(out, "{}\n", plain(sentence)));
    put!(out, "| LCP | visits | share |\n|---|--:|--:|");
    for rated in &pages.rated {
        put!(out, "| {} | {} | {} |", rated.name, number(rated.visits), rated.share);
    }
    if let Some(first) = pages.parts.first() {
        put!(
            out,
            "\nWhere the time went: means of the {} visits that settled with an LCP. {}\n",
            first.visits,
            pages.largest
        );
        put!(out, "| part | mean | share | |\n|---|--:|--:|---|");
        for part in &pages.parts {
            put!(out, "| {} | {} | {} | `{}` |", part.name, part.mean, part.share, part.bar());
        }
    }
    put!(out, "\n| | n | p75 | | good up to | poor over |\n|---|--:|--:|---|--:|--:|");
    for vital in &pages.vitals {
        let samples = number(vital.samples);
        put!(
            out,
            "| {} | {samples} | {} | {} | {} | {} |",
            vital.name,
            vital.p75,
            vital.class,
            vital.good,
            vital.poor
        );
    }
    groups(out, pages);
    visits(out, pages);
    put!(out, "\n| canary | n | LCP beyond being held back |\n|---|--:|--:|");
    pages.canary.rows.iter().for_each(|row| put!(out, "| {} |", row.join(" | ")));
    put!(out, "\n{}", pages.canary.sentence);
    films(out, pages);
}

fn groups(out: &mut String, pages: &Pages<'_>) {
    if pages.groups.is_empty() {
        return;
    }
    put!(out, "\n| LCP by | | n | p75 | p95 | largest content, most often |\n|---|---|--:|--:|--:|---|");
    for group in &pages.groups {
        put!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            group.by,
            cell(&group.name),
            number(group.spread.samples),
            group.spread.p75,
            group.spread.p95,
            code_cell(&group.largest)
        );
    }
}

fn visits(out: &mut String, pages: &Pages<'_>) {
    put!(out, "\n| visits | |\n|---|--:|");
    pages.ends.iter().for_each(|(what, n)| put!(out, "| {what} | {} |", number(*n)));
    for (what, first) in pages.wrong.lists() {
        put!(out, "\n{what}:\n");
        for line in first {
            put!(out, "- `{}`", code(line));
        }
    }
}

fn films(out: &mut String, pages: &Pages<'_>) {
    if pages.films.is_empty() {
        return;
    }
    put!(out, "\nThe slowest visits; `report.html` has pictures of them, and what each loaded over time:\n");
    for film in &pages.films {
        let largest = film.largest.as_ref();
        let largest = largest.map_or_else(String::new, |(said, what)| format!(" {said}: `{}`.", code(what)));
        put!(out, "- {}.{largest} {}", plain(&film.heading), plain(&film.about.join(" ")));
    }
}
