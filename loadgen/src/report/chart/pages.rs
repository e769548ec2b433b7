//! Pictures of what browsers saw: LCP over time, shares side by side, what a page loaded. Texts in them come from a
//! target, so they are written by `maud`, which escapes them.

use maud::{Markup, html};

use crate::report::view::{Bar, Dot, How, LCP, Mark};

const WIDTH: f64 = 720.0;
/// Right of what is drawn.
const MARGIN: f64 = 8.0;

/// A length, to a tenth.
fn px(length: f64) -> String {
    format!("{length:.1}")
}

/// A time on an axis: `0`, `400 ms`, `2.5 s`.
fn tick(ms: f64) -> String {
    match ms {
        ms if ms <= 0.0 => "0".to_owned(),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms => format!("{} s", ms / 1e3),
    }
}

/// The distance of marks on an axis that is so long: 1, 2 or 5 of a decade, five marks or fewer.
fn step(long: f64) -> f64 {
    let least = long.max(1e-3) / 5.0;
    let decade = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|n| n * decade).find(|step| *step >= least).unwrap_or(10.0 * decade)
}

/// Marks of an axis from 0.
fn ticks(long: f64) -> Vec<f64> {
    let step = step(long);
    (0..=(long / step + 1e-9) as u64).map(|n| n as f64 * step).collect()
}

/// LCP of every visit, by when it began; the goal as a line. Visits that were not done in time are at the top.
pub(in crate::report) fn scatter(dots: &[Dot]) -> Markup {
    const HEIGHT: f64 = 220.0;
    const LEFT: f64 = 56.0;
    const TOP: f64 = 16.0;
    const BOTTOM: f64 = 24.0;
    let highest = dots.iter().filter_map(|dot| dot.ms).fold(1.2 * LCP.good, f64::max);
    let top = (highest / step(highest)).ceil() * step(highest);
    let long = dots.iter().map(|dot| dot.at_s).fold(1.0, f64::max);
    let x = |s: f64| LEFT + 8.0 + s / long * (WIDTH - LEFT - 2.0 * MARGIN - 8.0);
    let y = |ms: f64| TOP + (1.0 - ms / top) * (HEIGHT - TOP - BOTTOM);
    let right = WIDTH - MARGIN;
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label="LCP of every visit over time" {
            @for ms in ticks(top) {
                line.grid x1=(LEFT) x2=(right) y1=(px(y(ms))) y2=(px(y(ms))) {}
                text x=(LEFT - 6.0) y=(px(y(ms) + 4.0)) text-anchor="end" { (tick(ms)) }
            }
            @for s in ticks(long) {
                text x=(px(x(s))) y=(HEIGHT - 6.0) text-anchor="middle" { (s) " s" }
            }
            line.goal x1=(LEFT) x2=(right) y1=(px(y(LCP.good))) y2=(px(y(LCP.good))) {}
            text.goal x=(right) y=(px(y(LCP.good) - 5.0)) text-anchor="end" { "goal: p95 below " (tick(LCP.good)) }
            @for dot in dots {
                @let at = x(dot.at_s);
                @let class = if dot.returning { "dot returning" } else { "dot" };
                @if let Some(ms) = dot.ms {
                    circle class=(class) cx=(px(at)) cy=(px(y(ms))) r="3.5" { title { (dot.title) } }
                } @else {
                    path class={ (class) " capped" } d={ "M" (px(at)) " 3 l5 9 h-10 z" } { title { (dot.title) } }
                }
            }
        }
    }
}

/// Shares of one thing side by side: each with the class it is shown in.
pub(in crate::report) fn stacked(shares: &[(&str, f64)], label: &str) -> Markup {
    let ends = shares.iter().scan(0.0, |end, (class, share)| {
        let from = *end;
        *end += share;
        Some((*class, from, *share))
    });
    html! {
        svg.stacked viewBox={ "0 0 " (WIDTH) " 22" } preserveAspectRatio="none" role="img" aria-label=(label) {
            @for (class, from, share) in ends.filter(|(.., share)| *share > 0.0) {
                rect class={ "part " (class) } x=(px(from * WIDTH)) y="0" width=(px(share * WIDTH)) height="22" {}
            }
        }
    }
}

/// Left of the bars: what was asked for.
const NAMES: f64 = 186.0;
/// Right of them: their figures.
const FIGURES: f64 = 118.0;
/// From one bar to the next.
const ROW: f64 = 17.0;
/// A line of names of marks.
const LANE: f64 = 14.0;

/// What a page loaded, and when: a row for each request, waiting pale and receiving strong; what happened meanwhile as
/// lines from top to bottom.
pub(in crate::report) fn fetches(bars: &[Bar], marks: &[Mark], label: &str) -> Markup {
    let ends = bars.iter().flat_map(|bar| [Some(bar.from_ms), bar.first_byte_ms, bar.to_ms]).flatten();
    let long = ends.chain(marks.iter().map(|mark| mark.at_ms)).fold(1.0, f64::max);
    let right = WIDTH - FIGURES;
    let x = |ms: f64| NAMES + ms / long * (right - NAMES);
    let labels = lanes(marks, x, right);
    let lanes = labels.iter().map(|label| label.lane + 1).max().unwrap_or(0);
    let head = lanes as f64 * LANE + 6.0;
    let foot = head + bars.len() as f64 * ROW + 2.0;
    let height = foot + 20.0;
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-label=(label) {
            @for ms in ticks(long) {
                line.grid x1=(px(x(ms))) x2=(px(x(ms))) y1=(head) y2=(foot) {}
                text x=(px(x(ms))) y=(height - 6.0) text-anchor="middle" { (tick(ms)) }
            }
            @for (place, bar) in bars.iter().enumerate() {
                (row(bar, head + place as f64 * ROW, x, long))
            }
            @for (mark, label) in marks.iter().zip(&labels) {
                @let base = label.lane as f64 * LANE + 11.0;
                line class={ "mark " (mark.class) } x1=(px(x(mark.at_ms))) x2=(px(x(mark.at_ms))) y1=(base - 8.0) y2=(foot) {}
                text class={ "mark " (mark.class) } x=(px(label.x)) y=(base) text-anchor=(label.anchor) { (mark.label) }
            }
        }
    }
}

/// A request's name, bar and figure.
fn row(bar: &Bar, top: f64, x: impl Fn(f64) -> f64, end: f64) -> Markup {
    let class = match bar.how {
        How::Came => "fetch",
        How::Cached => "fetch cached",
        How::Failed => "fetch broken",
        How::Pending => "fetch pending",
    };
    let (from, to) = (x(bar.from_ms), x(bar.to_ms.unwrap_or(end)));
    let first_byte = bar.first_byte_ms.map_or(to, &x).clamp(from.min(to), to);
    html! {
        g class=(class) {
            title { (bar.title) }
            text x="0" y=(px(top + 12.0)) { (bar.label) }
            rect.wait x=(px(from)) y=(px(top + 3.0)) width=(px((first_byte - from).max(1.0))) height="11" rx="1.5" {}
            @if to > first_byte {
                rect.come x=(px(first_byte)) y=(px(top + 3.0)) width=(px((to - first_byte).max(1.0))) height="11" rx="1.5" {}
            }
            text.figure x=(WIDTH) y=(px(top + 12.0)) text-anchor="end" { (bar.figure) }
        }
    }
}

/// Where a mark's name is written.
struct Label {
    lane: usize,
    x: f64,
    anchor: &'static str,
}

/// Names of marks, in the order of time, each in the first line in which none before it is in its way.
fn lanes(marks: &[Mark], x: impl Fn(f64) -> f64, right: f64) -> Vec<Label> {
    /// A letter of 11 px, on average, and some.
    const LETTER: f64 = 7.0;
    let mut taken: Vec<f64> = Vec::new();
    let place = |mark: &Mark| {
        let (at, long) = (x(mark.at_ms), mark.label.chars().count() as f64 * LETTER);
        // Past the last bar there is the room of the figures, which these lines are above.
        let (from, to, x, anchor) = if at + 4.0 + long <= right + FIGURES {
            (at, at + 4.0 + long, at + 4.0, "start")
        } else {
            (at - 4.0 - long, at, at - 4.0, "end")
        };
        let lane = taken.iter().position(|end| *end < from).unwrap_or(taken.len());
        match taken.get_mut(lane) {
            Some(end) => *end = to,
            None => taken.push(to),
        }
        Label { lane, x, anchor }
    };
    marks.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_at_most_six_round_marks() {
        assert_eq!(ticks(3_000.0), [0.0, 1_000.0, 2_000.0, 3_000.0]);
        assert_eq!(ticks(440.0), [0.0, 100.0, 200.0, 300.0, 400.0]);
        for long in 1..20_000 {
            assert!((2..=6).contains(&ticks(f64::from(long)).len()), "{long}");
        }
    }

    #[test]
    fn names_of_marks_that_are_close_are_below_one_another() {
        let mark = |at_ms| Mark { class: "lcp", label: "LCP 400 ms".to_owned(), at_ms };
        let labels = lanes(&[mark(10.0), mark(20.0), mark(300.0), mark(590.0)], |ms| NAMES + ms, 602.0);
        let lanes: Vec<usize> = labels.iter().map(|label| label.lane).collect();
        assert_eq!(lanes, [0, 1, 0, 0]);
        assert_eq!(labels[3].anchor, "end");
    }
}
