//! How far along, while rows go out: a bar with rate and time left on a terminal, plain lines elsewhere.
//! Always on standard error, so that standard output stays the result.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::clock;

/// At most one plain line in this time.
const BETWEEN_LINES: Duration = Duration::from_secs(1);

/// Shows how far along something is.
pub enum Progress {
    /// A bar that redraws itself.
    Bar(ProgressBar),
    /// Lines, for logs.
    Lines(Lines),
    /// Nothing.
    Quiet,
}

/// Plain lines, not too many of them.
pub struct Lines {
    /// What is being done, such as `seeding Postgres`.
    doing: String,
    /// What is counted, such as `rows`.
    unit: &'static str,
    planned: u64,
    began: Instant,
    spoke: Instant,
}

impl Progress {
    /// A bar when standard error is a terminal, else plain lines: what is being done, what is counted, and how many
    /// of it are planned (about).
    pub fn on_stderr(doing: &str, unit: &'static str, planned: u64) -> Self {
        if !stderr().is_terminal() {
            let began = clock::now();
            return Self::Lines(Lines { doing: doing.to_owned(), unit, planned, began, spoke: began });
        }
        let bar = ProgressBar::with_draw_target(Some(planned), ProgressDrawTarget::stderr());
        let template = format!(
            "{doing:<16} {{bar:32}} {{human_pos}}/{{human_len}} {unit}  {{rate}} {unit}/s  {{eta}} left  {{msg}}"
        );
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.with_key("rate", |state: &ProgressState, text: &mut dyn std::fmt::Write| {
                // The bar goes on without its rate where text cannot be written.
                let _ = write!(text, "{:.0}", state.per_sec());
            }));
        }
        Self::Bar(bar)
    }

    /// `count` of the planned are done.
    pub fn at(&mut self, count: u64) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(bar.length().unwrap_or(count).max(count));
                bar.set_position(count);
                if bar.length() == Some(count) {
                    bar.set_message("(all sent)");
                }
            }
            Self::Lines(lines) => lines.at(count),
            Self::Quiet => {}
        }
    }
}

impl Progress {
    /// All is done, and it was this many: what was planned may have been an estimate.
    pub fn done(&mut self, count: u64) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(count);
                bar.set_position(count);
            }
            Self::Lines(lines) => {
                lines.planned = count;
                lines.at(count);
            }
            Self::Quiet => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

impl Lines {
    fn at(&mut self, count: u64) {
        let now = clock::now();
        self.planned = self.planned.max(count);
        if count < self.planned && now.duration_since(self.spoke) < BETWEEN_LINES {
            return;
        }
        self.spoke = now;
        let seconds = now.duration_since(self.began).as_secs_f64().max(1e-3);
        let rate = count as f64 / seconds;
        let left = (self.planned - count) as f64 / rate.max(1e-9);
        let Self { doing, unit, planned, .. } = self;
        eprintln!("{doing}: {count} of {planned} {unit}, {rate:.0} {unit}/s, {left:.0} s left");
    }
}
