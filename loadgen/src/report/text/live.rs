//! How the live session was, in plain text.

use crate::{
    report::{
        one_line,
        view::{LiveView, Matrix},
    },
    words::number,
};

pub(super) fn part(out: &mut String, live: &LiveView) {
    put!(out, "\njoining: p50, p95, max; medians laid end to end");
    for step in &live.steps {
        let [p50, p95, max] = &step.figures;
        let figures = match step.samples {
            0 => String::new(),
            n => format!("  {p50}, {p95}, {max} ({})", number(n)),
        };
        put!(out, "  {:12} {}{figures}", step.name, step.bar);
    }
    put!(out, "\nwhat was lost");
    for loss in &live.losses {
        let decides = if loss.decides { ", this one decides" } else { "" };
        put!(out, "  {}: {} ({} of {}{decides})", loss.what, loss.rate, loss.lost, loss.of);
    }
    for back in &live.back {
        let figures = back.figures.as_ref();
        let figures =
            figures.map_or_else(String::new, |[p50, p95, max]| format!(": p50 {p50}, p95 {p95}, max {max}"));
        put!(out, "  coming back {}: {}{figures}", back.what, back.times);
    }
    put!(out, "\nchat");
    for [what, figure] in &live.chat {
        put!(out, "  {what}: {figure}");
    }
    put!(out, "  {}", live.hearing.sentence);
    if let Some(matrix) = &live.hearing.matrix {
        misses(out, matrix);
    }
    live.hearing.disturbed.iter().for_each(|line| put!(out, "    {}", one_line(line)));
    put!(out, "\nmedia (the SFU's own books)");
    for [what, seen, sfu] in &live.media.rows {
        put!(out, "  {what}: {seen} ({sfu})");
    }
    put!(out, "  {}", live.media.finding);
}

fn misses(out: &mut String, matrix: &Matrix) {
    for row in matrix.worst() {
        let (missed, expected) = (number(row.missed), number(row.expected));
        put!(
            out,
            "    participant {} missed {missed} of {expected}: of participant {}",
            row.receiver,
            row.whom()
        );
    }
    matrix.misses.iter().for_each(|line| put!(out, "    {}", one_line(line)));
}
