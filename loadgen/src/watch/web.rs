//! The web view: a page, and what happens as server-sent events. Source of the format:
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>
//!
//! It runs on a thread of its own and takes what it sends from a history. Whoever reads slowly falls behind in
//! there and holds nobody back; whoever comes late, or again, gets what they have not seen.

mod history;
mod serve;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::{Semaphore, watch};

pub use history::History;

use super::stream::{Entry, Event};

/// Who follows the stream at once, at most.
const FOLLOWERS: usize = 32;
/// At the end, how long those who follow have to take in the rest.
const REST: Duration = Duration::from_secs(1);

/// Where the page is to be, taken before anything else is done: an address that cannot be had is said at once.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

/// Why there can be no page.
#[derive(Debug, thiserror::Error)]
pub enum NoDoor {
    /// It would be seen by others.
    #[error(
        "{0} can be reached by others, and the page is for this machine: name a loopback address such as 127.0.0.1:8090"
    )]
    NotLoopback(SocketAddr),
    /// The system refuses.
    #[error("no page at {0}: {1}; name another port, or 0 for any that is free")]
    Taken(SocketAddr, io::Error),
}

impl Door {
    /// Takes a loopback address. Port 0 takes any that is free: [`Self::url`] says which.
    pub fn open(address: SocketAddr) -> Result<Self, NoDoor> {
        loopback(address)?;
        let taken = |e| NoDoor::Taken(address, e);
        let listener = TcpListener::bind(address).map_err(taken)?;
        listener.set_nonblocking(true).map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        Ok(Self { listener, address })
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

/// Refuses an address that others could reach.
fn loopback(address: SocketAddr) -> Result<SocketAddr, NoDoor> {
    if address.ip().is_loopback() { Ok(address) } else { Err(NoDoor::NotLoopback(address)) }
}

/// The address that somebody typed, if it is one that only this machine can reach.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let address =
        text.parse().map_err(|_| format!("`{text}` is no address and port such as 127.0.0.1:8090"))?;
    loopback(address).map_err(|e| e.to_string())
}

/// The page, being served. Dropped, it ends: those who follow get the rest first.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the suite's thread and the page's share.
#[derive(Debug)]
struct Shared {
    history: Mutex<History>,
    progress: watch::Sender<Progress>,
    followers: Arc<Semaphore>,
}

/// How far the stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    newest: u64,
    over: bool,
}

impl Server {
    /// Serves the page behind `door`.
    pub fn start(door: Door) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            history: Mutex::default(),
            progress: watch::Sender::default(),
            followers: Arc::new(Semaphore::new(FOLLOWERS)),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let theirs = shared.clone();
        let serving = move || {
            // A listener that the runtime does not take serves nobody; the run goes on without a page.
            drop(runtime.block_on(serve::serve(door.listener, theirs)));
        };
        let thread = thread::Builder::new().name("web".into()).spawn(serving)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Tells those who follow what happened.
    pub fn tell(&self, entry: &Entry) {
        self.shared.history.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        let over = matches!(entry.event, Event::RunEnded(_));
        self.shared.progress.send_replace(Progress { newest: entry.id, over });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.progress.send_modify(|progress| progress.over = true);
        if let Some(thread) = self.thread.take() {
            // It panicked: its message is out, and nobody is served any more.
            let _ = thread.join();
        }
    }
}
