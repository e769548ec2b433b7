//! How the live session was, in Markdown.

use super::{cell, plain};
use crate::{
    report::view::{LiveView, Matrix},
    words::number,
};

/// In a page that has the essentials only.
pub(super) fn brief(out: &mut String, live: &LiveView) {
    put!(out, "## The live session\n");
    live.brief.iter().for_each(|sentence| put!(out, "- {}", plain(sentence)));
    put!(out, "- {}\n", plain(&live.hearing.sentence));
}

pub(super) fn part(out: &mut String, live: &LiveView) {
    put!(out, "\n### How was the live session?\n");
    put!(
        out,
        "Joining: medians laid end to end; `ready` is the whole way, where steps may run side by side.\n"
    );
    put!(out, "| step | n | p50 | p95 | max | median |\n|---|--:|--:|--:|--:|---|");
    for step in &live.steps {
        let figures = step.figures.join(" | ");
        put!(out, "| {} | {} | {figures} | `{}` |", step.name, number(step.samples), step.bar);
    }
    losses(out, live);
    put!(out, "\n| chat | |\n|---|---|");
    for [what, figure] in &live.chat {
        put!(out, "| {} | {} |", cell(what), cell(figure));
    }
    put!(out, "\n{}", plain(&live.hearing.sentence));
    if let Some(matrix) = &live.hearing.matrix {
        misses(out, matrix);
    }
    if !live.hearing.disturbed.is_empty() {
        put!(out, "\nHeard twice or out of order:\n");
        live.hearing.disturbed.iter().for_each(|line| put!(out, "- {}", plain(line)));
    }
    if !live.media.rows.is_empty() {
        put!(out, "\n| media | as participants counted | the SFU's own books |\n|---|---|---|");
    }
    for [what, seen, sfu] in &live.media.rows {
        put!(out, "| {} | {} | {} |", cell(what), cell(seen), cell(sfu));
    }
    put!(out, "\n{}", plain(&live.media.finding));
}

fn losses(out: &mut String, live: &LiveView) {
    put!(out, "\n| drop rate | | lost | of |\n|---|--:|--:|--:|");
    for loss in &live.losses {
        let decides = if loss.decides { " (this one decides)" } else { "" };
        put!(out, "| {}{decides} | {} | {} | {} |", loss.what, loss.rate, loss.lost, loss.of);
    }
    put!(out, "\n| coming back | times | p50 | p95 | max |\n|---|--:|--:|--:|--:|");
    for back in &live.back {
        let figures =
            back.figures.as_ref().map_or_else(|| "– | – | –".to_owned(), |figures| figures.join(" | "));
        put!(out, "| {} | {} | {figures} |", back.what, back.times);
    }
}

fn misses(out: &mut String, matrix: &Matrix) {
    put!(out, "\n| receiver | missed | of | of whom most |\n|---|--:|--:|---|");
    for row in matrix.worst() {
        let (missed, expected) = (number(row.missed), number(row.expected));
        put!(out, "| {} | {missed} | {expected} | {} |", row.receiver, row.whom());
    }
    put!(out, "\nThe first that were missed:\n");
    matrix.misses.iter().for_each(|line| put!(out, "- {}", plain(line)));
}
