//! How the live session was, in HTML.

use maud::{Markup, PreEscaped, html};

use super::unbroken;
use crate::{
    report::{
        chart,
        view::{LiveView, Matrix},
    },
    words::number,
};

pub(super) fn part(live: &LiveView) -> Markup {
    html! {
        h3 { "How was the live session?" }
        (joining(live))
        (losses(live))
        (chat(live))
        (media(live))
    }
}

fn joining(live: &LiveView) -> Markup {
    html! {
        h4 { "Joining" }
        figure {
            (PreEscaped(chart::waterfall(&live.steps)))
            figcaption { "Medians laid end to end; “ready” is the whole way as participants lived it, where steps may run side by side." }
        }
        div.scroll { table {
            thead { tr { th { "step" } th.n { "n" } th.n { "p50" } th.n { "p95" } th.n { "max" } } }
            tbody { @for step in &live.steps { tr {
                td { (step.name) }
                @if step.samples == 0 { td.n { "–" } td colspan="3" { "not measured" } } @else {
                    td.n { (number(step.samples)) } @for figure in &step.figures { td.n { (figure) } }
                }
            } } }
        } }
    }
}

fn losses(live: &LiveView) -> Markup {
    html! {
        h4 { "What was lost, counted three ways" }
        div.scroll { table {
            thead { tr { th { "drop rate" } th.n { "" } th.n { "lost" } th.n { "of" } } }
            tbody { @for loss in &live.losses { tr {
                td { (loss.what) @if loss.decides { br; small { "this one decides" } } }
                td.n { b { (loss.rate) } } td.n { (loss.lost) } td.n { (loss.of) }
            } } }
        } }
        div.scroll { table {
            thead { tr { th { "coming back" } th.n { "times" } th.n { "p50" } th.n { "p95" } th.n { "max" } } }
            tbody { @for back in &live.back { tr {
                td { (back.what) } td.n { (back.times) }
                @if let Some(figures) = &back.figures { @for figure in figures { td.n { (figure) } } } @else { @for _ in 0..3 { td.n { "–" } } }
            } } }
        } }
    }
}

fn chat(live: &LiveView) -> Markup {
    let hearing = &live.hearing;
    html! {
        h4 { "Chat" }
        table { tbody { @for [what, figure] in &live.chat { tr { td { (what) } td { (unbroken(figure)) } } } } }
        p { (hearing.sentence) }
        @if let Some(matrix) = &hearing.matrix { (misses(matrix)) }
        @if !hearing.disturbed.is_empty() {
            details { summary { "Heard twice or out of order" } ul { @for line in &hearing.disturbed { li { (line) } } } }
        }
    }
}

fn misses(matrix: &Matrix) -> Markup {
    html! {
        figure {
            (PreEscaped(chart::misses(matrix)))
            figcaption { "Who missed whom: receivers down, senders across, the stronger the colour the more; at the right what each missed of what was expected. " (matrix.further) }
        }
        details { summary { "The first that were missed" } ul { @for line in &matrix.misses { li { (line) } } } }
    }
}

fn media(live: &LiveView) -> Markup {
    html! {
        h4 { "Media" }
        @if !live.media.rows.is_empty() {
            div.scroll { table {
                thead { tr { th { "" } th { "as participants counted" } th { "the SFU's own books" } } }
                tbody { @for [what, seen, sfu] in &live.media.rows { tr {
                    td { (what) } td.v { (unbroken(seen)) } td.v { (unbroken(sfu)) }
                } } }
            } }
        }
        p { (live.media.finding) }
    }
}
