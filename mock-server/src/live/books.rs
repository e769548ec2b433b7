//! What was carried: the books of the media plane, per participant and for the whole process.
//!
//! They can be checked against themselves. Every packet of a published track is *due* at each subscriber of the
//! track; it was *unready* there (no connection, a section it refused, or it belonged to what came before), is
//! still *queued*, was *dropped* by a fault, or went *out*. One that stayed *unwritten* is an error of the SFU's.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// The book of one participant, or of the process.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) packets_in: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) packets_out: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) dropped_up: AtomicU64,
    pub(crate) dropped_down: AtomicU64,
    pub(crate) due: AtomicU64,
    pub(crate) unready: AtomicU64,
    pub(crate) unwritten: AtomicU64,
    pub(crate) queued: AtomicU64,
    pub(crate) resent: AtomicU64,
    pub(crate) nacks: AtomicU64,
    pub(crate) keyframe_requests: AtomicU64,
}

/// A book as it is at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Figures {
    /// RTP packets the SFU took.
    pub(crate) packets_in: u64,
    /// Their bytes, headers of RTP included, of UDP not.
    pub(crate) bytes_in: u64,
    /// RTP packets of tracks that were sent to a subscriber.
    pub(crate) packets_out: u64,
    /// Their bytes.
    pub(crate) bytes_out: u64,
    /// RTP packets a fault dropped on their way to the SFU.
    pub(crate) dropped_up: u64,
    /// RTP packets of tracks a fault dropped on their way to a subscriber.
    pub(crate) dropped_down: u64,
    /// Packets of tracks that were to go to a subscriber.
    pub(crate) due: u64,
    /// Of these, packets that a subscriber could not be sent: not connected, refused, or not of its present source.
    pub(crate) unready: u64,
    /// Of these, packets that a subscriber was ready for and the SFU had no stream for: never right.
    pub(crate) unwritten: u64,
    /// Of these, packets that a fault holds back at the moment.
    pub(crate) queued: u64,
    /// RTP packets sent again because a NACK asked for them.
    pub(crate) resent: u64,
    /// NACKs that subscribers sent.
    pub(crate) nacks: u64,
    /// PLIs and FIRs that subscribers sent.
    pub(crate) keyframe_requests: u64,
}

impl Book {
    /// As it is now.
    pub(crate) fn figures(&self) -> Figures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Figures {
            packets_in: read(&self.packets_in),
            bytes_in: read(&self.bytes_in),
            packets_out: read(&self.packets_out),
            bytes_out: read(&self.bytes_out),
            dropped_up: read(&self.dropped_up),
            dropped_down: read(&self.dropped_down),
            due: read(&self.due),
            unready: read(&self.unready),
            unwritten: read(&self.unwritten),
            queued: read(&self.queued),
            resent: read(&self.resent),
            nacks: read(&self.nacks),
            keyframe_requests: read(&self.keyframe_requests),
        }
    }
}

impl Figures {
    /// Whether every packet that was due is accounted for; one that stayed unwritten is not.
    pub(crate) fn balance(&self) -> bool {
        self.due == self.unready + self.packets_out + self.dropped_down + self.queued
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_balances_unless_it_was_unwritten_or_went_nowhere() {
        let excused: [fn(&Book) -> &AtomicU64; 4] =
            [|book| &book.unready, |book| &book.packets_out, |book| &book.dropped_down, |book| &book.queued];
        for counter in excused {
            let book = Book::default();
            book.due.fetch_add(1, Ordering::Relaxed);
            assert!(!book.figures().balance(), "it went nowhere");
            counter(&book).fetch_add(1, Ordering::Relaxed);
            assert!(book.figures().balance());
        }
        let book = Book::default();
        book.due.fetch_add(1, Ordering::Relaxed);
        book.unwritten.fetch_add(1, Ordering::Relaxed);
        assert!(!book.figures().balance(), "a subscriber that was ready did not get it");
    }
}
