//! Everything that is told of a run, as the suite holds it.

use std::{io, time::Duration};

use super::{
    Feed, Wish,
    prometheus::{Door, NoPlace, Server},
    remote_write::{Account, Destination, Writer},
    sentry::{self, About, Reporter},
};
use crate::{http::TlsError, options::Options, run::Measured};

/// How long what is left to tell may take in the end, all outlets together.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same after Ctrl-C: the report comes within three seconds.
const PATIENCE_WHEN_INTERRUPTED: Duration = Duration::from_millis(300);

/// Why a run cannot be told of as asked.
#[derive(Debug, thiserror::Error)]
pub enum OutletError {
    /// The place for metrics cannot be had.
    #[error(transparent)]
    Place(#[from] NoPlace),
    /// There is no TLS to reach a receiver with.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no client to reach it with.
    #[error("a receiver of what is told cannot be reached: {0}")]
    Client(String),
    /// The system refuses a thread or a runtime.
    #[error("{0}")]
    System(#[from] io::Error),
}

/// What is told of a run; nothing where nothing was asked for.
#[derive(Debug, Default)]
pub struct Outlets {
    wish: Wish,
    door: Option<Door>,
    feed: Option<Feed>,
    server: Option<Server>,
    writer: Option<Writer>,
    reporter: Option<Reporter>,
}

impl Outlets {
    /// Takes what has to be taken before anything else is done, and says where it is.
    pub fn open(wish: &Wish) -> Result<Self, OutletError> {
        let door = wish.metrics.map(super::prometheus::Place::open).transpose()?;
        if let Some(door) = &door {
            eprintln!("metrics at {}", door.url());
        }
        let fed = door.is_some() || wish.remote_write.is_some();
        Ok(Self { wish: wish.clone(), door, feed: fed.then(Feed::default), ..Self::default() })
    }

    /// What the suite tells how it gets on, where anybody wants to know.
    pub fn feed(&self) -> Option<Feed> {
        self.feed.clone()
    }

    /// This run begins; `nonce` is its own.
    pub fn begin(&mut self, run: &str, nonce: &str, options: &Options) -> Result<(), OutletError> {
        let feed = self.feed.clone().unwrap_or_default();
        self.server = self.door.take().map(|door| Server::start(door, feed.clone())).transpose()?;
        let write = |to: &Destination| Writer::start(to, feed, run);
        self.writer = self.wish.remote_write.as_ref().map(write).transpose()?;
        let report = |wish: &sentry::Wish| {
            Reporter::start(wish, About::new(run, nonce, options.target.name(), options.preset))
        };
        self.reporter = self.wish.sentry.as_ref().map(report).transpose()?;
        Ok(())
    }

    /// A scenario is over.
    pub fn scenario(&self, measured: &Measured) {
        if let Some(reporter) = &self.reporter {
            reporter.scenario(measured);
        }
    }

    /// Nothing more is to be told: waits, within bounds, for what is on its way, and says what was not told. Metrics can
    /// be read until this is dropped.
    pub fn end(&mut self, interrupted: bool) -> Vec<String> {
        let within = if interrupted { PATIENCE_WHEN_INTERRUPTED } else { PATIENCE };
        let (writer, reporter) = (self.writer.take(), self.reporter.take());
        std::thread::scope(|scope| {
            let writing = writer.map(|writer| scope.spawn(move || Account::note(writer.end(within))));
            let told = reporter.and_then(|reporter| reporter.end(within));
            let written = writing.and_then(|writing| writing.join().ok()).flatten();
            written.into_iter().chain(told).collect()
        })
    }
}
