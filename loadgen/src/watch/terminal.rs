//! The terminal view: drawn four times a second from what the model says, on a thread of its own, so that a
//! terminal that stands still holds nobody back.
//!
//! The keyboard stays as it is (no raw mode): Ctrl-C is a signal, and goes the same way as without a view.

mod curtain;
mod draw;
mod figures;
mod tables;

use std::{
    io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use engine::clock;
use ratatui::{Terminal, backend::CrosstermBackend};

pub use curtain::Curtain;
pub use draw::draw;

use super::model::Model;

/// From one picture to the next.
const EVERY: Duration = Duration::from_millis(250);
/// Fewer columns or rows than these cannot hold the view.
const SMALLEST: (u16, u16) = (60, 18);

/// The view, while it is there.
#[derive(Debug)]
pub(super) struct View {
    curtain: Curtain,
    ended: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

/// Whether a terminal of this kind and size can show the view.
pub fn fits(term: Option<&str>, size: io::Result<(u16, u16)>) -> bool {
    let able = term.is_some_and(|term| !term.is_empty() && term != "dumb");
    able && size.is_ok_and(|(columns, rows)| columns >= SMALLEST.0 && rows >= SMALLEST.1)
}

impl View {
    /// Opens it on standard error. Fails where standard error is no terminal of ours to draw on.
    pub(super) fn open(
        curtain: &Curtain,
        model: Arc<Mutex<Model>>,
        began: clock::Instant,
    ) -> io::Result<Self> {
        curtain.open()?;
        let ended = Arc::new((Mutex::new(false), Condvar::new()));
        let mut view = Self { curtain: curtain.clone(), ended: ended.clone(), thread: None };
        let curtain = curtain.clone();
        let drawing = move || {
            curtain.fall_on_panic();
            let closing = Closing(curtain);
            // A terminal that cannot be drawn on any more has had its view: plain lines follow.
            let _ = draw_on(&closing.0, &model, began, &ended);
        };
        // Where no thread is to be had, dropping the view closes the curtain.
        view.thread = Some(thread::Builder::new().name("terminal".into()).spawn(drawing)?);
        Ok(view)
    }

    /// Whether it is still to be seen.
    pub(super) fn is_open(&self) -> bool {
        self.curtain.is_open()
    }
}

/// Closes the curtain when its thread ends, be it by a panic.
struct Closing(Curtain);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Drop for View {
    fn drop(&mut self) {
        *self.ended.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended.1.notify_all();
        if let Some(thread) = self.thread.take() {
            // It panicked: its message is out, and the curtain is closed below.
            let _ = thread.join();
        }
        self.curtain.close();
    }
}

fn draw_on(
    curtain: &Curtain,
    model: &Mutex<Model>,
    began: clock::Instant,
    ended: &(Mutex<bool>, Condvar),
) -> io::Result<()> {
    let mut terminal = Terminal::new(CrosstermBackend::new(io::stderr()))?;
    loop {
        // Drawn from a copy: whoever tells what happens does not wait for a terminal.
        let now = model.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let now_ms = (clock::now() - began).as_millis() as u64;
        let drawn = curtain.while_open(|| terminal.draw(|frame| draw(frame, &now, now_ms)).map(drop));
        match drawn {
            Some(drawn) => drawn?,
            None => return Ok(()),
        }
        let over = ended.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = ended.1.wait_timeout_while(over, EVERY, |over| !*over);
        if *waited.unwrap_or_else(PoisonError::into_inner).0 {
            return Ok(());
        }
    }
}
