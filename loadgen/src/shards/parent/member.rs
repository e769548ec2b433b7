//! One child, as the parent knows it.

use std::{
    io::{self, BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc,
    thread,
};

use engine::{
    clock,
    record::{Live, Newest},
    run::ScenarioRun,
};

use super::{
    super::{
        order::Order,
        protocol::{self, Said, Told},
    },
    Heard,
};
use crate::telemetry::{otlp, traces::Account};

/// How far a child has come.
#[derive(Debug)]
pub(super) enum State {
    Preparing,
    Ready,
    Playing,
    Done(Box<ScenarioRun>),
    /// It has ended early or was given up, and why.
    Lost(String),
}

/// One of the processes. Dropped, it ends.
#[derive(Debug)]
pub(super) struct Member {
    child: Child,
    to: ChildStdin,
    pub(super) state: State,
    pub(super) live: Live,
    pub(super) heard_at: clock::Instant,
    traced: (Account, Option<otlp::Told>),
}

impl Member {
    /// Starts a process and gives it its order. What it says is passed on under `place`.
    pub(super) fn start(
        program: &Path,
        order: &Order,
        place: usize,
        hear: mpsc::Sender<(usize, Heard)>,
    ) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg("shard")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C on a terminal goes to the parent's group: the parent says what comes of it.
            .process_group(0)
            .spawn()?;
        let from = child.stdout.take();
        let to = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut member = Self {
            child,
            to,
            state: State::Preparing,
            live: Live::default(),
            heard_at: clock::now(),
            traced: Default::default(),
        };
        if let Some(from) = from {
            thread::Builder::new()
                .name(format!("shard-{place}"))
                .spawn(move || listen(from, place, &hear))?;
        }
        member.send(order);
        Ok(member)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn playing(&self) -> bool {
        matches!(self.state, State::Playing)
    }

    /// Starts what is ready.
    pub(super) fn play(&mut self, start: Told) {
        self.heard_at = clock::now();
        self.tell(start);
        self.state = match std::mem::replace(&mut self.state, State::Playing) {
            State::Ready => State::Playing,
            other => other,
        };
    }

    pub(super) fn tell(&mut self, told: Told) {
        self.send(&told);
    }

    /// A child that cannot be told has gone, and its output says so.
    fn send(&mut self, message: &impl serde::Serialize) {
        let _ = protocol::write(&mut self.to, message);
    }

    pub(super) fn hear(&mut self, heard: Heard) {
        self.heard_at = clock::now();
        match (heard, &self.state) {
            // What is said after the end changes nothing.
            (_, State::Done(_) | State::Lost(_)) => {}
            (Heard::Said(Said::Ready), _) => self.state = State::Ready,
            (Heard::Said(Said::Live(live)), _) => self.live = *live,
            (Heard::Said(Said::Traced(account, told)), _) => self.traced = (*account, told),
            (Heard::Said(Said::Done(run)), _) => self.end(State::Done(run)),
            (Heard::Said(Said::Refused(why)), _) => self.end(State::Lost(why)),
            (Heard::Garbled(why), _) => self.give_up(&format!("said what is no message ({why})")),
            (Heard::Gone, _) => {
                let ended = self.child.wait().map_or_else(|e| e.to_string(), |status| status.to_string());
                self.end(State::Lost(format!("ended early ({ended})")));
            }
        }
    }

    /// Ends it, for this reason.
    pub(super) fn give_up(&mut self, why: &str) {
        self.end(State::Lost(why.to_owned()));
        // One that has ended already needs no killing.
        let _ = self.child.kill();
    }

    /// It does nothing any more: what it was doing in its last second must not be shown, or stop anything, for ever.
    fn end(&mut self, state: State) {
        self.state = state;
        let live = &mut self.live;
        (live.users, live.newest, live.done) = (0, Newest::default(), Newest::default());
        (live.lateness_p99, live.cores) = (None, None);
        live.series.iter_mut().for_each(|series| series.newest = Newest::default());
    }

    /// What it traced, and what it told a collector.
    pub(super) fn traced(&mut self) -> (Account, Option<otlp::Told>) {
        std::mem::take(&mut self.traced)
    }

    /// What has become of it.
    pub(super) fn take(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Lost("was asked twice".to_owned()))
    }
}

impl Drop for Member {
    /// Nothing it could still say is wanted: it ends, and leaves no zombie.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes on what a child says, until it says no more.
fn listen(from: impl Read, place: usize, hear: &mpsc::Sender<(usize, Heard)>) {
    for line in BufReader::new(from).lines() {
        let heard = match line {
            Ok(line) => protocol::read(&line).map_or_else(Heard::Garbled, Heard::Said),
            Err(e) => Heard::Garbled(e.to_string()),
        };
        if hear.send((place, heard)).is_err() {
            return;
        }
    }
    let _ = hear.send((place, Heard::Gone));
}
