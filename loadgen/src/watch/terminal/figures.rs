//! The scenario that runs: its newest figures, and its last two minutes as lines.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Style},
    text::{Line, Span},
    widgets::{Paragraph, Sparkline},
};

use super::draw::{faint, fit, part, strong, style};
use crate::{
    watch::{
        gauge::Level,
        model::{Current, Point},
        plain::time,
    },
    words::{duration, number, percent},
};

/// Columns left of a line, for its name.
const LABEL: u16 = 5;
/// Columns right of it, for its height.
const SCALE: u16 = 9;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, current: &Current, now_ms: u64) {
    let planned = &current.card.planned;
    let when = match (current.ended_ms, current.load_began_ms) {
        (Some(_), _) => "over".to_owned(),
        (None, None) => "warming up".to_owned(),
        (None, Some(_)) => {
            format!("{:.0} of {:.0} s", current.gone_s(now_ms).floor(), planned.length_s.ceil())
        }
    };
    let what = if current.baseline() { "one user alone" } else { &planned.title };
    let title = format!("{}: {what} ", planned.name);
    let room = usize::from(area.width).saturating_sub(when.len() + 3);
    let title = Line::from(vec![
        Span::styled(fit(&title, room), strong()),
        Span::styled(format!("{when} "), faint()),
    ]);
    let inner = part(frame, area, title);
    let [words, rate, p95] =
        Layout::vertical([Constraint::Length(3), Constraint::Fill(1), Constraint::Fill(1)]).areas(inner);
    frame.render_widget(Paragraph::new(newest(current)), words);
    lines(frame, rate, p95, current);
}

fn newest(current: &Current) -> Vec<Line<'static>> {
    let live = &current.live;
    let failed = format!("{} failed", number(live.failed));
    let share = match live.requests {
        0 => String::new(),
        all => format!(" ({})", percent(live.failed as f64 / all as f64)),
    };
    let errors = if live.failed > 0 { style(Level::Over) } else { style(Level::Fine) };
    vec![
        Line::from(vec![
            Span::styled(format!("{} req/s", number(live.newest.rate)), strong()),
            Span::styled(format!("   {} users", number(live.users)), strong()),
        ]),
        Line::from(format!(
            "p50 {}   p95 {}   p99 {}",
            time(live.newest.p50),
            time(live.newest.p95),
            time(live.newest.p99)
        )),
        Line::from(vec![
            Span::raw(format!("{} requests   ", number(live.requests))),
            Span::styled(format!("{failed}{share}"), errors),
        ]),
    ]
}

fn lines(frame: &mut Frame<'_>, rate: Rect, p95: Rect, current: &Current) {
    let trail: Vec<Point> = current.trail.iter().copied().collect();
    let rates = |points: &[Point]| {
        let sum: u64 = points.iter().map(|point| point.rate).sum();
        Some(sum / points.len() as u64)
    };
    let slowest = |points: &[Point]| points.iter().filter_map(|point| point.p95_us).max();
    line(frame, rate, "rate", Color::Cyan, &trail, rates, |top| format!("{}/s", number(top)));
    let scale = |top| duration(std::time::Duration::from_micros(top));
    line(frame, p95, "p95", Color::Magenta, &trail, slowest, scale);
}

/// One figure over the last two minutes; what is at its right is how high it goes.
fn line(
    frame: &mut Frame<'_>,
    area: Rect,
    label: &str,
    colour: Color,
    trail: &[Point],
    value: impl Fn(&[Point]) -> Option<u64>,
    scale: impl Fn(u64) -> String,
) {
    let columns = [Constraint::Length(LABEL), Constraint::Fill(1), Constraint::Length(SCALE)];
    let [name, middle, right] = Layout::horizontal(columns).areas(area);
    let width = usize::from(middle.width).max(1);
    // Each column stands for as many seconds; the newest is at the right end.
    let seconds = trail.len().div_ceil(width).max(1);
    let mut values: Vec<Option<u64>> = trail.rchunks(seconds).map(value).collect();
    values.resize(width, None);
    values.reverse();
    let top = values.iter().flatten().copied().max().unwrap_or(0);
    frame.render_widget(Line::styled(label.to_owned(), faint()), name);
    frame.render_widget(
        Sparkline::default().data(values).max(top.max(1)).style(Style::new().fg(colour)),
        middle,
    );
    frame.render_widget(Line::styled(format!(" {}", scale(top)), faint()), right);
}
