//! How many connections there are, and how many there may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::Limits;

/// Counts connections and keeps them under their limit. Each holds a permit for as long as its socket is open,
/// a WebSocket included.
#[derive(Debug)]
pub(crate) struct Connections {
    permits: Arc<Semaphore>,
    most: u32,
    accepted: AtomicU64,
    pauses: AtomicU64,
    handshake_failures: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct ConnectionCounts {
    /// Open now (`connections_open`).
    pub(crate) open: u64,
    /// Open at most.
    pub(crate) most: u64,
    /// Accepted so far (`connections_accepted_total`).
    pub(crate) accepted: u64,
    /// How often accepting paused, at the limit or because the system had no more files
    /// (`accept_pauses_total`).
    pub(crate) accept_pauses: u64,
    /// TLS handshakes that failed or took too long (`handshake_failures_total`).
    pub(crate) handshake_failures: u64,
}

impl Connections {
    /// None yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        let most = limits.most_connections();
        Self {
            permits: Arc::new(Semaphore::new(most as usize)),
            most,
            accepted: AtomicU64::new(0),
            pauses: AtomicU64::new(0),
            handshake_failures: AtomicU64::new(0),
        }
    }

    /// Room for the connection that was accepted; waits at the limit until somebody goes.
    pub(super) async fn room(&self) -> OwnedSemaphorePermit {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return permit;
        }
        self.paused();
        tracing::warn!("all {} connections are taken: accepting pauses", self.most);
        Arc::clone(&self.permits).acquire_owned().await.expect("the permits are never closed")
    }

    /// Waits until none is open.
    pub(super) async fn all_gone(&self) {
        // The permits are never closed, so this is only ever the whole number of them.
        drop(self.permits.acquire_many(self.most).await);
    }

    /// Accepting pauses.
    pub(super) fn paused(&self) {
        self.pauses.fetch_add(1, Ordering::Relaxed);
    }

    /// There was no handshake, or not in time.
    pub(super) fn handshake_failed(&self) {
        self.handshake_failures.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts now.
    pub(crate) fn counts(&self) -> ConnectionCounts {
        let most = u64::from(self.most);
        ConnectionCounts {
            open: most.saturating_sub(self.permits.available_permits() as u64),
            most,
            accepted: self.accepted.load(Ordering::Relaxed),
            accept_pauses: self.pauses.load(Ordering::Relaxed),
            handshake_failures: self.handshake_failures.load(Ordering::Relaxed),
        }
    }
}
