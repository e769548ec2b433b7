//! The browser on a thread of its own: what it tells must not keep the load's workers waiting.

mod keeper;

use std::{
    sync::{Mutex, PoisonError, mpsc::RecvTimeoutError},
    thread,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::LocalSet,
};

use self::keeper::Keeper;
use super::{Order, Source, Trouble, cdp, process};
use crate::run::{Film, PageView};

/// How long the browser's end is waited for: a little longer than its thread waits for the browser's processes.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// Where a browser may go, and whom it trusts there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grounds {
    /// Hosts it may ask, each with the address it was found at; it finds no other. This process's canary is among them
    /// without being named.
    pub hosts: Vec<(String, std::net::IpAddr)>,
    /// Whether certificates are taken as they come: for a target whose certificates only this run trusts, and which was
    /// asked over TLS, verified, at the same addresses before.
    pub own_roots: bool,
}

/// A browser that visits. Dropped, it ends the browser it started and removes its profile, for which it waits: not on
/// a worker, then.
#[derive(Debug)]
pub struct Fleet {
    known: Known,
    /// `None` once it is dropped: nothing more is asked for.
    orders: Option<mpsc::UnboundedSender<Asked>>,
    /// Closes with the thread.
    ended: Mutex<std::sync::mpsc::Receiver<()>>,
}

/// What came of a visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// What was seen.
    pub view: PageView,
    /// What was filmed of it.
    pub film: Film,
    /// Whether it found what the visitor's last one had left. Asked for, it need not: a browser that was started again
    /// has nothing of it.
    pub returned: bool,
}

/// What is known once the browser is there.
#[derive(Debug, Clone)]
struct Known {
    product: String,
    canary_url: String,
}

/// How long a browser is waited for.
#[derive(Debug, Clone, Copy)]
struct Limits {
    start: Duration,
    answer: Duration,
}

/// A visit that somebody waits for.
#[derive(Debug)]
struct Asked {
    order: Order,
    answer: oneshot::Sender<Result<Opened, Trouble>>,
}

impl Fleet {
    /// Starts a browser, or attaches to the one that runs.
    pub async fn start(source: &Source, grounds: Grounds) -> Result<Self, Trouble> {
        let limits = Limits { start: process::STARTS_WITHIN, answer: cdp::ANSWERS_WITHIN };
        Self::start_within(source, grounds, limits).await
    }

    async fn start_within(source: &Source, grounds: Grounds, limits: Limits) -> Result<Self, Trouble> {
        let (orders, asked) = mpsc::unbounded_channel();
        let (start, started) = oneshot::channel();
        let (ends, ended) = std::sync::mpsc::channel();
        let source = source.clone();
        let lives = move || {
            let _ends: std::sync::mpsc::Sender<()> = ends;
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => {
                    LocalSet::new().block_on(&runtime, live(source, grounds, limits, start, asked));
                }
                Err(why) => drop(start.send(Err(Trouble::Machine(why.to_string())))),
            }
        };
        thread::Builder::new()
            .name("browser".into())
            .spawn(lives)
            .map_err(|why| Trouble::Machine(why.to_string()))?;
        let known = started.await.unwrap_or_else(|_| Err(thread_ended()))?;
        Ok(Self { known, orders: Some(orders), ended: Mutex::new(ended) })
    }

    /// What the browser says it is: `Chrome/156.0.8078.73`.
    pub fn product(&self) -> &str {
        &self.known.product
    }

    /// The canary's page, which this process serves on loopback.
    pub fn canary_url(&self) -> &str {
        &self.known.canary_url
    }

    /// One visit. A browser that is gone is started again first, a few times at most. Dropped, the visit is given up
    /// and its tab closed.
    pub async fn open(&self, order: Order) -> Result<Opened, Trouble> {
        let (answer, answered) = oneshot::channel();
        let asked = Asked { order, answer };
        let taken = self.orders.as_ref().is_some_and(|orders| orders.send(asked).is_ok());
        if !taken {
            return Err(thread_ended());
        }
        answered.await.unwrap_or_else(|_| Err(thread_ended()))
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        drop(self.orders.take());
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Nothing is ever sent: it closes, or time is up and the browser's end goes on without anybody waiting.
        let (Ok(()) | Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout)) =
            ended.recv_timeout(ENDS_WITHIN);
    }
}

fn thread_ended() -> Trouble {
    Trouble::Gone("its thread has ended".to_owned())
}

/// The thread's work: a browser, its visits side by side, its end.
async fn live(
    source: Source,
    grounds: Grounds,
    limits: Limits,
    mut start: oneshot::Sender<Result<Known, Trouble>>,
    asked: mpsc::UnboundedReceiver<Asked>,
) {
    let started = tokio::select! {
        started = Keeper::start(source, grounds, limits) => started,
        // Nobody wants it any more.
        () = start.closed() => return,
    };
    let (keeper, known) = match started {
        Ok(started) => started,
        Err(trouble) => return drop(start.send(Err(trouble))),
    };
    if start.send(Ok(known)).is_ok() {
        keeper.clone().serve(asked).await;
    }
    keeper.end().await;
}

#[cfg(test)]
mod tests;
