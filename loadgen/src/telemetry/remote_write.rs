//! Metrics, sent every few seconds: Prometheus's remote write 1.0. For runs that are over before anybody comes to read.
//!
//! It happens on a thread of its own. What the receiver does not take waits its turn, within bounds; what it refuses is
//! given up. In the end series are marked as stale, so that nobody takes the last value for the present one.
//!
//! Source: <https://prometheus.io/docs/specs/prw/remote_write_spec/>

mod message;
mod post;
mod queue;
mod series;

use std::{sync::mpsc, thread, time::Duration};

use engine::clock;
use tokio::sync::oneshot;

pub use message::{Label, Sample, TimeSeries, WriteRequest};
pub use post::{Credentials, Destination, NoDestination};
pub use series::Writing;

use super::{Feed, OutletError};
use post::Post;
use queue::Queue;

/// From one write to the next.
const EVERY: Duration = Duration::from_secs(5);

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Writes that were taken.
    pub taken: u64,
    /// Writes that were not, and never will be.
    pub lost: u64,
    /// Why not, of the newest.
    pub why: Option<String>,
}

/// Metrics on their way.
#[derive(Debug)]
pub struct Writer {
    stop: oneshot::Sender<Duration>,
    done: mpsc::Receiver<Account>,
}

impl Writer {
    /// Writes what `feed` says to `to`, of a run of this name.
    pub fn start(to: &Destination, feed: Feed, run: &str) -> Result<Self, OutletError> {
        let post = Post::new(to)?;
        let writing = Writing::new(run);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let (tell, done) = mpsc::channel();
        let work = move || {
            let account = runtime.block_on(write(&post, &feed, writing, stopped));
            // Whoever would hear of it did not wait.
            let _ = tell.send(account);
        };
        thread::Builder::new().name("remote write".into()).spawn(work)?;
        Ok(Self { stop, done })
    }

    /// Writes how it all ended; none when that took longer than `within`.
    pub fn end(self, within: Duration) -> Option<Account> {
        // The thread is gone only when it has panicked, and then there is no account either.
        let _ = self.stop.send(within);
        self.done.recv_timeout(within.saturating_add(Duration::from_millis(250))).ok()
    }
}

impl Account {
    /// What a report should say of it; nothing when all was taken.
    pub fn note(account: Option<Self>) -> Option<String> {
        let Some(Self { taken, lost, why }) = account else {
            return Some(
                "The receiver of metrics (remote write) did not take the last of them in time.".into(),
            );
        };
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        (lost > 0).then(|| {
            format!("Of {} writes of metrics (remote write), {lost} were not taken{why}.", taken + lost)
        })
    }
}

/// Takes samples until it is told to stop, and sends them meanwhile; then it sends what is left.
async fn write(
    post: &Post,
    feed: &Feed,
    mut writing: Writing,
    stopped: oneshot::Receiver<Duration>,
) -> Account {
    let queue = Queue::default();
    let sampling = async {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.tick().await;
        queue.push(writing.body(&feed.families(), clock::wall()));
        let mut stopped = stopped;
        let within = loop {
            tokio::select! {
                biased;
                within = &mut stopped => break within.unwrap_or_default(),
                _ = ticks.tick() => queue.push(writing.body(&feed.families(), clock::wall())),
            }
        };
        let now = clock::wall();
        queue.push(writing.body(&feed.families(), now));
        queue.push(writing.stale(now));
        queue.close();
        within
    };
    let sending = async {
        while let Some(body) = queue.next().await {
            match post.deliver(body).await {
                Ok(()) => queue.taken(),
                Err(why) => queue.lost(why),
            }
        }
    };
    tokio::pin!(sending);
    let within = tokio::select! {
        biased;
        within = sampling => within,
        () = sending.as_mut() => Duration::ZERO,
    };
    if tokio::time::timeout(within, sending).await.is_err() {
        queue.give_up();
    }
    queue.account()
}
