//! Datagrams that faults hold back, in the order in which they are due.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::time::Instant;

use super::peer::Peer;
use crate::faults::weather::Direction;

/// All that is held back, soonest first.
#[derive(Default)]
pub(super) struct Delays {
    held: BinaryHeap<Reverse<Delayed>>,
    came: u64,
}

/// A datagram held back. Ordered by when it is due, then by when it came.
pub(super) struct Delayed {
    at: Instant,
    number: u64,
    pub(super) peer: Arc<Peer>,
    pub(super) way: Direction,
    pub(super) address: SocketAddr,
    pub(super) datagram: Vec<u8>,
}

impl PartialEq for Delayed {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Delayed {}

impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl Delays {
    /// Holds a datagram back until `at`.
    pub(super) fn push(
        &mut self,
        at: Instant,
        peer: Arc<Peer>,
        way: Direction,
        address: SocketAddr,
        datagram: Vec<u8>,
    ) {
        self.came += 1;
        self.held.push(Reverse(Delayed { at, number: self.came, peer, way, address, datagram }));
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.held.peek().map(|Reverse(delayed)| delayed.at)
    }

    /// The next one, if it is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Delayed> {
        self.held.peek().filter(|Reverse(delayed)| delayed.at <= now)?;
        self.held.pop().map(|Reverse(delayed)| delayed)
    }
}
