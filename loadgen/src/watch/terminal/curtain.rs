//! The terminal's other screen: put up, and taken down again whatever happens.

use std::{
    io::{self, IsTerminal, Write},
    panic,
    sync::{Arc, Mutex, PoisonError, TryLockError},
    thread,
};

use ratatui::crossterm::{
    QueueableCommand, cursor,
    terminal::{EnterAlternateScreen, LeaveAlternateScreen},
};
use rustix::termios::{self, LocalModes, OptionalActions, Termios};

/// Stands between the terminal and what is drawn on it. Clones are the same curtain: whoever leaves last
/// closes it, most of all a `main` that leaves the thread of a suite behind (a second Ctrl-C).
#[derive(Clone, Debug, Default)]
pub struct Curtain(Arc<Mutex<Stage>>);

#[derive(Debug, Default)]
enum Stage {
    /// Nothing is drawn, or nothing any more.
    #[default]
    Closed,
    /// The other screen is shown. How the terminal was before, where it could be told.
    Open(Option<Box<Termios>>),
}

impl Curtain {
    /// Shows the other screen on standard error, and no echo of what is typed. Ctrl-C stays a signal.
    pub(super) fn open(&self) -> io::Result<()> {
        let stderr = io::stderr();
        // A job in the background must not touch the terminal: it would be stopped.
        if !stderr.is_terminal() || termios::tcgetpgrp(&stderr)? != rustix::process::getpgrp() {
            return Err(io::Error::other("standard error is no terminal, or somebody else's"));
        }
        let mut stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = termios::tcgetattr(&stderr).ok();
        if let Some(mut quiet) = before.clone() {
            quiet.local_modes.remove(LocalModes::ECHO);
            termios::tcsetattr(&stderr, OptionalActions::Now, &quiet)?;
        }
        *stage = Stage::Open(before.map(Box::new));
        let mut stderr = stderr.lock();
        stderr.queue(EnterAlternateScreen)?.queue(cursor::Hide)?;
        stderr.flush()
    }

    /// Whether the other screen is shown.
    pub fn is_open(&self) -> bool {
        matches!(*self.0.lock().unwrap_or_else(PoisonError::into_inner), Stage::Open(_))
    }

    /// Does something to the screen while it is shown; nothing, and None, when it is not.
    pub(super) fn while_open<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(*stage, Stage::Open(_)).then(work)
    }

    /// Gives the terminal back as it was. Closing twice is closing once.
    pub fn close(&self) {
        lower(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// From now on whoever panics closes the curtain first, so that what the panic says is to be read. Call
    /// it from the thread that draws.
    pub(super) fn fall_on_panic(&self) {
        let (stage, drawing) = (Arc::downgrade(&self.0), thread::current().id());
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            if let Some(stage) = stage.upgrade() {
                match stage.try_lock() {
                    Ok(mut stage) => lower(&mut stage),
                    Err(TryLockError::Poisoned(stage)) => lower(&mut stage.into_inner()),
                    // Whoever draws, and panics in the middle of it, holds the lock: its thread's end closes.
                    Err(TryLockError::WouldBlock) if thread::current().id() == drawing => {}
                    Err(TryLockError::WouldBlock) => {
                        lower(&mut stage.lock().unwrap_or_else(PoisonError::into_inner));
                    }
                }
            }
            before(what);
        }));
    }
}

/// A terminal that is gone cannot be given back.
fn lower(stage: &mut Stage) {
    if let Stage::Open(before) = std::mem::take(stage) {
        let mut stderr = io::stderr().lock();
        let queued =
            stderr.queue(LeaveAlternateScreen).and_then(|stderr| stderr.queue(cursor::Show)).map(drop);
        drop(queued.and_then(|()| stderr.flush()));
        if let Some(before) = before {
            let _ = termios::tcsetattr(&stderr, OptionalActions::Now, &before);
        }
    }
}
