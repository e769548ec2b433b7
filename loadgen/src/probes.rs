//! Reads the target's side while a run goes on: metrics in Prometheus' format, a Postgres, a Redis. What it reads
//! becomes [`Evidence`](crate::run::Evidence); nothing here judges.
//!
//! Readings have a thread of their own, so that no worker waits for them, and change nothing where they are taken.

mod address;
mod clock;
mod fetch;
mod metrics;
mod postgres;
mod prometheus;
mod redis;
mod series;
mod source;

use std::{path::PathBuf, sync::Arc, thread, time::Duration};

use tokio::{
    sync::{oneshot, watch},
    task::{LocalSet, spawn_local},
};

pub use self::{
    address::{Misplaced, Page, PostgresAddress, RedisAddress},
    prometheus::{BadQuery, Query},
};
use self::{
    metrics::Metrics,
    postgres::Postgres,
    prometheus::Prometheus,
    redis::Redis,
    source::{End, First, attend, unread},
};
use crate::{
    run::{Evidence, Source, SourceKind},
    target::Target,
};

/// Time between readings, unless another is asked for.
pub const USUAL: Duration = Duration::from_secs(1);
/// The least time between readings: more often, they would be load.
pub const LEAST: Duration = Duration::from_millis(200);
/// How long the last questions may take, and how long after an interruption: its report comes within three seconds.
const LAST_QUESTIONS: Duration = Duration::from_secs(12);
const LAST_QUESTIONS_WHEN_INTERRUPTED: Duration = Duration::from_secs(1);

/// What is to be read beside the load; nothing unless it is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Where, in the order they were named.
    pub places: Vec<Place>,
    /// Read the metrics of a mock that is the target, too.
    pub of_mock: bool,
    /// Time between readings; [`USUAL`] when none is said.
    pub every: Option<Duration>,
    /// Go on without places that do not answer at the start.
    pub optional: bool,
    /// Certificates to trust beside the system's, PEM.
    pub roots: Option<PathBuf>,
}

impl Wish {
    /// The metrics of a mock that is the target, and nothing else.
    pub fn of_mock() -> Self {
        Self { of_mock: true, ..Self::default() }
    }

    /// The same, with a mock's own metrics among the places if this target is one.
    #[must_use]
    pub fn beside(&self, target: &Target, is_mock: bool) -> Self {
        let mut wish = self.clone();
        if is_mock && self.of_mock {
            let servers = Arc::new(target.clone()).servers();
            let pages = servers.iter().filter_map(|server| Page::of_mock(&server.to_string()));
            let new = pages.filter(|page| !wish.places.iter().any(|known| known.reads(page)));
            wish.places.extend(new.collect::<Vec<_>>().into_iter().map(Place::Metrics));
        }
        wish
    }
}

/// One place to read.
#[derive(Debug, Clone)]
pub enum Place {
    /// Metrics in Prometheus' format.
    Metrics(Page),
    /// A Prometheus, and what to ask it.
    Prometheus(Page, Vec<Query>),
    /// A Postgres.
    Postgres(PostgresAddress),
    /// A Redis.
    Redis(RedisAddress),
}

impl Place {
    fn name(&self) -> String {
        match self {
            Self::Metrics(page) => page.name(),
            Self::Prometheus(page, _) => format!("prometheus at {}", page.name()),
            Self::Postgres(address) => address.to_string(),
            Self::Redis(address) => address.to_string(),
        }
    }

    fn is_implied(&self) -> bool {
        matches!(self, Self::Metrics(page) if page.is_implied)
    }

    fn reads(&self, page: &Page) -> bool {
        matches!(self, Self::Metrics(known) if known.url() == page.url())
    }

    fn kind(&self) -> SourceKind {
        match self {
            Self::Metrics(_) => SourceKind::Metrics,
            Self::Prometheus(..) => SourceKind::Prometheus,
            Self::Postgres(_) => SourceKind::Postgres,
            Self::Redis(_) => SourceKind::Redis,
        }
    }
}

/// A place that was to be read did not answer at the start.
#[derive(Debug, thiserror::Error)]
pub enum NotThere {
    /// It cannot be read.
    #[error("{name} cannot be read: {why}. Correct its address, or go on without it: --probe-optional")]
    Silent {
        /// Which place.
        name: String,
        /// What came instead of an answer.
        why: String,
    },
    /// There is nothing to read with.
    #[error("nothing can be read beside the load: {0}")]
    Means(String),
}

/// Readings that go on until they are ended, or dropped.
#[derive(Debug)]
pub struct Probing {
    reading: Option<Reading>,
    missed: Vec<String>,
}

#[derive(Debug)]
struct Reading {
    end: watch::Sender<Option<Duration>>,
    thread: thread::JoinHandle<Vec<Source>>,
}

impl Probing {
    /// Begins to read, and returns when every place has answered once or had its time. Nothing that fails later ends a
    /// run: it is told among the troubles of its source. Blocks; call it outside of any runtime.
    pub fn begin(wish: &Wish) -> Result<Self, NotThere> {
        if wish.places.is_empty() {
            return Ok(Self { reading: None, missed: Vec::new() });
        }
        let client = fetch::client(wish.roots.as_deref()).map_err(NotThere::Means)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| NotThere::Means(e.to_string()))?;
        let (end, ended) = watch::channel(None);
        let every = wish.every.unwrap_or(USUAL).max(LEAST);
        let (places, mut firsts) = (wish.places.clone(), Vec::new());
        let begun: Vec<(Place, First)> = places
            .into_iter()
            .map(|place| {
                let (first, heard) = oneshot::channel();
                let goes_on = wish.optional || place.is_implied();
                firsts.push((place.name(), goes_on, heard));
                (place, first)
            })
            .collect();
        let reading = move || {
            let all = begun.into_iter().map(|(place, first)| (place, first, ended.clone()));
            LocalSet::new().block_on(&runtime, read_all(all.collect(), &client, every))
        };
        let thread = thread::Builder::new().name("probes".to_owned()).spawn(reading);
        let thread = thread.map_err(|e| NotThere::Means(e.to_string()))?;
        let mut probing = Self { reading: Some(Reading { end, thread }), missed: Vec::new() };
        for (name, goes_on, heard) in firsts {
            // It is gone without a word when it panicked, which the end tells.
            let Ok(Err(why)) = heard.blocking_recv() else { continue };
            if !goes_on {
                return Err(NotThere::Silent { name, why });
            }
            probing.missed.push(format!("{name} does not answer ({why}); it is asked on meanwhile"));
        }
        Ok(probing)
    }

    /// What did not answer at the start, in sentences.
    pub fn missed(&self) -> &[String] {
        &self.missed
    }

    /// Takes the last readings, in haste when the run was interrupted; `None` when nothing was to be read.
    pub fn end(self, interrupted: bool) -> Option<Evidence> {
        let Reading { end, thread } = self.reading?;
        let patience = if interrupted { LAST_QUESTIONS_WHEN_INTERRUPTED } else { LAST_QUESTIONS };
        end.send_replace(Some(patience));
        let sources = thread.join().unwrap_or_default();
        Some(Evidence { sources })
    }
}

async fn read_all(
    places: Vec<(Place, First, End)>,
    client: &reqwest::Client,
    every: Duration,
) -> Vec<Source> {
    let attending: Vec<_> = places
        .into_iter()
        .map(|(place, first, end)| {
            let source = unread(place.name(), place.kind(), every);
            let (client, broken) = (client.clone(), source.clone());
            let attended = spawn_local(async move {
                match place {
                    Place::Metrics(page) => {
                        attend(Metrics::new(page, client), source, every, end, first).await
                    }
                    Place::Prometheus(page, queries) => {
                        let reader = Prometheus::new(page, queries, client, every);
                        attend(reader, source, prometheus::ALIVE_EVERY, end, first).await
                    }
                    Place::Postgres(address) => {
                        attend(Postgres::new(address), source, every, end, first).await
                    }
                    Place::Redis(address) => attend(Redis::new(address), source, every, end, first).await,
                }
            });
            (attended, broken)
        })
        .collect();
    let mut sources = Vec::new();
    for (attended, broken) in attending {
        let troubles = vec!["its reader broke down, which is a defect of the load generator".to_owned()];
        sources.push(attended.await.unwrap_or(Source { troubles, ..broken }));
    }
    sources
}
