//! How far along, while rows go out: a bar with rate and time left on a terminal, plain lines elsewhere.
//! Always on standard error, so that standard output stays the result.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock;

/// At most one plain line in this time.
const BETWEEN_LINES: Duration = Duration::from_secs(1);

/// Shows how far along a world is.
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
    planned: u64,
    began: Instant,
    spoke: Instant,
}

impl Progress {
    /// A bar when standard error is a terminal, else plain lines.
    pub fn on_stderr(planned: u64) -> Self {
        if !stderr().is_terminal() {
            let began = clock::now();
            return Self::Lines(Lines { planned, began, spoke: began });
        }
        let bar = ProgressBar::with_draw_target(Some(planned), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(
            "seeding {bar:32} {human_pos}/{human_len} rows  {per_sec}  {eta} left  {msg}",
        ) {
            bar.set_style(style);
        }
        Self::Bar(bar)
    }

    /// `rows` of the planned have gone out.
    pub fn at(&mut self, rows: u64) {
        match self {
            Self::Bar(bar) => {
                bar.set_position(rows);
                if bar.length() == Some(rows) {
                    bar.set_message("(all sent)");
                }
            }
            Self::Lines(lines) => lines.at(rows),
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
    fn at(&mut self, rows: u64) {
        let now = clock::now();
        if rows < self.planned && now.duration_since(self.spoke) < BETWEEN_LINES {
            return;
        }
        self.spoke = now;
        let seconds = now.duration_since(self.began).as_secs_f64().max(1e-3);
        let rate = rows as f64 / seconds;
        eprintln!("seeding: {rows} of {} rows sent, {rate:.0} rows/s", self.planned);
    }
}
