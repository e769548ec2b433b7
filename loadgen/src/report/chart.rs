//! Small pictures of a scenario: plain SVG, no script.

mod live;
mod pages;

use std::fmt::Write as _;

pub(super) use live::{misses, waterfall};
pub(super) use pages::{fetches, scatter, stacked};

use super::view::Moment;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 160.0;
const LEFT: f64 = 56.0;
const BOTTOM: f64 = 22.0;
const TOP: f64 = 8.0;

/// One line of a picture.
pub(super) struct Line {
    pub(super) class: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

/// A picture of lines over seconds; `unit` is what the vertical axis counts.
pub(super) fn over_time(lines: &[Line], unit: &str, label: &str) -> String {
    let all = || lines.iter().flat_map(|line| &line.points);
    let (from, to) = all().fold((f64::MAX, f64::MIN), |(low, high), (t, _)| (low.min(*t), high.max(*t)));
    let top = round_up(all().map(|(_, y)| *y).fold(0.0, f64::max));
    if from > to || top <= 0.0 {
        return String::new();
    }
    let x = |t: f64| LEFT + (t - from) / (to - from).max(1.0) * (WIDTH - LEFT - 8.0);
    let y = |value: f64| TOP + (1.0 - value / top) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">");
    for share in [0.0, 0.5, 1.0] {
        let (value, height) = (top * share, y(top * share));
        let right = WIDTH - 8.0;
        put(
            &mut svg,
            format_args!(
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{height:.1}\" y2=\"{height:.1}\"/>"
            ),
        );
        let (edge, base) = (LEFT - 6.0, height + 4.0);
        put(
            &mut svg,
            format_args!("<text x=\"{edge}\" y=\"{base:.1}\" text-anchor=\"end\">{value}{unit}</text>"),
        );
    }
    for (t, anchor) in [(from, "start"), (to, "end")] {
        let (at, base) = (x(t), HEIGHT - 6.0);
        put(
            &mut svg,
            format_args!("<text x=\"{at:.1}\" y=\"{base}\" text-anchor=\"{anchor}\">{t:.0} s</text>"),
        );
    }
    for Line { class, points } in lines {
        let path: Vec<String> =
            points.iter().map(|(t, value)| format!("{:.1},{:.1}", x(*t), y(*value))).collect();
        put(&mut svg, format_args!("<polyline class=\"{class}\" points=\"{}\"/>", path.join(" ")));
    }
    svg.push_str("</svg>");
    svg
}

/// Latency of the seconds that had answers: median and 95th percentile.
pub(super) fn latency(moments: &[Moment]) -> Vec<Line> {
    let line = |class, pick: fn(&Moment) -> Option<f64>| Line {
        class,
        points: moments.iter().filter_map(|moment| Some((moment.second as f64, pick(moment)?))).collect(),
    };
    vec![line("p50", |moment| moment.p50_ms), line("p95", |moment| moment.p95_ms)]
}

/// Requests due per second, and those that failed.
pub(super) fn rate(moments: &[Moment]) -> Vec<Line> {
    let line = |class, pick: fn(&Moment) -> u64| Line {
        class,
        points: moments.iter().map(|moment| (moment.second as f64, pick(moment) as f64)).collect(),
    };
    vec![line("rate", |moment| moment.requests), line("failed", |moment| moment.failed)]
}

/// The next of 1, 2, 5, 10, 20, … at or above a value.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    let decade = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * decade).find(|step| *step >= value).unwrap_or(value)
}

fn put(svg: &mut String, text: std::fmt::Arguments<'_>) {
    svg.write_fmt(text).expect("writing to a string cannot fail");
}
