//! What one sees while it runs: a line per scenario on a terminal, plain lines elsewhere, `suite.log` always.

use std::{
    cell::RefCell,
    fs::File,
    io::{self, IsTerminal, Write},
    path::Path,
    time::Duration,
};

use chrono::{DateTime, SecondsFormat, Utc};
use engine::{clock, record::Live, run::ScenarioRun};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::words::number;

/// The log beside the report.
pub const LOG: &str = "suite.log";

/// Shows how a suite gets on.
#[derive(Debug)]
pub struct Screen {
    log: RefCell<File>,
    terminal: bool,
    quiet: bool,
    line: RefCell<Option<Line>>,
}

#[derive(Debug)]
struct Line {
    bar: ProgressBar,
    began: clock::Instant,
    seconds: u64,
}

impl Screen {
    /// Shows on standard error, and logs into `dir`. Nothing moves when standard error is no terminal or
    /// `quiet` is asked for.
    pub fn new(dir: &Path, quiet: bool) -> io::Result<Self> {
        let log = RefCell::new(File::create(dir.join(LOG))?);
        let terminal = io::stderr().is_terminal() && !quiet;
        Ok(Self { log, terminal, quiet, line: RefCell::default() })
    }

    /// Says a sentence.
    pub fn say(&self, text: &str) {
        self.note(text);
        if let Some(line) = self.line.borrow().as_ref().filter(|_| self.terminal) {
            line.bar.println(text);
        } else if !self.quiet {
            eprintln!("{text}");
        }
    }

    /// Writes a sentence to the log only. A full disk is no reason to stop: the report will say so.
    fn note(&self, text: &str) {
        let at = DateTime::<Utc>::from(clock::wall()).to_rfc3339_opts(SecondsFormat::Millis, true);
        let _ = writeln!(self.log.borrow_mut(), "{at} {text}");
    }

    /// A scenario begins.
    pub fn begin(&self, name: &str, length: Duration) {
        let seconds = length.as_secs_f64().ceil() as u64;
        if !self.terminal {
            self.say(&format!("{name}: {seconds} s"));
            return;
        }
        self.note(&format!("{name}: {seconds} s"));
        let bar = ProgressBar::with_draw_target(Some(seconds.max(1)), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{prefix:>16} {bar:24} {pos:>4}/{len} s  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(name.to_owned());
        *self.line.borrow_mut() = Some(Line { bar, began: clock::now(), seconds });
    }

    /// How it stands.
    pub fn update(&self, live: &Live) {
        let shown = self.line.borrow();
        let Some(shown) = shown.as_ref() else { return };
        let gone = (clock::now() - shown.began).as_secs();
        shown.bar.set_position(gone.min(shown.seconds));
        shown.bar.set_message(message(live));
    }

    /// A scenario is over.
    pub fn end(&self, run: &ScenarioRun) {
        if let Some(line) = self.line.borrow_mut().take() {
            line.bar.finish_and_clear();
        }
        let (requests, failed) = run.requests();
        let seconds = run.duration.as_secs_f64();
        self.say(&format!(
            "{}: {} requests in {seconds:.1} s, {} failed",
            run.name,
            number(requests),
            number(failed)
        ));
    }
}

fn message(live: &Live) -> String {
    let p95 = live.newest.p95.map_or_else(|| "–".to_owned(), milliseconds);
    format!(
        "{} req/s  {} users  p95 {p95}  {} requests  {} errors",
        live.newest.rate,
        live.users,
        number(live.requests),
        number(live.failed)
    )
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}
