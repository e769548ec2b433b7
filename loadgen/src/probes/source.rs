//! One place, asked again and again until readings end.

use std::{future::Future, time::Duration};

use engine::clock::{self, Instant};
use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};

use crate::run::{Source, SourceKind};

/// How long one reading may take.
const WITHIN: Duration = Duration::from_secs(2);
/// How many troubles of one source are kept.
const MOST_TROUBLES: usize = 8;

/// Who reads one kind of place.
pub(super) trait Reader {
    /// Takes one reading. It may be dropped in the middle.
    fn read(&mut self, notes: &mut Notes) -> impl Future<Output = Result<(), String>>;

    /// Asks what is only asked once, after the last reading. It may be dropped in the middle.
    fn close(&mut self, notes: &mut Notes) -> impl Future<Output = ()> {
        let _ = notes;
        std::future::ready(())
    }

    /// Gives what was read.
    fn fill(self, source: &mut Source);
}

/// What a reader has to say beside figures; kept in bounds, each sentence once.
#[derive(Debug, Default)]
pub(super) struct Notes {
    said: Vec<String>,
}

impl Notes {
    pub(super) fn say(&mut self, what: impl Into<String>) {
        let what = what.into();
        if self.said.len() < MOST_TROUBLES && !self.said.contains(&what) {
            self.said.push(what);
        }
    }
}

/// Says when readings end, and how long what is left to ask may take.
pub(super) type End = watch::Receiver<Option<Duration>>;

/// What becomes of a first reading.
pub(super) type First = oneshot::Sender<Result<(), String>>;

/// Asks a place every so often until the end, and then once more.
pub(super) async fn attend<R: Reader>(
    mut reader: R,
    mut source: Source,
    every: Duration,
    mut end: End,
    first: First,
) -> Source {
    let mut notes = Notes::default();
    let mut first = Some(first);
    let mut due = clock::now();
    let patience = loop {
        let outcome = one(&mut reader, &mut source, &mut notes).await;
        if let Some(first) = first.take() {
            // Nobody waits for it when readings ended meanwhile.
            let _ = first.send(outcome);
        }
        due = next(due, every);
        tokio::select! {
            biased;
            // The sender is gone when whoever wanted the readings is.
            over = end.wait_for(Option::is_some) => break over.map_or(None, |patience| *patience),
            () = clock::sleep_until(due) => {}
        }
    };
    let closing = async {
        let _ = one(&mut reader, &mut source, &mut notes).await;
        reader.close(&mut notes).await;
    };
    if timeout(patience.unwrap_or_default(), closing).await.is_err() {
        notes.say(
            "its last questions were not answered in time, so what is told of the whole run is incomplete",
        );
    }
    source.troubles = notes.said;
    reader.fill(&mut source);
    source
}

async fn one<R: Reader>(reader: &mut R, source: &mut Source, notes: &mut Notes) -> Result<(), String> {
    let outcome = timeout(WITHIN, reader.read(notes)).await;
    let outcome = outcome.unwrap_or_else(|_| Err(format!("no answer within {} s", WITHIN.as_secs())));
    match &outcome {
        Ok(()) => source.reads += 1,
        Err(why) => {
            source.failed += 1;
            notes.say(why.clone());
        }
    }
    outcome
}

/// When it is due again; what is late is left out and not made up for.
fn next(due: Instant, every: Duration) -> Instant {
    let (next, now) = (due + every, clock::now());
    if next >= now { next } else { now + every }
}

/// A source of which nothing was read yet.
pub(super) fn unread(name: String, kind: SourceKind, every: Duration) -> Source {
    Source {
        name,
        kind,
        every_ms: every.as_millis() as u64,
        reads: 0,
        failed: 0,
        troubles: Vec::new(),
        clock_ahead_ms: None,
        resources: Vec::new(),
        database: None,
        cache: None,
    }
}

#[cfg(test)]
mod tests;
