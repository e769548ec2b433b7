//! How a track arrives: what is lost, how evenly it comes, how long it is silent. Pure.

use std::time::Duration;

use engine::clock::Instant;

use super::sequence::{Counts, Sequence};

/// A silence longer than this is a gap that is heard.
const GAP: Duration = Duration::from_millis(200);
/// Timestamps that run away from the clock by more than this are another source's.
const ANOTHER_SOURCE_S: f64 = 10.0;

/// One track as it arrives.
#[derive(Debug)]
pub struct Reception {
    sequence: Sequence,
    /// Ticks of RTP timestamps in a second.
    clock_rate: u32,
    last: Option<Last>,
    /// Seconds; `None` before the second packet.
    jitter_s: Option<f64>,
}

/// The packet that came last.
#[derive(Debug, Clone, Copy)]
struct Last {
    at: Instant,
    timestamp: u32,
}

/// What one packet showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// It was not there before.
    pub fresh: bool,
    /// The silence before it, when it was longer than 200 ms.
    pub gap: Option<Duration>,
    /// It began another sequence: see [`Sequence::begun`].
    pub anew: bool,
}

impl Reception {
    /// A track whose timestamps count so many ticks a second.
    pub fn new(clock_rate: u32) -> Self {
        Self { sequence: Sequence::default(), clock_rate, last: None, jitter_s: None }
    }

    /// Takes a packet.
    pub fn take(&mut self, number: u16, timestamp: u32, at: Instant) -> Arrival {
        let begun = self.sequence.begun();
        if !self.sequence.take(number, at) {
            return Arrival { fresh: false, gap: None, anew: false };
        }
        let anew = begun > 0 && self.sequence.begun() > begun;
        let last = self.last.replace(Last { at, timestamp });
        let gap = last.map(|last| at.saturating_duration_since(last.at)).filter(|silent| *silent > GAP);
        if let Some(last) = last {
            self.smooth(last, Last { at, timestamp });
        }
        Arrival { fresh: true, gap, anew }
    }

    /// RFC 3550, 6.4.1: `D = (R_j - R_i) - (S_j - S_i)`, `J = J + (|D| - J) / 16`.
    fn smooth(&mut self, last: Last, now: Last) {
        let arrived = now.at.saturating_duration_since(last.at).as_secs_f64();
        let ticks = f64::from(now.timestamp.wrapping_sub(last.timestamp).cast_signed());
        let difference = (arrived - ticks / f64::from(self.clock_rate)).abs();
        if difference < ANOTHER_SOURCE_S {
            let jitter = self.jitter_s.unwrap_or_default();
            self.jitter_s = Some(jitter + (difference - jitter) / 16.0);
        }
    }

    /// The track's section carries another source from here on: neither its clock nor its silences go on.
    pub fn switched(&mut self) {
        self.last = None;
    }

    /// Interarrival jitter (RFC 3550, 6.4.1), once there were two packets.
    pub fn jitter(&self) -> Option<Duration> {
        self.jitter_s.map(Duration::from_secs_f64)
    }

    /// The silence from the last packet to the end of the source, when it is longer than 200 ms.
    pub fn silence(&self, ended: Instant) -> Option<Duration> {
        self.last.map(|last| ended.saturating_duration_since(last.at)).filter(|silent| *silent > GAP)
    }

    /// See [`Sequence::settle`]; and the jitter, if any packet came since the last time this was asked.
    pub fn settle(&mut self, since: Instant) -> (Counts, Option<Duration>) {
        let counts = self.sequence.settle(since);
        (counts, self.jitter().filter(|_| counts.received > 0))
    }

    /// See [`Sequence::finish`].
    pub fn finish(&mut self) -> Counts {
        self.sequence.finish()
    }
}
