//! The terminal view as a picture of the model, whatever the terminal's size.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Block, Borders, Paragraph},
};

use super::{figures, tables};
use crate::watch::{
    gauge::Level,
    model::{Current, Model, Row, State},
    plain::{clock, time},
};

/// Rows of the scenarios and the figures beside them, without their title, at least.
const TOP: u16 = 6;
/// Rows they take at most: charts need no more.
const TALLEST: u16 = 14;
/// Rows for what was said, without its title.
const SAID: u16 = 2;
/// Columns of the scenario list.
const LIST: u16 = 31;

/// What colour a level has. The word beside it says the same.
pub(super) fn style(level: Level) -> Style {
    match level {
        Level::Aside | Level::Unseen => Style::new().fg(Color::DarkGray),
        Level::Fine => Style::new().fg(Color::Green),
        Level::Near => Style::new().fg(Color::Yellow),
        Level::Over => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
    }
}

pub(super) fn faint() -> Style {
    Style::new().fg(Color::DarkGray)
}

pub(super) fn strong() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// A part of the view: a line with its title above it. Gives the area below.
pub(super) fn part(frame: &mut Frame<'_>, area: Rect, title: Line<'_>) -> Rect {
    let block = Block::new().borders(Borders::TOP).border_style(faint()).title(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

/// At most so many characters; what is cut off is seen to be.
pub(super) fn fit(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Draws the run as it stands `now_ms` after its begin.
pub fn draw(frame: &mut Frame<'_>, model: &Model, now_ms: u64) {
    let area = frame.area();
    let gauges = model.current.as_ref().map(Current::gauges).unwrap_or_default();
    let series = model.current.as_ref().map_or(0, |current| current.live.series.len());
    let heights = Heights::new(area, model.scenarios.len(), series, tables::goal_rows(&gauges, area.width));
    let [head, top, series, goals, health, said] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(heights.top),
        Constraint::Length(heights.series),
        Constraint::Length(heights.goals),
        Constraint::Length(1),
        Constraint::Fill(1),
    ])
    .areas(area);
    header(frame, head, model, now_ms);
    let [list, now] =
        Layout::horizontal([Constraint::Length(LIST), Constraint::Fill(1)]).spacing(1).areas(top);
    scenarios(frame, list, model, now_ms);
    if let Some(current) = &model.current {
        figures::draw(frame, now, current, now_ms);
        tables::series(frame, series, &current.live.series);
        tables::goals(frame, goals, current, &gauges);
    }
    generator(frame, health, model);
    sentences(frame, said, model);
}

/// Rows per part, titles included.
struct Heights {
    top: u16,
    series: u16,
    goals: u16,
}

impl Heights {
    fn new(area: Rect, scenarios: usize, series: usize, goals: usize) -> Self {
        let rows = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).saturating_add(1);
        // Header, health, and what was said with its title.
        let spare = area.height.saturating_sub(2 + SAID + 1);
        let top = (TOP + 1).max(rows(scenarios)).min(spare);
        let (wanted_series, wanted_goals) = (rows(series), rows(goals));
        let rest = spare - top;
        let wanted = wanted_series.saturating_add(wanted_goals);
        if wanted <= rest {
            let top = (top + rest - wanted).min(TALLEST.max(top));
            return Self { top, series: wanted_series, goals: wanted_goals };
        }
        // Each gets half, or what it wants and the other the rest.
        let half = rest / 2;
        let series = if wanted_goals < rest - half { rest - wanted_goals } else { wanted_series.min(half) };
        Self { top, series, goals: rest - series }
    }
}

fn header(frame: &mut Frame<'_>, area: Rect, model: &Model, now_ms: u64) {
    let run = &model.run;
    let what = format!("  {}  {}", run.preset, run.target);
    frame.render_widget(Line::from(vec![Span::styled(run.run.clone(), strong()), Span::raw(what)]), area);
    let times = match &model.over {
        Some(over) => format!(" {}", over.answer),
        None => format!(" {} gone, about {} left", clock(now_ms as f64 / 1e3), clock(model.left_s(now_ms))),
    };
    let width = u16::try_from(times.chars().count()).unwrap_or(u16::MAX).min(area.width);
    let right = Rect { x: area.right() - width, width, ..area };
    frame.render_widget(Line::from(Span::styled(times, strong())), right);
}

fn scenarios(frame: &mut Frame<'_>, area: Rect, model: &Model, now_ms: u64) {
    let inner = part(frame, area, Line::from("scenarios, so far "));
    let lines = model.scenarios.iter().map(|row| scenario(row, model.current.as_ref(), now_ms));
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), inner);
}

fn scenario<'a>(row: &'a Row, current: Option<&Current>, now_ms: u64) -> Line<'a> {
    let length = row.planned.length_s.ceil();
    let (mark, state, style) = match &row.state {
        State::Pending => ("·", format!("{length:.0} s"), faint()),
        State::Running => {
            let gone = current.map_or(0.0, |current| current.gone_s(now_ms));
            ("▶", format!("{:.0} of {length:.0} s", gone.floor()), strong())
        }
        State::Done(end) => {
            let verdict = end.verdict.as_deref().unwrap_or("over");
            let level = match verdict {
                "PASS" => Level::Fine,
                "FAIL" | "INVALID" => Level::Over,
                "INCONCLUSIVE" => Level::Near,
                _ => Level::Aside,
            };
            ("■", verdict.to_owned(), self::style(level))
        }
    };
    Line::from(Span::styled(format!("{mark} {:16} {state}", fit(&row.planned.name, 16)), style))
}

fn generator(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let health = model.health();
    let allowed = match health.lateness_allowed {
        Some(allowed) => format!(" of {} allowed", crate::words::duration(allowed)),
        None => String::new(),
    };
    let cores = health.cores.map_or_else(|| "–".to_owned(), |cores| format!("{cores:.2}"));
    let line = Line::from(vec![
        Span::styled("generator", strong()),
        Span::raw("  late by (p99) "),
        Span::styled(format!("{}{allowed}", time(health.lateness)), style(health.lateness_level())),
        Span::raw("  cores busy "),
        Span::styled(format!("{cores} of {:.2}", health.cores_allowed), style(health.cores_level())),
    ]);
    frame.render_widget(line, area);
}

/// The last sentences.
fn sentences(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let title = match &model.run.web {
        Some(page) => format!("said; more at {page} "),
        None => "said ".to_owned(),
    };
    let inner = part(frame, area, Line::from(title));
    let skip = model.said.len().saturating_sub(usize::from(inner.height));
    let lines = model.said.iter().skip(skip).map(|text| Line::from(fit(text, usize::from(inner.width))));
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), inner);
}
