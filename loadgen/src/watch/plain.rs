//! Plain lines: for a log, for CI, for a terminal that is none.

use std::time::Duration;

use super::{
    model::Model,
    stream::{Entry, Event, Planned, ScenarioEnded},
};
use crate::words::{duration, number};

/// From one line about a scenario that runs to the next.
const EVERY_MS: u64 = 10_000;

/// Makes lines of what happens.
#[derive(Debug, Default)]
pub struct Plain {
    next_ms: u64,
}

impl Plain {
    /// What is to be said about `entry`; `model` has it folded in.
    pub fn line(&mut self, entry: &Entry, model: &Model) -> Option<String> {
        match &entry.event {
            Event::Said { text } => Some(text.clone()),
            Event::ScenarioBegan(card) => Some(began(&card.planned)),
            Event::ScenarioEnded(end) => Some(ended(end)),
            Event::LoadBegan => {
                self.next_ms = entry.at_ms + EVERY_MS;
                None
            }
            Event::Second { .. } if entry.at_ms >= self.next_ms => {
                self.next_ms += EVERY_MS;
                standing(model, entry.at_ms)
            }
            Event::Second { .. } | Event::RunBegan(_) | Event::RunEnded(_) => None,
        }
    }
}

/// A scenario begins.
pub fn began(planned: &Planned) -> String {
    format!("{}: {:.0} s", planned.name, planned.length_s.ceil())
}

/// A scenario is over.
pub fn ended(end: &ScenarioEnded) -> String {
    format!(
        "{}: {} requests in {:.1} s, {} failed",
        end.name,
        number(end.requests),
        end.seconds,
        number(end.failed)
    )
}

/// How the scenario that runs stands.
fn standing(model: &Model, now_ms: u64) -> Option<String> {
    let current = model.current.as_ref()?;
    let (planned, live) = (&current.card.planned, &current.live);
    Some(format!(
        "{}: {} of {:.0} s, {} req/s, {} users, p95 {}, {} failed, about {} left",
        planned.name,
        current.gone_s(now_ms) as u64,
        planned.length_s.ceil(),
        number(live.newest.rate),
        number(live.users),
        time(live.newest.p95),
        number(live.failed),
        clock(model.left_s(now_ms))
    ))
}

/// A percentile; a dash where nothing was measured.
pub fn time(value: Option<Duration>) -> String {
    value.map_or_else(|| "–".to_owned(), duration)
}

/// `1:05` for 65 seconds, `1:00:05` for an hour more or less.
pub fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (whole / 3_600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
