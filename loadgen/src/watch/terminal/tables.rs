//! Series in rows, goals as gauges. What does not fit gives way to what needs looking at.

use engine::record::LiveSeries;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::draw::{faint, fit, part, style};
use crate::{
    watch::{
        gauge::{Gauge, Level},
        model::Current,
        plain::time,
    },
    words::number,
};

/// Columns of a series' figures.
const FIGURES: usize = 44;
/// Columns of a goal: with fewer there is no room for two side by side.
const GOAL: u16 = 39;
/// Columns of a goal from which on its limit is shown as well.
const WITH_LIMIT: usize = 54;
/// Columns of a bar.
const BAR: usize = 8;
/// Columns of a bar, what it stands for and a word.
const STATE: usize = BAR + 11;

pub(super) fn series(frame: &mut Frame<'_>, area: Rect, series: &[LiveSeries]) {
    let name = usize::from(area.width).saturating_sub(FIGURES);
    let head = format!("{:─<name$}", fit("series, the newest second ", name));
    let head = format!("{head}{:>8}{:>9}{:>9}{:>9}{:>9}", " rate", " p50", " p95", " p99", " failed");
    let inner = part(frame, area, Line::styled(head, faint()));
    let busiest = |place: &usize| (series[*place].failed, series[*place].n);
    let (shown, left) = choose(series.len(), usize::from(inner.height), busiest);
    let mut lines: Vec<Line<'_>> = shown.into_iter().map(|place| row(&series[place], name)).collect();
    lines.extend(more(left, "series"));
    frame.render_widget(Paragraph::new(lines), inner);
}

fn row(series: &LiveSeries, name: usize) -> Line<'_> {
    let newest = series.newest;
    let figures = format!(
        "{:name$}{:>8}{:>9}{:>9}{:>9}",
        fit(&series.name, name.saturating_sub(1)),
        number(newest.rate),
        time(newest.p50),
        time(newest.p95),
        time(newest.p99)
    );
    let failed = if series.failed > 0 { style(Level::Over) } else { Style::new() };
    Line::from(vec![Span::raw(figures), Span::styled(format!("{:>9}", number(series.failed)), failed)])
}

/// How many of `all` fit into `room` rows: their places in order, those kept that rank highest, and how
/// many are left out. The last row is theirs.
fn choose<K: Ord>(all: usize, room: usize, rank: impl Fn(&usize) -> K) -> (Vec<usize>, usize) {
    let mut places: Vec<usize> = (0..all).collect();
    if all <= room {
        return (places, 0);
    }
    places.sort_by_key(|place| std::cmp::Reverse(rank(place)));
    places.truncate(room.saturating_sub(1));
    places.sort_unstable();
    let left = all - places.len();
    (places, left)
}

fn more(left: usize, what: &str) -> Option<Line<'static>> {
    (left > 0).then(|| Line::styled(format!("… {left} more {what}"), faint()))
}

/// Columns of goals side by side.
fn abreast(width: u16) -> usize {
    usize::from(width / GOAL).clamp(1, 2)
}

/// Rows that all goals take.
pub(super) fn goal_rows(gauges: &[Gauge], width: u16) -> usize {
    gauges.len().div_ceil(abreast(width))
}

pub(super) fn goals(frame: &mut Frame<'_>, area: Rect, current: &Current, gauges: &[Gauge]) {
    let title = if current.baseline() {
        "no goals: a baseline "
    } else {
        "goals, so far: part of the allowance used "
    };
    let inner = part(frame, area, Line::from(title));
    let columns = abreast(area.width);
    let room = usize::from(inner.height) * columns;
    let (shown, left) = choose(gauges.len(), room, |place| gauges[*place].level);
    let areas = Layout::horizontal(vec![Constraint::Fill(1); columns]).spacing(2).split(inner);
    let width = areas.first().map_or(0, |area| usize::from(area.width));
    let mut lines: Vec<Line<'_>> = shown.into_iter().map(|place| gauge(&gauges[place], width)).collect();
    lines.extend(more(left, "goals"));
    let rows = usize::from(inner.height).max(1);
    for (area, lines) in areas.iter().zip(lines.chunks(rows)) {
        frame.render_widget(Paragraph::new(lines.to_vec()), *area);
    }
}

fn gauge(gauge: &Gauge, width: usize) -> Line<'static> {
    let state = match (gauge.used, gauge.level) {
        (_, Level::Aside | Level::Unseen) | (None, _) => format!("{:>STATE$}", gauge.word),
        (Some(used), _) => format!("{} {:>5} {}", bar(used), share(used), gauge.word),
    };
    let left = width.saturating_sub(state.chars().count() + 1);
    let text = if width >= WITH_LIMIT && left > gauge.limit.chars().count() + 8 {
        let name = left - gauge.limit.chars().count() - 1;
        format!("{:name$} {}", fit(&gauge.name, name), gauge.limit)
    } else {
        format!("{:left$}", fit(&gauge.name, left))
    };
    let name = if gauge.level == Level::Aside { faint() } else { Style::new() };
    Line::from(vec![Span::styled(text, name), Span::raw(" "), Span::styled(state, style(gauge.level))])
}

fn share(used: f64) -> String {
    if used < 10.0 { format!("{:.0} %", used * 100.0) } else { format!("{used:.0} ×") }
}

/// A bar of so much of its length, in eighths of a column.
fn bar(used: f64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (used.clamp(0.0, 1.0) * (BAR * 8) as f64).round() as usize;
    let text = format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8]);
    format!("{text:·<BAR$}")
}
