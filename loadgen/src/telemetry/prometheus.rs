//! Metrics for whoever comes to read them: `GET /metrics`, in OpenMetrics or Prometheus's text format.
//!
//! It is served on a thread of its own and made when somebody asks, so that nobody who asks keeps the load waiting. The
//! formats are written by `prometheus-client`; histograms are classic ones.

mod page;
mod text;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

pub use text::{Format, text};

use super::Feed;

/// Where Prometheus may come and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    address: SocketAddr,
}

/// Why there is no such place.
#[derive(Debug, thiserror::Error)]
pub enum NoPlace {
    /// Others could read along, and nobody said that they may.
    #[error(
        "{0} can be reached by others: name a loopback address such as 127.0.0.1:9464, or add --metrics-public where a \
         Prometheus elsewhere is to read"
    )]
    NotLoopback(SocketAddr),
    /// The system refuses.
    #[error("no metrics at {0}: {1}; name another port, or 0 for any that is free")]
    Taken(SocketAddr, io::Error),
}

impl Place {
    /// An address of this machine's alone, unless others may read along.
    pub fn new(address: SocketAddr, public: bool) -> Result<Self, NoPlace> {
        if public || address.ip().is_loopback() {
            Ok(Self { address })
        } else {
            Err(NoPlace::NotLoopback(address))
        }
    }

    /// Takes it. Port 0 takes any that is free: [`Door::url`] says which.
    pub fn open(self) -> Result<Door, NoPlace> {
        let taken = |e| NoPlace::Taken(self.address, e);
        let listener = TcpListener::bind(self.address).map_err(taken)?;
        listener.set_nonblocking(true).map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        Ok(Door { listener, address })
    }
}

/// The place, taken.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

impl Door {
    /// What Prometheus is told to scrape.
    pub fn url(&self) -> String {
        format!("http://{}/metrics", self.address)
    }
}

/// The metrics, being served. Dropped, it ends.
#[derive(Debug)]
pub struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves what `feed` says behind `door`.
    pub fn start(door: Door, feed: Feed) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let local = door.address.ip().is_loopback();
        let serving = move || {
            // A listener that the runtime does not take serves nobody; the run goes on without metrics.
            drop(runtime.block_on(page::serve(door.listener, &feed, local, stopped)));
        };
        let thread = thread::Builder::new().name("metrics".into()).spawn(serving)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It panicked: its message is out, and nobody is served any more.
            let _ = thread.join();
        }
    }
}
