//! The thread that tells a collector, and the queue before it.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc as threads,
    },
    thread,
    time::Duration,
};

use engine::clock::{self, Instant};
use opentelemetry_proto::tonic::{metrics::v1::Metric, trace::v1::Span};
use tokio::sync::{mpsc, oneshot};

use super::{About, Scenario, Told, Wish, encode, post::Poster};
use crate::telemetry::traces::Seen;

/// What may wait to be told.
const QUEUE: usize = 8_192;
/// The most that is told at once.
const TOGETHER: usize = 512;
/// How long one waits for others to be told together with.
const GATHERING: Duration = Duration::from_millis(500);
/// How long the thread may take to say that it is over, once its time is up.
const GRACE: Duration = Duration::from_millis(500);

/// Something to tell.
pub(super) enum Item {
    Request(Arc<Scenario>, Arc<Seen>),
    Scenario(Arc<Scenario>, Box<Span>),
    Metrics(Arc<Scenario>, Vec<Metric>),
}

/// Tells a collector until it is ended.
#[derive(Debug)]
pub(crate) struct Exporter {
    wish: Wish,
    about: About,
    queue: mpsc::Sender<Item>,
    missed: Arc<Missed>,
    last_call: oneshot::Sender<Instant>,
    ended: threads::Receiver<Told>,
}

/// What found the queue full.
#[derive(Debug, Default)]
struct Missed {
    spans: AtomicU64,
    readings: AtomicU64,
}

/// The way to a collector. Nobody ever waits at it.
#[derive(Debug, Clone)]
pub(crate) struct Outlet {
    /// Weak: what is held too long keeps nothing open.
    queue: mpsc::WeakSender<Item>,
    missed: Arc<Missed>,
    metrics: bool,
}

/// Why nothing can be told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    #[error("{0}")]
    Client(#[from] super::post::PosterError),
    #[error("its thread cannot be started ({0})")]
    Thread(#[from] io::Error),
}

impl Exporter {
    /// Begins, whether there is a collector or not: that shows when there is something to tell.
    pub(crate) fn begin(wish: &Wish, about: About) -> Result<Self, BeginError> {
        let poster = Poster::new(wish, about.clone())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (last_call, called) = oneshot::channel();
        let (tell, ended) = threads::channel();
        thread::Builder::new().name("otlp".to_owned()).spawn(move || {
            // Whoever asked may have gone.
            let _ = tell.send(runtime.block_on(told(poster, waiting, called)));
        })?;
        Ok(Self { wish: wish.clone(), about, queue, missed: Arc::default(), last_call, ended })
    }

    /// The way to it.
    pub(crate) fn outlet(&self) -> Outlet {
        let queue = self.queue.downgrade();
        Outlet { queue, missed: self.missed.clone(), metrics: self.wish.metrics }
    }

    /// What it was begun with.
    pub(crate) fn begun_with(&self) -> (&Wish, &About) {
        (&self.wish, &self.about)
    }

    /// Tells what is still waiting, for at most so long, and says what became of all.
    pub(crate) fn end(self, within: Duration) -> Told {
        drop(self.queue);
        let _ = self.last_call.send(clock::now() + within);
        let ended = self.ended.recv_timeout(within + GRACE);
        let mut told = ended.unwrap_or_else(|_| Told {
            at: self.wish.shown(),
            trouble: Some("its thread did not end, so how much got there is not known".to_owned()),
            ..Told::default()
        });
        told.dropped = self.missed.spans.load(Relaxed);
        told.readings_lost += self.missed.readings.load(Relaxed);
        told
    }
}

impl Outlet {
    /// Whether metrics are wanted.
    pub(crate) fn metrics(&self) -> bool {
        self.metrics
    }

    /// Tells of a request.
    pub(crate) fn request(&self, of: &Arc<Scenario>, seen: Arc<Seen>) {
        self.tell(Item::Request(of.clone(), seen));
    }

    /// Tells of a scenario that is over.
    pub(crate) fn scenario(&self, of: &Arc<Scenario>, requests: (u64, u64), began: Instant, ended: Instant) {
        let span = encode::scenario(of, requests, began, ended);
        self.tell(Item::Scenario(of.clone(), Box::new(span)));
    }

    /// Tells what was counted so far.
    pub(crate) fn metrics_of(&self, of: &Arc<Scenario>, metrics: Vec<Metric>) {
        self.tell(Item::Metrics(of.clone(), metrics));
    }

    fn tell(&self, item: Item) {
        let refused = match self.queue.upgrade() {
            Some(queue) => queue.try_send(item).err().map(mpsc::error::TrySendError::into_inner),
            None => Some(item),
        };
        match refused {
            None => {}
            Some(Item::Metrics(..)) => drop(self.missed.readings.fetch_add(1, Relaxed)),
            Some(spans) => drop(self.missed.spans.fetch_add(encode::spans_in(&spans), Relaxed)),
        }
    }
}

/// The thread's whole life.
async fn told(poster: Poster, mut queue: mpsc::Receiver<Item>, called: oneshot::Receiver<Instant>) -> Told {
    let mut telling = Telling { told: Told { at: poster.shown(), ..Told::default() }, under_way: Vec::new() };
    let time_is_up = async {
        match called.await {
            Ok(at) => clock::sleep_until(at).await,
            // Whoever would have ended it has gone without a word: the queue closes, too.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = telling.all(&poster, &mut queue) => return telling.told,
        () = time_is_up => {}
    }
    let mut left = std::mem::take(&mut telling.under_way);
    while let Ok(item) = queue.try_recv() {
        left.push(item);
    }
    telling.told.lose(&left, "the time for the rest was up at the end of the run");
    telling.told
}

struct Telling {
    told: Told,
    under_way: Vec<Item>,
}

impl Telling {
    /// Tells all that comes, until nothing can come any more.
    async fn all(&mut self, poster: &Poster, queue: &mut mpsc::Receiver<Item>) {
        while queue.recv_many(&mut self.under_way, TOGETHER).await > 0 {
            let until = clock::now() + GATHERING;
            while self.under_way.len() < TOGETHER {
                let room = TOGETHER - self.under_way.len();
                let more = tokio::time::timeout_at(until, queue.recv_many(&mut self.under_way, room)).await;
                if matches!(more, Ok(0) | Err(_)) {
                    break;
                }
            }
            poster.tell(&self.under_way, &mut self.told).await;
            self.under_way.clear();
        }
    }
}

impl Told {
    fn lose(&mut self, items: &[Item], why: &str) {
        if items.is_empty() {
            return;
        }
        self.lost += items.iter().map(encode::spans_in).sum::<u64>();
        self.readings_lost += items.iter().filter(|item| matches!(item, Item::Metrics(..))).count() as u64;
        self.trouble = Some(why.to_owned());
    }
}
