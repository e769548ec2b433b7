//! What the suite tells what happens: `suite.log` always, and every view that is wanted.

use std::{
    cell::{Cell, RefCell},
    fs::File,
    io::{self, IsTerminal, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, SecondsFormat, Utc};
use engine::{clock, goal::Goal, record::Live, run::ScenarioRun, verdict};
use ratatui::crossterm::terminal::size;

use super::{
    model::Model,
    plain::{self, Plain},
    stream::{Entry, Event, Planned, RunBegan, RunEnded, ScenarioBegan, ScenarioEnded},
    terminal::{self, Curtain, View},
    web::{Door, Server},
};
use crate::{report, telemetry::Feed, words::tame};

/// The log beside the report.
pub const LOG: &str = "suite.log";

/// Which view is wanted on standard error.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// None at all.
    pub quiet: bool,
    /// Plain lines, whatever standard error is.
    pub plain: bool,
    /// The terminal view's curtain. Keep a clone, and close it when a run is left behind.
    pub curtain: Curtain,
}

/// Shows how a suite gets on.
#[derive(Debug)]
pub struct Screen {
    log: RefCell<File>,
    began: clock::Instant,
    entries: Cell<u64>,
    model: Arc<Mutex<Model>>,
    face: RefCell<Face>,
    web: Option<Server>,
    feed: Option<Feed>,
    playing: RefCell<Playing>,
    over: Cell<bool>,
}

/// What shows it on standard error.
#[derive(Debug)]
enum Face {
    Quiet,
    Plain(Plain),
    /// What is said meanwhile is said again when the view is gone.
    Terminal {
        view: View,
        lines: Plain,
        said: Vec<String>,
    },
}

/// Where the scenario that runs is.
#[derive(Debug, Default)]
struct Playing {
    loaded: bool,
    newest: Option<Live>,
}

impl Screen {
    /// Shows on standard error what `wish` says, and on the page behind `door`, and logs into `dir`.
    pub fn new(dir: &Path, wish: &Wish, door: Option<Door>, mut run: RunBegan) -> io::Result<Self> {
        let log = RefCell::new(File::create(dir.join(LOG))?);
        let (began, model) = (clock::now(), Arc::new(Mutex::new(Model::default())));
        run.web = door.as_ref().map(Door::url);
        let web = door.map(Server::start).transpose()?;
        let screen = Self {
            log,
            began,
            entries: Cell::default(),
            face: RefCell::new(Face::Quiet),
            model: model.clone(),
            web,
            feed: None,
            playing: RefCell::default(),
            over: Cell::default(),
        };
        screen.happens(Event::RunBegan(run));
        *screen.face.borrow_mut() = Face::new(wish, model, began);
        Ok(screen)
    }

    /// Tells `feed`, too, what the run sets out to do and what happens from here on.
    #[must_use]
    pub fn feeding(mut self, feed: Option<Feed>) -> Self {
        if let (Some(feed), Ok(model)) = (&feed, self.model.lock()) {
            feed.begin(&model.run);
        }
        self.feed = feed;
        self
    }

    /// Says a sentence. What a target said may be in it: nothing of that controls a terminal or a workflow.
    pub fn say(&self, text: &str) {
        let text = tame(text);
        self.note(&text);
        self.happens(Event::Said { text });
    }

    /// Writes a sentence to the log only. A full disk is no reason to stop: the report will say so.
    fn note(&self, text: &str) {
        let at = DateTime::<Utc>::from(clock::wall()).to_rfc3339_opts(SecondsFormat::Millis, true);
        let _ = writeln!(self.log.borrow_mut(), "{at} {text}");
    }

    /// A scenario with these goals begins; one without goals is a baseline.
    pub fn begin(&self, planned: Planned, goals: &[Goal]) {
        self.note(&plain::began(&planned));
        self.playing.take();
        self.happens(Event::ScenarioBegan(ScenarioBegan::new(planned, goals)));
    }

    /// How it stands. Said whenever a second is over: when data of the next one come.
    pub fn update(&self, live: &Live) {
        let mut playing = self.playing.borrow_mut();
        if !playing.loaded {
            playing.loaded = true;
            self.happens(Event::LoadBegan);
        }
        match &playing.newest {
            Some(newest) if newest == live => return,
            Some(newest) if newest.second < live.second => self.second(newest),
            _ => {}
        }
        playing.newest = Some(live.clone());
    }

    fn second(&self, live: &Live) {
        // Before any data there is nothing to show.
        if live.second >= 0 && live.requests > 0 {
            self.happens(Event::Second { live: Box::new(live.clone()) });
        }
    }

    /// A scenario is over; `stopped` when the target met a condition that ended it.
    pub fn end(&self, run: &ScenarioRun, stopped: bool) {
        if let Some(newest) = self.playing.take().newest {
            self.second(&newest);
        }
        let (requests, failed) = run.requests();
        let verdict =
            (!run.goals.is_empty()).then(|| report::verdict_word(&verdict::judge(run), stopped).to_owned());
        let seconds = run.duration.as_secs_f64();
        let ended = ScenarioEnded { name: run.name.clone(), seconds, requests, failed, verdict };
        self.note(&plain::ended(&ended));
        if let Some(feed) = &self.feed {
            feed.settle(run);
        }
        self.happens(Event::ScenarioEnded(ended));
    }

    /// The run is over, and this is what came of it.
    pub fn finish(self, answer: &str, reports: &Path) {
        self.over.set(true);
        let reports = Some(reports.display().to_string());
        self.happens(Event::RunEnded(RunEnded { answer: answer.to_owned(), reports }));
    }

    /// What happens goes to every view.
    fn happens(&self, event: Event) {
        self.entries.set(self.entries.get() + 1);
        let at_ms = (clock::now() - self.began).as_millis() as u64;
        let entry = Entry { id: self.entries.get(), at_ms, event };
        let model = {
            let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
            model.apply(&entry);
            model.clone()
        };
        self.face.borrow_mut().show(&entry, &model);
        if let Some(feed) = &self.feed {
            feed.apply(&entry);
        }
        if let Some(web) = &self.web {
            web.tell(&entry);
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if !self.over.get() {
            let answer = "the run broke off".to_owned();
            self.happens(Event::RunEnded(RunEnded { answer, reports: None }));
        }
        self.face.get_mut().give_up();
    }
}

impl Face {
    fn new(wish: &Wish, model: Arc<Mutex<Model>>, began: clock::Instant) -> Self {
        if wish.quiet {
            return Self::Quiet;
        }
        let wanted = !wish.plain && io::stderr().is_terminal() && !in_ci();
        if !wanted || !terminal::fits(std::env::var("TERM").ok().as_deref(), size()) {
            return Self::Plain(Plain::default());
        }
        match View::open(&wish.curtain, model, began) {
            Ok(view) => Self::Terminal { view, lines: Plain::default(), said: Vec::new() },
            Err(_) => Self::Plain(Plain::default()),
        }
    }

    fn show(&mut self, entry: &Entry, model: &Model) {
        match self {
            Self::Quiet => {}
            Self::Plain(lines) => {
                if let Some(line) = lines.line(entry, model) {
                    eprintln!("{line}");
                }
            }
            Self::Terminal { view, lines, said } => {
                let line = lines.line(entry, model);
                // How a scenario stood meanwhile is not worth saying again.
                said.extend(line.filter(|_| !matches!(entry.event, Event::Second { .. })));
                if !view.is_open() {
                    self.give_up();
                }
            }
        }
    }

    /// The view is gone: what was said meanwhile is said again, and plain lines follow.
    fn give_up(&mut self) {
        match std::mem::replace(self, Self::Quiet) {
            Self::Terminal { view, lines, said } => {
                drop(view);
                for line in said {
                    eprintln!("{line}");
                }
                *self = Self::Plain(lines);
            }
            other => *self = other,
        }
    }
}

/// Whether a machine watches, as its usual sign says.
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|ci| !ci.is_empty() && ci != "false")
}
